//! `logs CONTAINER...`: what it wrote.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use jiff::Timestamp;
use monitor::Stream;
use monitor::log::Entry;
use process::{Command, Error, Result, code};

use crate::options::LogDriver;
use crate::{Engine, Record, times};

/// The verb.
pub const LOGS: Command = Command { name: "logs", about: "Show what one or more containers wrote", define, run };

/// How often somebody who follows looks for more.
const AGAIN: Duration = Duration::from_millis(50);

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let value = |name: &'static str, word: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(word).help(help)
    };
    images::root_argument(command)
        .arg(Arg::new("names").value_name("CONTAINER").num_args(0..).help("Names or ids"))
        .arg(flag("follow", "Go on until it ends").short('f'))
        .arg(flag("latest", "The container that was created last").short('l'))
        .arg(flag("timestamps", "Say when each line was written").short('t'))
        .arg(flag("names-shown", "Say which container wrote it").long("names").short('n'))
        .arg(flag("color", "Nothing: there are no colours"))
        .arg(
            value("tail", "LINES", "Only the last lines; -1 is all of them")
                .allow_negative_numbers(true)
                .value_parser(value_parser!(i64))
                .default_value("-1"),
        )
        .arg(value("since", "TIME", "Only what was written after it: a time, or how long ago"))
        .arg(value("until", "TIME", "Only what was written before it"))
}

/// What of a log is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Go on until the container ends.
    pub follow: bool,
    /// Only so many lines, the last ones.
    pub tail: Option<usize>,
    /// Only what was written after it.
    pub since: Option<Timestamp>,
    /// Only what was written before it.
    pub until: Option<Timestamp>,
    /// Whoever follows has left.
    pub left: Option<Arc<AtomicBool>>,
}

impl Wanted {
    /// Whether to go on.
    pub(crate) fn follows(&self) -> bool {
        self.follow && !self.left.as_ref().is_some_and(|left| left.load(Ordering::Relaxed))
    }
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let time = |name: &str| matches.get_one::<String>(name).map(|text| times::parse(text)).transpose();
    let wanted = Wanted {
        follow: matches.get_flag("follow"),
        tail: matches.get_one::<i64>("tail").and_then(|lines| usize::try_from(*lines).ok()),
        since: time("since")?,
        until: time("until")?,
        left: None,
    };
    let mut records: Vec<Record> = Vec::new();
    for name in matches.get_many::<String>("names").into_iter().flatten() {
        records.push(engine.find(name)?);
    }
    if matches.get_flag("latest") {
        records.extend(engine.list()?.into_iter().next());
    }
    if records.is_empty() {
        return Err(Error::new("no container names or ids specified").code(code::WRONG_COUNT));
    }
    let many = records.len() > 1 || matches.get_flag("names-shown");
    let stamps = matches.get_flag("timestamps");
    for record in &records {
        let name = if matches.get_flag("names-shown") { &record.name } else { record.short() };
        let prefix = if many { format!("{name} ") } else { String::new() };
        engine.logs(record, &wanted, &mut |entry| show(out, entry, &prefix, stamps))?;
    }
    Ok(0)
}

fn show(out: &mut dyn Write, entry: &Entry, prefix: &str, stamps: bool) -> Result<()> {
    let stamp = if stamps { format!("{} ", entry.stamp) } else { String::new() };
    let mut line = [prefix.as_bytes(), stamp.as_bytes(), &entry.text].concat();
    if entry.whole {
        line.push(b'\n');
    }
    let written = match entry.stream {
        Stream::Output => out.write_all(&line).and_then(|()| out.flush()),
        Stream::Errors => std::io::stderr().write_all(&line),
    };
    written.map_err(|error| Error::os("write to standard output", error))
}

impl Engine {
    /// What the container wrote, line by line.
    ///
    /// # Errors
    /// When there is no log, or those of `show`.
    pub fn logs(&self, record: &Record, wanted: &Wanted, show: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        match record.options.log.driver {
            LogDriver::K8sFile => self.follow_file(record, wanted, show),
            LogDriver::Journald => crate::journal::logs(self, record, wanted, show),
            driver => {
                Err(Error::new(format!("this container is using the '{}' log driver, cannot read logs", driver.name()))
                    .code(code::NO_LOGS)
                    .hint("start it with --log-driver k8s-file to keep what it writes"))
            }
        }
    }

    /// The file of the container's log.
    #[must_use]
    pub fn log_file(&self, record: &Record) -> PathBuf {
        let own = || self.state().container(&record.id).join("ctr.log");
        record.options.log.path.as_ref().map_or_else(own, PathBuf::from)
    }

    // ANCHOR: follow
    fn follow_file(&self, record: &Record, wanted: &Wanted, show: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        let path = self.log_file(record);
        let failed = |error| Error::os(format!("read the log {}", path.display()), error);
        let mut file = loop {
            match File::open(&path) {
                Ok(file) => break BufReader::new(file),
                // It has not run yet.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    if !wanted.follows() || !self.state().is_running(&record.id) {
                        return Ok(());
                    }
                    std::thread::sleep(AGAIN);
                }
                Err(error) => return Err(failed(error)),
            }
        };
        let fits = |entry: &Entry| {
            wanted.since.is_none_or(|since| entry.time >= since) && wanted.until.is_none_or(|until| entry.time <= until)
        };
        let mut last = std::collections::VecDeque::new();
        let mut begun = Vec::new();
        // What is there already; then, for who follows, what comes.
        while let Some(entry) = next(&mut file, &mut begun).map_err(failed)? {
            if !fits(&entry) {
                continue;
            }
            match wanted.tail {
                None => show(&entry)?,
                Some(lines) => {
                    last.push_back(entry);
                    if last.iter().filter(|entry: &&Entry| entry.whole).count() > lines {
                        last.pop_front();
                    }
                }
            }
        }
        last.iter().skip_while(|_| wanted.tail == Some(0)).try_for_each(&mut *show)?;
        while wanted.follows() {
            // First whether it runs, then what it wrote: nothing that it wrote at its end is missed.
            let runs = self.state().is_running(&record.id);
            while let Some(entry) = next(&mut file, &mut begun).map_err(failed)? {
                if fits(&entry) {
                    show(&entry)?;
                }
            }
            if !runs || wanted.until.is_some_and(|until| Timestamp::now() > until) {
                break;
            }
            std::thread::sleep(AGAIN);
            begin_anew(&mut file).map_err(failed)?;
        }
        Ok(())
    }
    // ANCHOR_END: follow
}

/// The next line that is complete.
fn next(file: &mut BufReader<File>, begun: &mut Vec<u8>) -> std::io::Result<Option<Entry>> {
    loop {
        file.read_until(b'\n', begun)?;
        let Some(line) = begun.strip_suffix(b"\n") else { return Ok(None) };
        let entry = Entry::parse(line);
        begun.clear();
        if entry.is_some() {
            return Ok(entry);
        }
    }
}

/// A log with a limit was cut.
fn begin_anew(file: &mut BufReader<File>) -> std::io::Result<()> {
    if file.get_ref().metadata()?.len() < file.stream_position()? {
        file.rewind()?;
    }
    // An end of file is only so for now.
    let _ = file.by_ref();
    Ok(())
}

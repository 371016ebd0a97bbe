//! A log that is in systemd's journal is read by systemd's own program.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use monitor::Stream;
use monitor::log::Entry;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::{Error, Result, code};
use serde_json::Value;

use crate::logs::Wanted;
use crate::{Engine, Record};

/// What the container wrote, line by line.
pub(crate) fn logs(
    engine: &Engine,
    record: &Record,
    wanted: &Wanted,
    show: &mut dyn FnMut(&Entry) -> Result<()>,
) -> Result<()> {
    let failed = |error| {
        Error::os("start journalctl", error)
            .code(code::NO_JOURNAL)
            .hint("this container's output is in the journal, which systemd's journalctl reads")
    };
    let mut command = Command::new("journalctl");
    command.args(["--quiet", "--output=json", "--all"]).arg(format!("CONTAINER_ID_FULL={}", record.id));
    if let Some(lines) = wanted.tail {
        command.arg(format!("--lines={lines}"));
    } else {
        command.arg("--no-tail");
    }
    if wanted.follow {
        command.arg("--follow");
    }
    let second = |time: Timestamp| format!("@{}", time.as_second());
    command.args(wanted.since.map(|time| format!("--since={}", second(time))));
    command.args(wanted.until.map(|time| format!("--until={}", second(time))));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let ended = wanted.follow.then(|| end_with(engine.clone(), record.clone(), child.id()));
    let lines = child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines());
    for line in lines {
        let line = line.map_err(|error| Error::os("read the journal", error))?;
        if let Some(entry) = serde_json::from_str(&line).ok().as_ref().and_then(entry) {
            show(&entry)?;
        }
    }
    let status = child.wait().map_err(|error| Error::os("wait for journalctl", error))?;
    match status.success() || ended.is_some() {
        true => Ok(()),
        false => Err(Error::new(format!("journalctl ended with {status}")).code(code::NO_JOURNAL)),
    }
}

/// The journal does not know that a container has ended, and journalctl would follow it for ever.
fn end_with(engine: Engine, record: Record, journalctl: u32) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let _ = engine.wait(&record);
        // What it wrote last is on its way.
        std::thread::sleep(Duration::from_millis(300));
        let _ = kill(Pid::from_raw(journalctl.cast_signed()), Signal::SIGTERM);
    })
}

fn entry(line: &Value) -> Option<Entry> {
    let microseconds: i64 = line["__REALTIME_TIMESTAMP"].as_str()?.parse().ok()?;
    let time = Timestamp::from_microsecond(microseconds).ok()?;
    let text = match &line["MESSAGE"] {
        Value::String(text) => text.clone().into_bytes(),
        // What is no text comes as its bytes.
        Value::Array(bytes) => bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect(),
        _ => return None,
    };
    let stream = if line["PRIORITY"] == "3" { Stream::Errors } else { Stream::Output };
    Some(Entry { time, stamp: time.to_string(), stream, whole: line["CONTAINER_PARTIAL_MESSAGE"].is_null(), text })
}

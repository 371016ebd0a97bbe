//! `stop CONTAINER...`, `restart CONTAINER...`, `kill CONTAINER...`.

use std::io::Write;
use std::time::Duration;

use clap::{Arg, ArgMatches, value_parser};
use process::{Command, Error, Result, code};

use crate::{Engine, names_of, signal};

/// The verb.
pub const STOP: Command = Command { name: "stop", about: "Stop one or more containers", define: timed, run: stop };
/// The verb.
pub const RESTART: Command =
    Command { name: "restart", about: "Restart one or more containers", define: timed, run: restart };
/// The verb.
pub const KILL: Command =
    Command { name: "kill", about: "Send one or more running containers a signal", define: signalled, run: kill };

fn timed(command: clap::Command) -> clap::Command {
    let time = Arg::new("time").short('t').long("time").visible_alias("timeout").value_name("SECONDS");
    let time = time.value_parser(value_parser!(i64)).allow_negative_numbers(true);
    names_of::arguments(command, "All running containers").arg(time.help("How long to wait before it is killed"))
}

fn signalled(command: clap::Command) -> clap::Command {
    let signal = Arg::new("signal").short('s').long("signal").value_name("SIGNAL").default_value("KILL");
    names_of::arguments(command, "All running containers").arg(signal.help("Which one, by name or number"))
}

/// The time of the command line; a negative one is for ever.
pub(crate) fn time(matches: &ArgMatches) -> Option<Duration> {
    let seconds = matches.get_one::<i64>("time")?;
    Some(u64::try_from(*seconds).map_or(Duration::MAX, Duration::from_secs).min(Duration::from_secs(u32::MAX.into())))
}

fn stop(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let timeout = time(matches);
    let running = |record: &crate::Record| engine.state().is_running(&record.id);
    names_of::each(names_of::select(&engine, matches, running)?, out, |record| engine.stop(record, timeout).map(drop))
}

fn restart(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let timeout = time(matches);
    names_of::each(names_of::select(&engine, matches, |_| true)?, out, |record| {
        engine.stop(record, timeout)?;
        engine.start(record)?;
        engine.event("restart", record, &[]);
        Ok(())
    })
}

fn kill(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let number = matches.get_one::<String>("signal").map_or(Ok(9), |text| signal::parse(text))?;
    let running = |record: &crate::Record| engine.state().is_running(&record.id);
    let asked = names_of::select(&engine, matches, running)?;
    if asked.is_empty() && !matches.get_flag("all") && !matches.get_flag("ignore") {
        return Err(Error::new("you must provide at least one name or id").code(code::WRONG_COUNT));
    }
    names_of::each(asked, out, |record| engine.kill(record, number))
}

//! `pause ID`, `resume ID`: a container's processes stand still, and go on.

use std::io::Write;

use cgroups::Cgroup;
use clap::ArgMatches;
use process::{Command, Error, Result, code};

use crate::globals;
use crate::options::{self, given_id};
use crate::record::Status;
use crate::store::Store;

/// The verb.
pub const PAUSE: Command =
    Command { name: "pause", about: "Let all processes of a container stand still", define: options::id, run: pause };
/// The verb.
pub const RESUME: Command = Command { name: "resume", about: "Let them go on", define: options::id, run: resume };

fn pause(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(change(given_id(matches), "pause", &[Status::Created, Status::Running], Cgroup::freeze))
}

fn resume(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(change(given_id(matches), "resume", &[Status::Paused], Cgroup::thaw))
}

fn change(id: &str, what: &str, wanted: &[Status], change: fn(&Cgroup) -> Result<()>) -> Result<u8> {
    let locked = Store::open()?.place(id)?.lock()?;
    let record = locked.place().read()?;
    record.status(locked.place()).demand(wanted, what, id)?;
    let cgroup = record.cgroup().ok_or_else(|| {
        Error::new(format!("cannot {what} container {id}: it has no cgroup of its own"))
            .code(code::NO_DELEGATION)
            .hint("this needs cgroup v2, and linux.cgroupsPath or a limit in the container's configuration")
    })?;
    change(&cgroup)?;
    Ok(0)
}

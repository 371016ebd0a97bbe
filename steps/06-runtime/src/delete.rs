//! `delete [--force] ID`.

use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use nix::unistd::getpid;
use process::{Command, Error, Result, code};
use rootfs::{kernel, table};

use crate::inside::list;
use crate::options::{self, given_id};
use crate::record::{Record, Status};
use crate::store::{Locked, Place, Store};
use crate::{globals, hooks, resctrl};

/// The verb.
pub const DELETE: Command = Command { name: "delete", about: "Delete a container", define, run };

/// How long a process may take to die.
const PATIENCE: Duration = Duration::from_secs(10);

fn define(command: clap::Command) -> clap::Command {
    options::id(command).arg(options::flag("force", "Kill it first; one that is not there is no error").short('f'))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(delete(given_id(matches), matches.get_flag("force")))
}

fn delete(id: &str, force: bool) -> Result<u8> {
    let place = Store::open()?.place(id)?;
    if force && !place.is_there() {
        return Ok(0);
    }
    remove(place.lock()?, force)?;
    Ok(0)
}

/// Removes all that is left of a container.
// ANCHOR: remove
pub(crate) fn remove(locked: Locked, force: bool) -> Result<()> {
    let mut record = locked.place().read()?;
    let status = record.status(locked.place());
    if !force {
        // One that was never begun may be deleted, as by runc, crun and youki: engines do so when they fail on the way.
        status.demand(&[Status::Stopped, Status::Created], "delete", &record.id)?;
    }
    if status != Status::Stopped {
        record = kill(locked.place(), record)?;
    }
    let (bundle, state) = (record.bundle.clone(), record.state(Status::Stopped));
    // With whoever is left in it: its first process was not alone perhaps.
    let gone = record.cgroup().map_or(Ok(()), cgroups::Cgroup::remove);
    let unmounted = record.mounted.as_ref().map_or(Ok(()), |(root, before)| unmount(root, *before));
    resctrl::remove(&record.shares);
    // Only the record knows what is mounted on the host: it stays as long as that does.
    unmounted?;
    gone.and(locked.remove())?;
    // Where nothing was begun, nothing has stopped.
    if record.init.is_some() {
        hooks::run_all("poststop", list(record.hooks.poststop()), &state, &bundle);
    }
    Ok(())
}
// ANCHOR_END: remove

/// Takes away what was mounted for a container without a mount namespace, and not what was there before.
fn unmount(root: &Path, before: usize) -> Result<()> {
    while table::depth(root)? > before {
        kernel::take_away(root).map_err(|errno| Error::os(format!("unmount {}", root.display()), errno))?;
    }
    Ok(())
}

/// Kills whoever makes it, or else its first process, until it has stopped.
// ANCHOR: kill
fn kill(place: &Place, mut record: Record) -> Result<Record> {
    const KILL: u32 = nix::libc::SIGKILL.cast_unsigned();
    let end = Instant::now() + PATIENCE;
    loop {
        let target = match record.status(place) {
            Status::Stopped => return Ok(record),
            Status::Creating => record.creator,
            _ => record.init,
        };
        // We ourselves, when what we have begun has failed.
        if target.is_some_and(|who| who.pid == getpid().as_raw()) {
            return Ok(record);
        }
        target.map(|who| who.signal(KILL));
        if Instant::now() > end {
            return Err(Error::new(format!("container {} does not end", record.id)).code(code::DOES_NOT_END));
        }
        sleep(Duration::from_millis(1));
        // Who made it may have come further meanwhile.
        record = place.read()?;
    }
}
// ANCHOR_END: kill

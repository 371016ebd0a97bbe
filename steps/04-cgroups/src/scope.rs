//! A place from systemd: a scope unit, made over D-Bus for processes that run already.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use process::{Error, Result, code};
use zvariant::{OwnedObjectPath, Value};

use crate::bus::{Bus, Call};
use crate::hierarchy::{self, ROOT};

/// systemd's object, org.freedesktop.systemd1(5).
const MANAGER: Call<'static> = Call {
    destination: "org.freedesktop.systemd1",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "StartTransientUnit",
};

/// How long the former scope of a container may stay.
const PATIENCE: Duration = Duration::from_secs(5);

/// Has systemd move processes into a new scope that is ours to divide, and returns its directory.
pub(crate) fn make(name: &str, slice: Option<&str>, pids: &[Pid]) -> Result<PathBuf> {
    let (mut bus, end) = (Bus::ours()?, Instant::now() + PATIENCE);
    // The one of this container's former life: systemd takes a moment to see that nobody is in it any more.
    while let Err(error) = start(&mut bus, name, slice, pids) {
        if !bus.has_refused_by("org.freedesktop.systemd1.UnitExists") || Instant::now() > end {
            return Err(error);
        }
        sleep(Duration::from_millis(10));
    }
    hierarchy::of(Path::new(ROOT), pids.first().copied())
        .filter(|dir| dir.file_name().is_some_and(|found| *found == *name))
        .ok_or_else(|| {
            Error::new(format!("systemd has made {name}, but the process is not in it")).code(code::NO_SYSTEMD)
        })
}

/// Has systemd start a scope for processes, and waits until they are in it.
pub(crate) fn start(bus: &mut Bus, name: &str, slice: Option<&str>, pids: &[Pid]) -> Result<()> {
    let usual = if namespaces::itself::caller() == 0 { "machine.slice" } else { "user.slice" };
    // ANCHOR: scope
    let numbers: Vec<u32> = pids.iter().filter_map(|pid| pid.as_raw().try_into().ok()).collect();
    let properties = vec![
        ("Description", Value::from("A container of podling's")),
        ("Slice", Value::from(slice.unwrap_or(usual))),
        ("PIDs", Value::from(numbers)),
        ("Delegate", Value::from(true)),
        // The limits are set in it; none of systemd's own on top.
        ("TasksMax", Value::from(u64::MAX)),
        // Nothing to look at when it is over.
        ("CollectMode", Value::from("inactive-or-failed")),
    ];
    let others: Vec<(&str, Vec<(&str, Value<'_>)>)> = Vec::new();
    let job: OwnedObjectPath = bus.call(&MANAGER, &(name, "fail", properties, others))?;
    bus.wait_for_job(&MANAGER, &job)
    // ANCHOR_END: scope
}

/// Has systemd move a process into a cgroup `below` a unit of ours that is delegated.
pub(crate) fn attach(bus: &mut Bus, unit: &str, below: &str, pid: Pid) -> Result<()> {
    let pids: Vec<u32> = pid.as_raw().try_into().into_iter().collect();
    bus.call(&Call { member: "AttachProcessesToUnit", ..MANAGER }, &(unit, below, pids))
}

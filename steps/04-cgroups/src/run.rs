//! `run --rootfs DIR --memory SIZE COMMAND`: limited.

use std::cell::RefCell;
use std::io::Write;

use clap::ArgMatches;
use namespaces::{Namespaces, Space};
use nix::sched::CloneFlags;
use nix::unistd::getpid;
use process::{Command, Error, Result, Start, Stdio, code};
use rootfs::arrange;

use crate::{Cgroup, Limits, OwnNamespace, Place, Placement};

/// The verb.
pub const RUN: Command = Command { name: "run", about: "Run a program within limits", define: arguments, run };

/// Adds what `run` has from this step on.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    rootfs::run::arguments(crate::arguments(command))
}

// ANCHOR: run
fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let (limits, placement) = (Limits::from_arguments(matches)?, Placement::from_arguments(matches)?);
    if !matches!(placement.namespace, Space::Private | Space::Host) {
        return Err(Error::new(format!("--cgroupns={}: that takes an engine", placement.namespace.name()))
            .code(code::NOT_THERE_YET));
    }
    limits.notices().iter().for_each(|notice| eprintln!("{notice}"));
    let mut rootfs = rootfs::run::from_arguments(matches)?;
    rootfs.mounts = arrange(rootfs.mounts, placement.mount().into_iter().collect());
    let (Namespaces { users, others }, hostname) = namespaces::run::from_arguments(matches)?;
    // The kernel would take the caller's cgroup for the root of the new namespace. So it makes that namespace itself,
    // when it is where that root is to be.
    let namespaces = Namespaces { users, others: others - CloneFlags::CLONE_NEWCGROUP };
    let setup = (placement.own_namespace().then_some(OwnNamespace), (hostname, rootfs));
    let place = Place::make(&getpid().to_string(), &limits, &placement)?;
    let cgroup = RefCell::new(place.cgroup().cloned());
    let status = namespaces.with(&process::run::program(matches), &setup, |start| {
        let parent = |pid| {
            start.parent.map_or(Ok(()), |map_ids| map_ids(pid))?;
            *cgroup.borrow_mut() = place.settle(pid)?;
            Ok(())
        };
        Stdio::from_arguments(matches).run(&Start { parent: Some(&parent), cgroup: place.directory(), ..*start })
    });
    let removed = cgroup.take().map_or(Ok(()), Cgroup::remove);
    status.and_then(|status| removed.map(|()| status))
}
// ANCHOR_END: run

//! What every container finds mounted.

use crate::Mount;

/// The mounts of every container, in order, as Podman's: `/proc`, `/dev` and what is in it, `/sys`.
///
/// A sysfs shows the network namespace of who mounts it, and only that namespace's owner may: with the host's
/// network it has to be the host's `/sys`, all of it read-only.
#[must_use]
pub fn default_mounts(host_network: bool) -> Vec<Mount> {
    vec![
        Mount::new("proc", "/proc", "nosuid,noexec,nodev"),
        // What is in /dev comes after /dev: a mount hides what was mounted below its place before.
        Mount::new("tmpfs", "/dev", "nosuid,noexec,strictatime,mode=755,size=65536k"),
        Mount::new("devpts", "/dev/pts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"),
        Mount::new("tmpfs", "/dev/shm", "nosuid,noexec,nodev,mode=1777,size=65536k"),
        Mount::new("mqueue", "/dev/mqueue", "nosuid,noexec,nodev"),
        match host_network {
            true => Mount::bind("/sys", "/sys", "rbind,rprivate,nosuid,noexec,nodev,rro"),
            false => Mount::new("sysfs", "/sys", "nosuid,noexec,nodev,ro"),
        },
    ]
}

/// Adds the user's mounts to the default ones: they replace those with the same destination, and a directory
/// comes before what is in it, in whatever order they were asked for.
#[must_use]
pub fn arrange(mut defaults: Vec<Mount>, own: Vec<Mount>) -> Vec<Mount> {
    defaults.retain(|known| own.iter().all(|mount| mount.destination != known.destination));
    defaults.extend(own);
    defaults.sort_by_key(|mount| mount.destination.components().count());
    defaults
}

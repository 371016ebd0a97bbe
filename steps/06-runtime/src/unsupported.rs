//! What this runtime cannot do yet. A container that silently lacks what was asked for is worse than none.

use oci_spec::runtime::{LinuxNamespaceType, LinuxResources, Spec};
use process::{Error, Result};

/// Refuses a configuration that asks for it.
pub(crate) fn refuse(spec: &Spec) -> Result<()> {
    match found(spec) {
        None => Ok(()),
        Some(what) => Err(Error::new(format!("{what} in the container's configuration: not supported yet"))),
    }
}

fn found(spec: &Spec) -> Option<&'static str> {
    let linux = spec.linux().as_ref();
    let namespaces = || linux.into_iter().flat_map(|linux| linux.namespaces().iter().flatten());
    let process = spec.process().as_ref();
    let some = |present: bool, name| present.then_some(name);
    some(spec.hooks().is_some(), "hooks")
        .or(some(spec.domainname().is_some(), "domainname"))
        .or(some(namespaces().any(|namespace| namespace.path().is_some()), "a namespace to join"))
        .or(some(namespaces().any(|namespace| namespace.typ() == LinuxNamespaceType::Time), "a time namespace"))
        .or(some(process.is_some_and(|process| process.selinux_label().is_some()), "process.selinuxLabel"))
        .or(some(process.is_some_and(|process| process.apparmor_profile().is_some()), "process.apparmorProfile"))
        .or(some(process.is_some_and(|process| process.scheduler().is_some()), "process.scheduler"))
        .or(linux.and_then(|linux| {
            some(linux.sysctl().as_ref().is_some_and(|list| !list.is_empty()), "linux.sysctl")
                .or(some(linux.devices().as_ref().is_some_and(|list| !list.is_empty()), "linux.devices"))
                .or(some(linux.rootfs_propagation().is_some(), "linux.rootfsPropagation"))
                .or(some(linux.intel_rdt().is_some(), "linux.intelRdt"))
                .or(some(linux.personality().is_some(), "linux.personality"))
                .or(some(linux.mount_label().is_some(), "linux.mountLabel"))
                .or(some(linux.time_offsets().is_some(), "linux.timeOffsets"))
                .or(some(linux.resources().as_ref().is_some_and(limits), "linux.resources"))
        }))
}

/// Limits need a cgroup. Rules about devices do not count: nobody can make a device node in a user namespace.
fn limits(resources: &LinuxResources) -> bool {
    resources.memory().is_some()
        || resources.cpu().is_some()
        || resources.pids().is_some()
        || resources.block_io().is_some()
        || resources.hugepage_limits().as_ref().is_some_and(|list| !list.is_empty())
        || resources.network().is_some()
        || resources.rdma().is_some()
        || resources.unified().is_some()
}

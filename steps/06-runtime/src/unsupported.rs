//! What this runtime cannot do yet. A container that silently lacks what was asked for is worse than none.

use oci_spec::runtime::{Linux, LinuxNamespaceType, LinuxResources, Process, Spec};
use process::{Error, Result, code};

/// Refuses a configuration that asks for what nobody here can do.
// ANCHOR: refuse
pub(crate) fn refuse(spec: &Spec) -> Result<()> {
    let process = spec.process().as_ref().and_then(of_process);
    answer(of_spec(spec).or(process))?;
    let resources = spec.linux().as_ref().and_then(|linux| linux.resources().as_ref());
    resources.map_or(Ok(()), refuse_limits)
}
// ANCHOR_END: refuse

/// Refuses what a [`crate::Container`] alone, without the verbs of this step around it, cannot do.
pub(crate) fn refuse_surroundings(spec: &Spec) -> Result<()> {
    let linux = spec.linux().as_ref();
    let resources = linux.and_then(|linux| linux.resources().as_ref());
    let of = |ask: fn(&Linux) -> bool| linux.is_some_and(ask);
    let of_process = |ask: fn(&Process) -> bool| spec.process().as_ref().is_some_and(ask);
    let namespaces = || linux.and_then(|linux| linux.namespaces().as_ref()).into_iter().flatten();
    let owns_users = namespaces().any(|namespace| namespace.typ() == LinuxNamespaceType::User);
    answer(first(&[
        (spec.hooks().is_some(), "hooks"),
        (spec.domainname().is_some(), "domainname"),
        (of_process(|process| process.oom_score_adj().is_some()), "process.oomScoreAdj"),
        (namespaces().any(|namespace| namespace.path().is_some()), "a namespace to join"),
        (of(|linux| linux.devices().as_ref().is_some_and(|list| !list.is_empty())), "linux.devices"),
        (
            of(|linux| linux.mount_label().is_some()) && !confinement::label::enabled(),
            "linux.mountLabel without SELinux",
        ),
        (!namespaces().any(|namespace| namespace.typ() == LinuxNamespaceType::Mount), "no mount namespace"),
        (of(|linux| linux.cgroups_path().is_some()), "linux.cgroupsPath"),
        (resources.is_some_and(limits), "linux.resources"),
        (!owns_users && resources.is_some_and(devices), "linux.resources.devices without a user namespace"),
        (of(|linux| linux.rootfs_propagation().is_some()), "linux.rootfsPropagation"),
        (namespaces().any(|namespace| namespace.typ() == LinuxNamespaceType::Time), "a time namespace"),
        (of(|linux| linux.time_offsets().is_some()), "linux.timeOffsets"),
        (of(|linux| linux.net_devices().as_ref().is_some_and(|list| !list.is_empty())), "linux.netDevices"),
        (of(|linux| linux.intel_rdt().is_some()), "linux.intelRdt"),
        (of(|linux| linux.memory_policy().is_some()), "linux.memoryPolicy"),
        (of(|linux| linux.personality().is_some()), "linux.personality"),
        (of_process(|process| process.scheduler().is_some()), "process.scheduler"),
        (of_process(|process| process.io_priority().is_some()), "process.ioPriority"),
    ]))
}

/// Refuses limits that only cgroup v1 had.
///
/// # Errors
/// Which one it is.
pub(crate) fn refuse_limits(resources: &LinuxResources) -> Result<()> {
    let memory = resources.memory().as_ref();
    let cpu = resources.cpu().as_ref();
    let disks = resources.block_io().as_ref();
    let is_set = |number: Option<i64>| number.is_some_and(|number| number != 0);
    let asked = first(&[
        (resources.network().is_some(), "network"),
        (memory.is_some_and(|memory| memory.swappiness().is_some()), "memory.swappiness"),
        (memory.is_some_and(|memory| memory.disable_oom_killer() == Some(true)), "memory.disableOOMKiller"),
        (memory.is_some_and(|memory| is_set(memory.kernel_tcp())), "memory.kernelTCP"),
        (cpu.is_some_and(|cpu| is_set(cpu.realtime_runtime())), "cpu.realtimeRuntime"),
        (cpu.is_some_and(|cpu| cpu.realtime_period().is_some_and(|period| period != 0)), "cpu.realtimePeriod"),
        (disks.is_some_and(|disks| disks.leaf_weight().is_some_and(|weight| weight != 0)), "blockIO.leafWeight"),
    ]);
    asked.map_or(Ok(()), |what| {
        Err(Error::new(format!("linux.resources.{what}: cgroup v2 has no such limit"))
            .code(code::CONFIGURATION_NOT_DONE))
    })
}

fn answer(what: Option<&str>) -> Result<()> {
    match what {
        None => Ok(()),
        Some(what) => Err(Error::new(format!("{what} in the container's configuration: not supported yet"))
            .code(code::CONFIGURATION_NOT_DONE)),
    }
}

fn first(asked: &[(bool, &'static str)]) -> Option<&'static str> {
    asked.iter().find(|(present, _)| *present).map(|(_, name)| *name)
}

fn of_spec(spec: &Spec) -> Option<&'static str> {
    first(&[
        // Within a major version all documents are compatible (runtime-spec, config.md).
        (!spec.version().starts_with("1."), "another ociVersion than 1"),
    ])
}

fn of_process(process: &Process) -> Option<&'static str> {
    first(&[(
        process.selinux_label().is_some() && !confinement::label::enabled(),
        "process.selinuxLabel without SELinux",
    )])
}

/// Limits need a cgroup.
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

/// Rules about devices need one as well. In a user namespace they do not matter: nobody can make a device node there.
fn devices(resources: &LinuxResources) -> bool {
    resources.devices().as_ref().is_some_and(|rules| !rules.is_empty())
}

//! From `process.scheduler`, `process.ioPriority`, `linux.memoryPolicy` and `linux.personality` to what step 05 has
//! (runtime-spec, config.md, "Linux Process", and config-linux.md).

use confinement::{IoPriority, MemoryPolicy, Scheduler, Standing};
use nix::libc;
use oci_spec::runtime::{
    IOPriorityClass, Linux, LinuxIOPriority, LinuxMemoryPolicy, LinuxPersonality, LinuxPersonalityDomain,
    LinuxSchedulerFlag, LinuxSchedulerPolicy, MemoryPolicyFlagType, MemoryPolicyModeType, Process,
};
use process::{Error, Result, code};

use crate::ranges;

/// Numbers of linux/mempolicy.h that the libc crate has not.
const MPOL_PREFERRED_MANY: libc::c_int = 5;
const MPOL_WEIGHTED_INTERLEAVE: libc::c_int = 6;

/// What the document says of it.
///
/// # Errors
/// A value that none of the kernel's calls has.
pub(crate) fn standing(process: &Process, linux: &Linux) -> Result<Standing> {
    Ok(Standing {
        scheduler: process.scheduler().as_ref().map(scheduler).transpose()?,
        io: process.io_priority().as_ref().map(io).transpose()?,
        memory: linux.memory_policy().as_ref().map(memory).transpose()?,
        personality: linux.personality().as_ref().map(personality).transpose()?,
    })
}

// ANCHOR: scheduler
fn scheduler(asked: &oci_spec::runtime::Scheduler) -> Result<Scheduler> {
    let policy = match asked.policy() {
        LinuxSchedulerPolicy::SchedOther => libc::SCHED_OTHER,
        LinuxSchedulerPolicy::SchedFifo => libc::SCHED_FIFO,
        LinuxSchedulerPolicy::SchedRr => libc::SCHED_RR,
        LinuxSchedulerPolicy::SchedBatch => libc::SCHED_BATCH,
        LinuxSchedulerPolicy::SchedIdle => libc::SCHED_IDLE,
        LinuxSchedulerPolicy::SchedDeadline => libc::SCHED_DEADLINE,
        // Reserved, and in no kernel.
        LinuxSchedulerPolicy::SchedIso => {
            return Err(Error::new("process.scheduler: Linux has no SCHED_ISO").code(code::BAD_CONFIGURATION));
        }
    };
    let flag = |flag: &LinuxSchedulerFlag| match flag {
        LinuxSchedulerFlag::SchedResetOnFork => 0x01,
        LinuxSchedulerFlag::SchedFlagReclaim => 0x02,
        LinuxSchedulerFlag::SchedFlagDLOverrun => 0x04,
        LinuxSchedulerFlag::SchedFlagKeepPolicy => 0x08,
        LinuxSchedulerFlag::SchedFlagKeepParams => 0x10,
        LinuxSchedulerFlag::SchedFlagUtilClampMin => 0x20,
        LinuxSchedulerFlag::SchedFlagUtilClampMax => 0x40,
    };
    let negative = |_| Error::new("process.scheduler.priority is less than 0").code(code::BAD_CONFIGURATION);
    Ok(Scheduler {
        policy: policy.cast_unsigned(),
        flags: asked.flags().iter().flatten().fold(0, |all, one| all | flag(one)),
        nice: asked.nice().unwrap_or(0),
        priority: u32::try_from(asked.priority().unwrap_or(0)).map_err(negative)?,
        runtime: asked.runtime().unwrap_or(0),
        deadline: asked.deadline().unwrap_or(0),
        period: asked.period().unwrap_or(0),
    })
}
// ANCHOR_END: scheduler

fn io(asked: &LinuxIOPriority) -> Result<IoPriority> {
    let class = match asked.class() {
        IOPriorityClass::IoprioClassRt => 1,
        IOPriorityClass::IoprioClassBe => 2,
        IOPriorityClass::IoprioClassIdle => 3,
    };
    let level = u8::try_from(asked.priority()).ok().filter(|level| *level < 8);
    let wrong = || {
        Error::new(format!("process.ioPriority.priority is {}: it is 0 to 7", asked.priority()))
            .code(code::BAD_CONFIGURATION)
    };
    Ok(IoPriority { class, level: level.ok_or_else(wrong)? })
}

fn memory(asked: &LinuxMemoryPolicy) -> Result<MemoryPolicy> {
    let mode = match asked.mode() {
        MemoryPolicyModeType::MpolDefault => libc::MPOL_DEFAULT,
        MemoryPolicyModeType::MpolPreferred => libc::MPOL_PREFERRED,
        MemoryPolicyModeType::MpolBind => libc::MPOL_BIND,
        MemoryPolicyModeType::MpolInterleave => libc::MPOL_INTERLEAVE,
        MemoryPolicyModeType::MpolLocal => libc::MPOL_LOCAL,
        MemoryPolicyModeType::MpolPreferredMany => MPOL_PREFERRED_MANY,
        MemoryPolicyModeType::MpolWeightedInterleave => MPOL_WEIGHTED_INTERLEAVE,
    };
    let flag = |flag: &MemoryPolicyFlagType| match flag {
        MemoryPolicyFlagType::MpolFNumaBalancing => libc::MPOL_F_NUMA_BALANCING,
        MemoryPolicyFlagType::MpolFRelativeNodes => libc::MPOL_F_RELATIVE_NODES,
        MemoryPolicyFlagType::MpolFStaticNodes => libc::MPOL_F_STATIC_NODES,
    };
    let mode = asked.flags().iter().flatten().fold(mode, |all, one| all | flag(one));
    let nodes = asked.nodes().as_deref().unwrap_or_default();
    let nodes = ranges::parse("linux.memoryPolicy.nodes", nodes, MemoryPolicy::LAST_NODE)?;
    Ok(MemoryPolicy { mode: mode.cast_unsigned(), nodes })
}

fn personality(asked: &LinuxPersonality) -> Result<u32> {
    // The specification has a place for flags, and none to put there.
    if let Some(flag) = asked.flags().iter().flatten().next() {
        return Err(Error::new(format!("linux.personality: there is no flag {flag}")).code(code::BAD_CONFIGURATION));
    }
    // PER_LINUX and PER_LINUX32 (linux/personality.h).
    Ok(match asked.domain() {
        LinuxPersonalityDomain::PerLinux => 0,
        LinuxPersonalityDomain::PerLinux32 => 8,
    })
}

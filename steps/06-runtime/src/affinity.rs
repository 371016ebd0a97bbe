//! `process.execCPUAffinity`: the processors of a process that `exec` adds, before it is in the container's cgroup, and then
//! (runtime-spec, config.md, "Linux Process").

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use oci_spec::runtime::Process;
use process::{Error, Result, Setup};

use crate::{globals, ranges};

/// Some processors.
#[derive(Debug, Clone)]
pub(crate) struct Affinity {
    list: String,
    set: CpuSet,
    mask: u128,
}

impl Affinity {
    fn parse(name: &str, list: &str) -> Result<Option<Affinity>> {
        let what = format!("process.execCPUAffinity.{name}");
        let last = u32::try_from(CpuSet::count()).unwrap_or(u32::MAX) - 1;
        let (mut set, mut mask) = (CpuSet::new(), 0);
        let numbers = ranges::parse(&what, list, last)?;
        for number in &numbers {
            let failed = |errno| Error::os(format!("{what} {list:?}"), errno);
            set.set(*number as usize).map_err(failed)?;
            mask |= 1_u128.checked_shl(*number).unwrap_or(0);
        }
        Ok((!numbers.is_empty()).then(|| Affinity { list: list.into(), set, mask }))
    }

    /// Where the process runs before it is in the container's cgroup.
    pub(crate) fn initial(process: &Process) -> Result<Option<Affinity>> {
        let asked = process.exec_cpu_affinity().as_ref().and_then(|asked| asked.initial().as_deref());
        Affinity::parse("initial", asked.unwrap_or_default())
    }

    /// Where it runs then.
    pub(crate) fn last(process: &Process) -> Result<Option<Affinity>> {
        let asked = process.exec_cpu_affinity().as_ref().and_then(|asked| asked.cpu_affinity_final().as_deref());
        Affinity::parse("final", asked.unwrap_or_default())
    }

    /// Moves a process there; 0 is ourselves.
    pub(crate) fn apply(&self, pid: Pid) -> Result<()> {
        sched_setaffinity(pid, &self.set)
            .map_err(|errno| Error::os(format!("let process {pid} run on the processors {}", self.list), errno))?;
        globals::debug(&format!("process {pid}: affinity: {:#x}", self.mask));
        Ok(())
    }
}

impl Setup for Affinity {
    fn setup(&self) -> Result<()> {
        self.apply(Pid::from_raw(0))
    }
}

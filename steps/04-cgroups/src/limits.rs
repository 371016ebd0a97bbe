//! Limits, as they are asked for.

use std::collections::BTreeMap;

use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

use crate::{DeviceLimits, DeviceRule};

/// The kernel's period for a quota of processor time, in microseconds.
pub(crate) const PERIOD: u64 = 100_000;

/// What a container may use. `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of memory and swap together; -1 is any amount of swap. Without it there may be as much swap as memory.
    pub memory_swap: Option<i64>,
    /// Bytes that it keeps when memory is short.
    pub memory_reservation: Option<u64>,
    /// Its share of the processors beside others: 2 to 262144, 1024 is everybody's.
    pub cpu_shares: Option<u64>,
    /// Microseconds of processor time in a period; -1 is as many as there are.
    pub cpu_quota: Option<i64>,
    /// That period, in microseconds.
    pub cpu_period: Option<u64>,
    /// Which processors (`0-3,5`).
    pub cpuset_cpus: Option<String>,
    /// Memory of which nodes.
    pub cpuset_mems: Option<String>,
    /// How many processes and threads; -1 is any number.
    pub pids: Option<i64>,
    /// Its share of all disks beside others, 10 to 1000.
    pub blkio_weight: Option<u16>,
    /// What it may do with single disks, by the paths of their files.
    pub devices: BTreeMap<String, DeviceLimits>,
    /// Bytes of huge pages, by their size (`2MB`).
    pub huge_pages: BTreeMap<String, u64>,
    /// How much of a network adapter's memory, by its name: `hca_handle=N hca_object=N`.
    pub rdma: BTreeMap<String, String>,
    /// Which devices it may open, beside those that every container has.
    pub device_rules: Vec<DeviceRule>,
    /// Which devices are in its `/dev`: it may open those as well, where the kernel asks.
    #[serde(skip)]
    pub shown: Vec<DeviceRule>,
    /// Whether it may open all of them.
    pub all_devices: bool,
    /// How willingly the kernel ends it when the system has no memory left, -1000 (never) to 1000.
    pub oom_score_adj: Option<i16>,
    /// What only cgroup v1 can do: microseconds of realtime processes in a period.
    pub realtime_runtime: Option<i64>,
    /// That period, in microseconds.
    pub realtime_period: Option<u64>,
    /// Other files of the cgroup, and what to write to them.
    pub files: BTreeMap<String, String>,
}

impl Limits {
    /// Whether nothing was asked for that needs a cgroup.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked().iter().all(|setting| setting.optional) && self.device_rules.is_empty()
    }

    /// What has no effect, in Podman's words.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let v1 = |what| format!("Realtime {what} not supported on cgroups V2 systems");
        let realtime = self.realtime_period.map(|_| v1("period"));
        let realtime = realtime.into_iter().chain(self.realtime_runtime.map(|_| v1("runtime")));
        let (own, asked) = (crate::score::own(), self.oom_score_adj);
        let raised = asked
            .filter(|asked| crate::score::is_too_low(*asked))
            .map(|asked| format!("Requested oom_score_adj={asked} is lower than the current one, changing to {own}"));
        realtime.chain(raised).collect()
    }

    /// How many processors the quota is worth.
    #[must_use]
    pub fn cpus(&self) -> Option<f64> {
        let quota = self.cpu_quota.filter(|quota| *quota > 0)?;
        Some(quota as f64 / self.cpu_period.unwrap_or(PERIOD) as f64)
    }

    /// Sets the quota that is worth this many processors.
    ///
    /// # Errors
    /// When it is no number of them. A quota of less than one microsecond would be none at all.
    pub fn set_cpus(&mut self, cpus: f64) -> Result<()> {
        let quota = (cpus * PERIOD as f64) as i64;
        if !(0.0..1e6).contains(&cpus) || quota == 0 {
            return Err(Error::new(format!("invalid number of processors: {cpus}")).code(code::BAD_LIMIT));
        }
        self.cpu_period = Some(PERIOD);
        self.cpu_quota = Some(quota);
        Ok(())
    }

    /// Says no to what makes no sense on any system.
    ///
    /// # Errors
    /// Podman's words.
    pub fn check(&self) -> Result<()> {
        match (self.memory, self.memory_swap) {
            (None, Some(swap)) if swap > 0 => {
                return Err(Error::new(
                    "you should always set a memory limit when using a memoryswap limit, see usage",
                )
                .code(code::BAD_LIMIT));
            }
            (Some(memory), Some(swap)) if swap > 0 && (swap as u64) < memory => {
                return Err(Error::new("minimum memoryswap limit should be larger than memory limit, see usage")
                    .code(code::BAD_LIMIT));
            }
            (Some(memory), _) if self.memory_reservation.is_some_and(|reserved| reserved > memory) => {
                return Err(Error::new("minimum memory limit cannot be less than memory reservation limit, see usage")
                    .code(code::BAD_LIMIT));
            }
            _ => {}
        }
        if self.blkio_weight.is_some_and(|weight| !(10..=1000).contains(&weight)) {
            return Err(Error::new("range of blkio weight is from 10 to 1000").code(code::BAD_LIMIT));
        }
        if let Some(size) = self.huge_pages.keys().find(|size| !is_page_size(size)) {
            return Err(Error::new(format!("{size:?} is no size of a page")).code(code::BAD_LIMIT));
        }
        let outside = |name: &str| name.contains('/') || !name.contains('.') || name.starts_with('.');
        match self.files.keys().find(|name| outside(name)) {
            Some(name) => Err(Error::new(format!("{name:?} is no file of a cgroup")).code(code::BAD_LIMIT)),
            None => Ok(()),
        }
    }
}

/// As the kernel names its files: a number without a zero before it, and a unit.
fn is_page_size(text: &str) -> bool {
    let number = ["KB", "MB", "GB"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or_default();
    number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() && !number.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        let all = Limits { memory: Some(100), ..Limits::default() };
        assert!(all.check().is_ok());
        for wrong in [
            Limits { memory: None, memory_swap: Some(1), ..all.clone() },
            Limits { memory_swap: Some(99), ..all.clone() },
            Limits { memory_reservation: Some(101), ..all.clone() },
            Limits { files: [("../memory.max".into(), "1".into())].into(), ..all.clone() },
            Limits { files: [("tasks".into(), "1".into())].into(), ..all.clone() },
            Limits { blkio_weight: Some(9), ..all.clone() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    /// GHSA-5g49-rx9x-qfc6: a name that leads to another cgroup.
    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["../x", "../memory.max", "a/../../memory.max", "/memory.max", "..", "..x", "", "memory"] {
            let limits = Limits { files: [(name.into(), "1".into())].into(), ..Limits::default() };
            assert_eq!(limits.check().unwrap_err().to_string(), format!("{name:?} is no file of a cgroup"));
        }
        for size in ["../../x", "../2MB", "2MB/../..", "MB", "02MB", "2mb", "2", ""] {
            let limits = Limits { huge_pages: [(size.into(), 1)].into(), ..Limits::default() };
            assert_eq!(limits.check().unwrap_err().to_string(), format!("{size:?} is no size of a page"));
        }
        let good = Limits { huge_pages: [("2MB".into(), 1), ("1GB".into(), 1)].into(), ..Limits::default() };
        assert!(good.check().is_ok());
    }

    #[test]
    fn what_has_no_effect_is_told() {
        let limits = Limits { realtime_period: Some(1), realtime_runtime: Some(1), ..Limits::default() };
        let told = limits.notices();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0], "Realtime period not supported on cgroups V2 systems");
        assert!(Limits::default().notices().is_empty());
    }

    #[test]
    fn a_record_of_another_version_can_be_read() {
        let read: Limits = serde_json::from_str(r#"{"memory":5,"added_later":1}"#).unwrap();
        assert_eq!(read, Limits { memory: Some(5), ..Limits::default() });
    }
}

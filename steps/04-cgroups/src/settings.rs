//! Limits, as the kernel's files want them.

use crate::limits::PERIOD;
use crate::{DeviceLimits, Limits, io};

/// How many processes a container may have when nothing else was said, as Podman's default.
const DEFAULT_PIDS: u64 = 2048;

/// One file of a cgroup to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The flag that asked for it.
    pub flag: &'static str,
    pub file: String,
    pub value: String,
    /// The file of the device whose number comes before the value.
    pub device: Option<String>,
    /// What to write elsewhere where that file is missing.
    pub instead: Option<(&'static str, String)>,
    /// Nobody asked for it by name: a kernel without that file is no fault.
    pub optional: bool,
}

impl Setting {
    fn new(flag: &'static str, file: &str, value: impl ToString) -> Setting {
        Setting { flag, file: file.into(), value: value.to_string(), device: None, instead: None, optional: false }
    }

    /// The controller that the file belongs to; `None` for what every cgroup has.
    pub(crate) fn controller(&self) -> Option<&str> {
        self.file.split('.').next().filter(|name| *name != "cgroup")
    }
}

impl Limits {
    // ANCHOR: settings
    /// The files to write, cgroup-v2.rst's names and units.
    pub(crate) fn asked(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut add = |flag, file: &str, value: String| settings.push(Setting::new(flag, file, value));
        if let Some(memory) = self.memory {
            add("--memory", "memory.max", memory.to_string());
        }
        match (self.memory, self.memory_swap) {
            // Asked for as the sum, kept by the kernel as what comes on top.
            (Some(memory), Some(sum)) if sum > 0 => {
                add("--memory-swap", "memory.swap.max", (sum as u64).saturating_sub(memory).to_string());
            }
            (_, Some(-1)) => add("--memory-swap", "memory.swap.max", "max".into()),
            _ => {}
        }
        if let Some(reserved) = self.memory_reservation {
            add("--memory-reservation", "memory.low", reserved.to_string());
        }
        if let Some(shares) = self.cpu_shares {
            add("--cpu-shares", "cpu.weight", weight(shares).to_string());
        }
        if self.cpu_quota.is_some() || self.cpu_period.is_some() {
            let quota = self.cpu_quota.filter(|quota| *quota > 0).map_or("max".into(), |quota| quota.to_string());
            let flag = if self.cpu_quota.is_some() { "--cpus" } else { "--cpu-period" };
            add(flag, "cpu.max", format!("{quota} {}", self.cpu_period.unwrap_or(PERIOD)));
        }
        if let Some(cpus) = &self.cpuset_cpus {
            add("--cpuset-cpus", "cpuset.cpus", cpus.clone());
        }
        if let Some(nodes) = &self.cpuset_mems {
            add("--cpuset-mems", "cpuset.mems", nodes.clone());
        }
        if let Some(pids) = self.pids.filter(|pids| *pids > 0) {
            add("--pids-limit", "pids.max", pids.to_string());
        }
        for (size, bytes) in &self.huge_pages {
            add("the limit of huge pages", &format!("hugetlb.{size}.max"), bytes.to_string());
        }
        for (device, words) in &self.rdma {
            add("the limit of RDMA", "rdma.max", format!("{device} {words}"));
        }
        for (file, value) in &self.files {
            add("--cgroup-conf", file, value.clone());
        }
        settings.extend(self.of_disks());
        // Any number is what there is where nobody counts.
        let any = self.pids.filter(|pids| *pids <= 0).map(|_| Setting::new("--pids-limit", "pids.max", "max"));
        settings.extend(any.map(|any| Setting { optional: true, ..any }));
        settings
    }
    // ANCHOR_END: settings

    /// Weights go to the scheduler bfq, which has a file of its own, or else to the kernel's model of a disk's costs.
    fn of_disks(&self) -> impl Iterator<Item = Setting> {
        let share = |flag, weight: u16, device: Option<&String>| Setting {
            device: device.cloned(),
            instead: Some(("io.weight", io::weight(weight).to_string())),
            ..Setting::new(flag, "io.bfq.weight", weight)
        };
        let all = self.blkio_weight.map(|weight| share("--blkio-weight", weight, None));
        let of_device = move |(path, limits): (&String, &DeviceLimits)| {
            let own = limits.weight.map(|weight| share("--blkio-weight-device", weight, Some(path)));
            let most = |(flag, word)| Setting { device: Some(path.clone()), ..Setting::new(flag, "io.max", word) };
            own.into_iter().chain(limits.words().map(most)).collect::<Vec<_>>()
        };
        all.into_iter().chain(self.devices.iter().flat_map(of_device))
    }

    /// The same for a new container, with what holds when nothing else was said, where the kernel has it.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let swap = self.memory.filter(|_| matches!(self.memory_swap, None | Some(0)));
        let swap = swap.map(|memory| Setting::new("--memory", "memory.swap.max", memory));
        let pids = self.pids.is_none().then(|| Setting::new("--pids-limit", "pids.max", DEFAULT_PIDS));
        let defaults = swap.into_iter().chain(pids).map(|setting| Setting { optional: true, ..setting });
        self.asked().into_iter().chain(defaults).collect()
    }
}

/// Shares (cgroup v1, Docker's words) as a weight (1 to 10000, 100 is everybody's): the curve through (2, 1), (1024, 100)
/// and (262144, 10000) on which the OCI runtimes agreed, so that everybody's share is everybody's weight.
fn weight(shares: u64) -> u64 {
    let log = (shares.clamp(2, 262_144) as f64).log2();
    let exponent = (log * log + 125.0 * log) / 612.0 - 7.0 / 34.0;
    // Of what a float makes of the exact points of the curve, a little is no reason to round up.
    (10_f64.powf(exponent) - 1e-6).ceil().clamp(1.0, 10_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(limits: &Limits) -> Vec<String> {
        let optional = |setting: &Setting| if setting.optional { "?" } else { "" };
        limits.settings().iter().map(|set| format!("{}{}={}", set.file, optional(set), set.value)).collect()
    }

    /// The same but for the number of processes, which is always there.
    fn others(limits: &Limits) -> Vec<String> {
        lines(limits).into_iter().filter(|line| !line.starts_with("pids")).collect()
    }

    #[test]
    fn nothing_asked_for_is_a_default_number_of_processes() {
        let none = Limits::default();
        assert!(none.is_empty());
        assert_eq!(lines(&none), ["pids.max?=2048"]);
        let any = Limits { pids: Some(-1), ..none };
        assert!(any.is_empty());
        assert_eq!(lines(&any), ["pids.max?=max"]);
        assert_eq!(lines(&Limits { pids: Some(7), ..any }), ["pids.max=7"]);
    }

    #[test]
    fn swap_is_what_comes_on_top() {
        let memory = |swap| Limits { memory: Some(100), memory_swap: swap, ..Limits::default() };
        assert_eq!(others(&memory(None)), ["memory.max=100", "memory.swap.max?=100"]);
        assert_eq!(others(&memory(Some(100))), ["memory.max=100", "memory.swap.max=0"]);
        assert_eq!(others(&memory(Some(150))), ["memory.max=100", "memory.swap.max=50"]);
        assert_eq!(others(&memory(Some(-1))), ["memory.max=100", "memory.swap.max=max"]);
    }

    #[test]
    fn processors_are_a_quota_in_a_period() {
        let mut limits = Limits::default();
        limits.set_cpus(1.5).unwrap();
        assert_eq!(others(&limits), ["cpu.max=150000 100000"]);
        assert_eq!(limits.cpus(), Some(1.5));
        let period = Limits { cpu_period: Some(5000), ..Limits::default() };
        assert_eq!(others(&period), ["cpu.max=max 5000"]);
        assert_eq!(others(&Limits { cpu_quota: Some(-1), ..period }), ["cpu.max=max 5000"]);
    }

    #[test]
    fn disks_are_named_by_their_files() {
        let sda =
            DeviceLimits { read_bps: Some(1 << 20), write_iops: Some(50), weight: Some(10), ..Default::default() };
        let devices = [("/dev/sda".to_owned(), sda)].into();
        let huge_pages = [("2MB".to_owned(), 4 << 20)].into();
        let limits = Limits { blkio_weight: Some(1000), devices, huge_pages, ..Limits::default() };
        let lines = limits.asked().into_iter().map(|set| {
            let instead = set.instead.map(|(file, value)| format!(" or {file}={value}")).unwrap_or_default();
            format!("{} {} {}={}{instead}", set.flag, set.device.unwrap_or_default(), set.file, set.value)
        });
        assert_eq!(
            lines.collect::<Vec<_>>(),
            [
                "the limit of huge pages  hugetlb.2MB.max=4194304",
                "--blkio-weight  io.bfq.weight=1000 or io.weight=10000",
                "--blkio-weight-device /dev/sda io.bfq.weight=10 or io.weight=1",
                "--device-read-bps /dev/sda io.max=rbps=1048576",
                "--device-write-iops /dev/sda io.max=wiops=50",
            ]
        );
    }

    #[test]
    fn everybodys_share_is_everybodys_weight() {
        for (shares, expected) in [(0, 1), (2, 1), (512, 59), (1024, 100), (2048, 174), (262_144, 10_000)] {
            assert_eq!(weight(shares), expected, "{shares} shares");
        }
    }
}

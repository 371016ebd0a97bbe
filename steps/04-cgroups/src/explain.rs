//! Limits in words.

use process::explain::{Explain, Line};

use crate::{Limits, Mode, Placement};

impl Explain for Limits {
    fn explain(&self) -> Vec<Line> {
        let known = [
            ("memory.max", self.memory.map(|bytes| bytes.to_string())),
            ("memory.swap.max", self.memory_swap.map(|bytes| format!("{bytes} with memory.max"))),
            ("memory.low", self.memory_reservation.map(|bytes| bytes.to_string())),
            ("cpu.max", self.cpus().map(|cpus| format!("{cpus} processors"))),
            ("cpu.weight", self.cpu_shares.map(|shares| format!("by {shares} shares"))),
            ("cpuset.cpus", self.cpuset_cpus.clone()),
            ("cpuset.mems", self.cpuset_mems.clone()),
            ("pids.max", self.pids.map(|pids| pids.to_string())),
            ("io.weight", self.blkio_weight.map(|weight| format!("by {weight}"))),
        ];
        let disks = self.devices.iter().flat_map(|(path, limits)| {
            limits.words().map(move |(_, word)| Line::new(4, format!("limit io.max: {path} {word}")))
        });
        let files = self.files.iter().map(|(file, value)| (file.as_str(), Some(value.clone())));
        let set = known
            .into_iter()
            .chain(files)
            .filter_map(|(file, value)| Some(Line::new(4, format!("limit {file}: {}", value?))));
        set.chain(disks).collect()
    }
}

impl Explain for Placement {
    fn explain(&self) -> Vec<Line> {
        vec![Line::new(
            4,
            match self {
                Placement { mode: Mode::Disabled, .. } => "leave it in the cgroup of its caller",
                _ => "put it into a cgroup of its own, where one is delegated",
            },
        )]
    }
}

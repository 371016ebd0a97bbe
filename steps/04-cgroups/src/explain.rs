//! Limits in words.

use process::explain::{Explain, Line};

use crate::{Limits, Place};

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

/// Where the first process is put, which depends on what the system lets us have.
impl Explain for Place {
    fn explain(&self) -> Vec<Line> {
        let words = match (self.cgroup(), self.scope()) {
            (Some(cgroup), _) => format!("put it into the cgroup {}", cgroup.path().display()),
            (None, Some(scope)) => format!("let systemd put it into a cgroup of its own, {scope}"),
            (None, None) => "leave it in the cgroup of its caller".to_string(),
        };
        let mut lines = vec![Line::new(4, words)];
        if self.is_lacking() {
            lines.push(Line::new(
                4,
                "none of its own is delegated, or not without a limit: `podling doctor` tells which",
            ));
        }
        let score = self
            .score()
            .map(|score| format!("let the kernel end it by an oom_score_adj of {score} when memory is short"));
        lines.extend(score.map(|words| Line::new(4, words)));
        lines
    }
}

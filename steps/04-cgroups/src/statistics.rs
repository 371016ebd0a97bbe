//! What a cgroup has used.

use process::Result;
use serde::{Deserialize, Serialize};

use crate::{Cgroup, files};

/// What a container has used so far, and what it may. What its cgroup does not measure is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Bytes of memory now.
    pub memory: u64,
    /// Of those, bytes of files that the kernel gives up first.
    pub memory_inactive_file: u64,
    /// Bytes of memory at most; `None` without a limit.
    pub memory_max: Option<u64>,
    /// Processor time in microseconds.
    pub cpu_usec: u64,
    /// Of that, in the program itself.
    pub cpu_user_usec: u64,
    /// Of that, in the kernel.
    pub cpu_system_usec: u64,
    /// Processes and threads now.
    pub pids: u64,
    /// How many there may be; `None` without a limit.
    pub pids_max: Option<u64>,
    /// Bytes read from block devices.
    pub io_read: u64,
    /// Bytes written to block devices.
    pub io_written: u64,
    /// How often the kernel killed a process of it because memory had run out.
    pub oom_kills: u64,
}

impl Cgroup {
    // ANCHOR: statistics
    /// Reads them.
    ///
    /// # Errors
    /// When the cgroup is not there any more.
    pub fn statistics(&self) -> Result<Statistics> {
        // The one file that is in every cgroup, whatever is delegated.
        let cpu = files::read(self.path(), "cpu.stat")?;
        let text = |file| files::read(self.path(), file).unwrap_or_default();
        let number = |file| text(file).trim().parse().ok();
        let field = |text: &str, key| files::field(text, key).unwrap_or(0);
        let io = text("io.stat");
        Ok(Statistics {
            memory: number("memory.current").unwrap_or(0),
            memory_inactive_file: field(&text("memory.stat"), "inactive_file"),
            memory_max: number("memory.max"),
            cpu_usec: field(&cpu, "usage_usec"),
            cpu_user_usec: field(&cpu, "user_usec"),
            cpu_system_usec: field(&cpu, "system_usec"),
            pids: number("pids.current").unwrap_or(0),
            pids_max: number("pids.max"),
            io_read: sum(&io, "rbytes"),
            io_written: sum(&io, "wbytes"),
            oom_kills: field(&text("memory.events"), "oom_kill"),
        })
    }
    // ANCHOR_END: statistics

    /// What is in a file of it; `None` when it has none of that name, which every kernel and each delegated controller decides.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<String> {
        files::read(self.path(), file).ok()
    }

    /// The lines `NAME NUMBER` of a file of it.
    ///
    /// # Errors
    /// When it has none of that name.
    pub fn fields(&self, file: &str) -> Result<Vec<(String, u64)>> {
        let line = |line: &str| {
            let (name, number) = line.split_once(' ')?;
            Some((name.to_owned(), number.trim().parse().ok()?))
        };
        Ok(files::read(self.path(), file)?.lines().filter_map(line).collect())
    }

    /// Huge pages by their size (`2MB`): how many bytes of them are used, and how often there were none left.
    #[must_use]
    pub fn huge_pages(&self) -> Vec<(String, u64, u64)> {
        let entries = std::fs::read_dir(self.path()).into_iter().flatten().flatten();
        let size = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_prefix("hugetlb.")?.strip_suffix(".current")?.to_owned())
        };
        let of = |size: String| {
            let used = self.text(&format!("hugetlb.{size}.current"))?.trim().parse().ok()?;
            let events = self.text(&format!("hugetlb.{size}.events")).unwrap_or_default();
            Some((size, used, files::field(&events, "max").unwrap_or(0)))
        };
        let mut found: Vec<_> = entries.filter_map(size).filter_map(of).collect();
        found.sort();
        found
    }
}

/// Over all devices: lines `MAJOR:MINOR rbytes=N wbytes=N rios=N ...`.
fn sum(io: &str, key: &str) -> u64 {
    let value = |word: &str| word.strip_prefix(key)?.strip_prefix('=')?.parse::<u64>().ok();
    io.split_whitespace().filter_map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_summed_up() {
        let io = "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=7\n254:1 rbytes=1 wbytes=5 rios=1\n253:0\n";
        assert_eq!((sum(io, "rbytes"), sum(io, "wbytes"), sum(io, "bytes")), (4097, 5, 0));
    }

    #[test]
    fn a_directory_without_controllers_measures_time() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Cgroup::open(dir.path()).is_none());
        std::fs::write(dir.path().join("cgroup.procs"), "").unwrap();
        std::fs::write(dir.path().join("cpu.stat"), "usage_usec 7\nuser_usec 4\nsystem_usec 3\n").unwrap();
        let found = Cgroup::open(dir.path()).unwrap().statistics().unwrap();
        let expected = Statistics { cpu_usec: 7, cpu_user_usec: 4, cpu_system_usec: 3, ..Statistics::default() };
        assert_eq!(found, expected);
    }
}

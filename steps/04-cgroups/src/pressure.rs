//! What a container waits for: pressure stall information (Documentation/accounting/psi.rst).

use serde::{Deserialize, Serialize};

use crate::{Cgroup, files};

/// What can be short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// Reads and writes.
    Io,
}

/// How long processes stood still for want of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// At least one of them.
    pub some: Stall,
    /// All of them at once.
    pub full: Stall,
}

/// Percent of the last seconds, and microseconds since the cgroup was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// Of the last 10 seconds.
    pub avg10: f64,
    /// Of the last minute.
    pub avg60: f64,
    /// Of the last five minutes.
    pub avg300: f64,
    /// Microseconds in all.
    pub total: u64,
}

impl Cgroup {
    /// How short something is for the processes in it; `None` where the kernel was built or started without.
    #[must_use]
    pub fn pressure(&self, resource: Resource) -> Option<Pressure> {
        let file = format!("{}.pressure", resource.name());
        parse(&files::read(self.path(), &file).ok()?)
    }
}

/// Lines `some avg10=N avg60=N avg300=N total=N`, and `full ...` where it is known.
fn parse(text: &str) -> Option<Pressure> {
    let stall = |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let word = |key| line.split_whitespace().find_map(|word| word.strip_prefix(key));
        Some(Stall {
            avg10: word("avg10=")?.parse().ok()?,
            avg60: word("avg60=")?.parse().ok()?,
            avg300: word("avg300=")?.parse().ok()?,
            total: word("total=")?.parse().ok()?,
        })
    };
    Some(Pressure { some: stall("some ")?, full: stall("full ").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_or_two() {
        let some = Stall { avg10: 8.07, avg60: 0.5, avg300: 0.0, total: 66_059_389 };
        let line = "some avg10=8.07 avg60=0.50 avg300=0.00 total=66059389\n";
        assert_eq!(parse(line), Some(Pressure { some, full: Stall::default() }));
        let full = Stall { total: 7, ..Stall::default() };
        let both = format!("{line}full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
        assert_eq!(parse(&both), Some(Pressure { some, full }));
        assert_eq!(parse(""), None);
        assert_eq!(parse("some avg10=x"), None);
    }

    /// The whole system's has the same form.
    #[test]
    fn as_this_kernel_writes_it() {
        if let Ok(text) = std::fs::read_to_string("/proc/pressure/cpu") {
            assert!(parse(&text).is_some_and(|pressure| pressure.some.total > 0), "{text}");
        }
    }
}

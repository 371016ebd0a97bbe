//! The table of mounts (proc_pid_mountinfo(5)): what is mounted where in our namespace.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use process::{Error, Result};

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// Where.
    pub point: PathBuf,
    /// The type of its file system.
    pub kind: String,
}

/// All lines. What covers another one comes later.
///
/// # Errors
/// When there is no procfs to read it from.
pub fn read() -> Result<Vec<Mounted>> {
    let text = process::file::read("/proc/self/mountinfo", 16 << 20)
        .map_err(|error| Error::os("read /proc/self/mountinfo", error))?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

/// How many are mounted on this very path, one over the other.
///
/// # Errors
/// As [`read`].
pub fn depth(path: &Path) -> Result<usize> {
    Ok(read()?.iter().filter(|mount| mount.point == path).count())
}

fn parse(table: &str) -> Vec<Mounted> {
    let of = |line: &str| {
        let (mount, source) = line.split_once(" - ")?;
        Some(Mounted { point: unescaped(mount.split(' ').nth(4)?), kind: source.split(' ').next()?.into() })
    };
    table.lines().filter_map(of).collect()
}

/// A backslash and three octal digits are one byte.
fn unescaped(text: &str) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, digits.and_then(|digits| u8::from_str_radix(digits, 8).ok())) {
            (b'\\', Some(code)) => {
                bytes.push(code);
                rest = &after[3..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces() {
        let table = "22 1 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
                     23 1 0:21 / /a\\040proc\\134 rw - proc none rw\nnothing\n";
        let mounted = |point: &str, kind: &str| Mounted { point: point.into(), kind: kind.into() };
        assert_eq!(parse(table), [mounted("/sys", "sysfs"), mounted("/a proc\\", "proc")]);
    }
}

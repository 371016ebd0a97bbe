//! Which devices a container may open, whoever made their files: rules as in an OCI `config.json` (runtime-spec,
//! config-linux.md, "Allowed Device list").

use std::path::Path;

use process::{Error, Result, code};
use rustix::fs::{FileType, major, minor, stat};
use serde::{Deserialize, Serialize};

/// Kinds of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// Both.
    All,
    /// Disks.
    Block,
    /// All others.
    Char,
}

/// What can be done with a device's file; the bits are the kernel's (linux/bpf.h, `BPF_DEVCG_ACC_*`).
const ACCESS: [(char, u8); 3] = [('m', 1), ('r', 2), ('w', 4)];

/// Makes a node, reads, writes.
pub(crate) const ANY: u8 = 7;

/// One rule. Of several that fit, the last one decides, for each kind of access by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRule {
    /// Whether it allows.
    pub allow: bool,
    /// For which kind of device.
    pub kind: DeviceKind,
    /// For which major number; `None` is every one.
    pub major: Option<u32>,
    /// For which minor number; `None` is every one.
    pub minor: Option<u32>,
    /// A union of 1 (mknod), 2 (read) and 4 (write).
    pub access: u8,
}

impl DeviceRule {
    /// Everything, with all devices.
    pub const ALL: DeviceRule = DeviceRule::allow(DeviceKind::All, None, None, ANY);

    /// One that allows.
    #[must_use]
    pub const fn allow(kind: DeviceKind, major: Option<u32>, minor: Option<u32>, access: u8) -> DeviceRule {
        DeviceRule { allow: true, kind, major, minor, access }
    }

    /// One that allows everything with the device of this file; `None` when it is no device.
    #[must_use]
    pub fn of(path: &Path) -> Option<DeviceRule> {
        let found = stat(path).ok()?;
        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::BlockDevice => DeviceKind::Block,
            FileType::CharacterDevice => DeviceKind::Char,
            _ => return None,
        };
        Some(DeviceRule::allow(kind, Some(major(found.st_rdev)), Some(minor(found.st_rdev)), ANY))
    }

    /// Reads `TYPE MAJOR:MINOR ACCESS`, as in `c 1:3 rwm`; `*` is every number.
    ///
    /// # Errors
    /// Podman's words.
    pub fn parse(text: &str) -> Result<DeviceRule> {
        let words: Vec<&str> = text.split(' ').collect();
        let [kind, numbers, access] = words[..] else {
            return Err(Error::new(format!(
                "invalid device cgroup rule requires type, major:Minor, and access rules: {text:?}"
            ))
            .code(code::BAD_DEVICE));
        };
        let kind = match kind {
            "a" => DeviceKind::All,
            "b" => DeviceKind::Block,
            "c" => DeviceKind::Char,
            _ => {
                return Err(
                    Error::new(format!("invalid device type in device-access-add: {kind}")).code(code::BAD_DEVICE)
                );
            }
        };
        let number = |text: &str| match text {
            "*" => Ok(None),
            _ => text
                .parse()
                .map(Some)
                .map_err(|_| Error::new(format!("invalid device number: {text:?}")).code(code::BAD_DEVICE)),
        };
        let (major, minor) = numbers.split_once(':').unwrap_or((numbers, "*"));
        Ok(DeviceRule::allow(kind, number(major)?, number(minor)?, parse_access(access)?))
    }
}

/// `rwm`, or a part of it.
///
/// # Errors
/// Podman's words.
pub(crate) fn parse_access(text: &str) -> Result<u8> {
    let bit = |letter| ACCESS.iter().find(|(known, _)| *known == letter).map(|(_, bit)| *bit);
    let unknown =
        |letter| Error::new(format!("invalid device access in device-access-add: {letter}")).code(code::BAD_DEVICE);
    text.chars().try_fold(0, |access, letter| Ok(access | bit(letter).ok_or_else(|| unknown(letter))?))
}

/// What every container may use, as the OCI runtimes agreed: a node for any device may be made, and opened are those of
/// the default /dev.
pub(crate) const DEFAULT: [DeviceRule; 11] = {
    use DeviceKind::{Block, Char};
    const fn character(major: u32, minor: Option<u32>) -> DeviceRule {
        DeviceRule::allow(Char, Some(major), minor, ANY)
    }
    [
        DeviceRule::allow(Char, None, None, 1),
        DeviceRule::allow(Block, None, None, 1),
        // null, zero, full, random, urandom
        character(1, Some(3)),
        character(1, Some(5)),
        character(1, Some(7)),
        character(1, Some(8)),
        character(1, Some(9)),
        // tty, ptmx
        character(5, Some(0)),
        character(5, Some(2)),
        // pts/*
        character(136, None),
        // net/tun
        character(10, Some(200)),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_three_words() {
        let parse = |text| DeviceRule::parse(text).map_err(|error| error.to_string());
        assert_eq!(parse("c 1:3 rwm"), Ok(DeviceRule::allow(DeviceKind::Char, Some(1), Some(3), ANY)));
        assert_eq!(parse("b 8:* r"), Ok(DeviceRule::allow(DeviceKind::Block, Some(8), None, 2)));
        assert_eq!(parse("a *:* w"), Ok(DeviceRule::allow(DeviceKind::All, None, None, 4)));
        for (text, answer) in [
            ("c 1:3", "invalid device cgroup rule requires type, major:Minor, and access rules: \"c 1:3\""),
            ("x 1:3 rwm", "invalid device type in device-access-add: x"),
            ("c 1:3 rx", "invalid device access in device-access-add: x"),
            ("c one:3 r", "invalid device number: \"one\""),
        ] {
            assert_eq!(parse(text), Err(answer.to_owned()));
        }
    }
}

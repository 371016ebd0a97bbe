//! Limits of reads and writes, device by device (cgroup-v2.rst, "IO Interface Files").

use std::path::Path;

use process::{Error, Result, code};
use rustix::fs::{FileType, major, minor, stat};
use serde::{Deserialize, Serialize};

use crate::size;

/// What a container may do with one block device; `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceLimits {
    /// Bytes a second that it may read.
    pub read_bps: Option<u64>,
    /// Bytes a second that it may write.
    pub write_bps: Option<u64>,
    /// How often a second it may read.
    pub read_iops: Option<u64>,
    /// How often a second it may write.
    pub write_iops: Option<u64>,
    /// Its share of the device beside others, 10 to 1000.
    pub weight: Option<u16>,
}

impl DeviceLimits {
    /// Its words for `io.max`, each with the flag that asks for it.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&'static str, String)> {
        let words = [
            ("--device-read-bps", "rbps", self.read_bps),
            ("--device-write-bps", "wbps", self.write_bps),
            ("--device-read-iops", "riops", self.read_iops),
            ("--device-write-iops", "wiops", self.write_iops),
        ];
        words.into_iter().filter_map(|(flag, key, rate)| Some((flag, format!("{key}={}", rate?))))
    }
}

/// `PATH:REST`, for a device.
fn split(text: &str) -> Result<(&str, &str)> {
    let (path, rest) =
        text.split_once(':').ok_or_else(|| Error::new(format!("bad format: {text}")).code(code::BAD_LIMIT))?;
    match path.starts_with("/dev/") {
        true => Ok((path, rest)),
        false => Err(Error::new(format!("bad format for device path: {text}")).code(code::BAD_LIMIT)),
    }
}

/// `PATH:BYTES` a second.
pub(crate) fn bytes(text: &str) -> Result<(&str, u64)> {
    let (path, rate) = split(text)?;
    let rate = size::parse(rate).map_err(|_| {
        Error::new(format!(
            "invalid rate for device: {text}. The correct format is <device-path>:<number>[<unit>]. Number must be a \
             positive integer. Unit is optional and can be kb, mb, or gb"
        ))
        .code(code::BAD_LIMIT)
    });
    Ok((path, rate?))
}

/// `PATH:TIMES` a second.
pub(crate) fn times(text: &str) -> Result<(&str, u64)> {
    let (path, rate) = split(text)?;
    let rate = rate.parse().map_err(|_| {
        Error::new(format!(
            "invalid rate for device: {text}. The correct format is <device-path>:<number>. Number must be a positive \
             integer"
        ))
        .code(code::BAD_LIMIT)
    });
    Ok((path, rate?))
}

/// `PATH:WEIGHT`.
pub(crate) fn share(text: &str) -> Result<(&str, u16)> {
    let (path, weight) = split(text)?;
    let weight = weight.parse().ok().filter(|weight| (10..=1000).contains(weight));
    Ok((path, weight.ok_or_else(|| Error::new(format!("invalid weight for device: {text}")).code(code::BAD_LIMIT))?))
}

/// The device's number as the kernel's files have it, `MAJOR:MINOR`. It is asked for at each start: after a reboot a disk
/// may have another one.
///
/// # Errors
/// When nothing is there, or what is there is no block device.
pub(crate) fn number(path: &str) -> Result<String> {
    let tried = || format!("could not parse throttle device at {path}");
    let found = stat(Path::new(path)).map_err(|errno| Error::os(tried(), errno))?;
    match FileType::from_raw_mode(found.st_mode) {
        FileType::BlockDevice => Ok(format!("{}:{}", major(found.st_rdev), minor(found.st_rdev))),
        _ => Err(Error::because(tried(), "it is no block device").code(code::NO_DEVICE)),
    }
}

/// Docker's weight (10 to 1000) as the kernel's (1 to 10000), on a straight line as the OCI runtimes draw it.
pub(crate) fn weight(weight: u16) -> u64 {
    1 + (u64::from(weight.clamp(10, 1000)) - 10) * 9999 / 990
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_and_what_it_may() {
        assert_eq!(bytes("/dev/sda:1mb"), Ok(("/dev/sda", 1 << 20)));
        assert_eq!(times("/dev/sda:50"), Ok(("/dev/sda", 50)));
        assert_eq!(share("/dev/sda:50"), Ok(("/dev/sda", 50)));
        let error = |result: Result<_>| result.map_err(|error: Error| error.to_string()).unwrap_err();
        assert_eq!(error(bytes("/dev/sda").map(drop)), "bad format: /dev/sda");
        assert_eq!(error(bytes("sda:1mb").map(drop)), "bad format for device path: sda:1mb");
        assert!(error(bytes("/dev/sda:x").map(drop)).starts_with("invalid rate for device: /dev/sda:x. "));
        assert!(error(times("/dev/sda:1mb").map(drop)).ends_with("<number>. Number must be a positive integer"));
        assert_eq!(error(share("/dev/sda:9").map(drop)), "invalid weight for device: /dev/sda:9");
    }

    #[test]
    fn a_number_is_a_block_devices() {
        let error = |path| number(path).unwrap_err().to_string();
        assert_eq!(
            error("/dev/not-there"),
            "could not parse throttle device at /dev/not-there: No such file or directory"
        );
        assert_eq!(error("/dev/null"), "could not parse throttle device at /dev/null: it is no block device");
    }

    #[test]
    fn weights_keep_their_ends() {
        assert_eq!([10, 500, 1000, 5].map(weight), [1, 4950, 10_000, 1]);
    }
}

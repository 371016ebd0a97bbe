//! The flags of limits, with Podman's names and meanings.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::error::EXIT_CANNOT_EXECUTE;
use process::{Error, Result, code};

use crate::{DeviceLimits, DeviceRule, Limits, io, size};

/// Adds the flags to a verb.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    let flag = |name, value, help| Arg::new(name).long(name).value_name(value).help(help);
    let switch = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let list = |name, value, help| flag(name, value, help).action(ArgAction::Append);
    command
        .arg(flag("memory", "SIZE", "How much memory it may use (b, k, m, g)").short('m'))
        .arg(
            flag("memory-swap", "SIZE", "How much memory and swap together; -1 for any amount")
                .allow_hyphen_values(true),
        )
        .arg(flag("memory-reservation", "SIZE", "How much memory it keeps when it gets short"))
        .arg(flag("cpus", "NUMBER", "How many processors' time it may use").value_parser(value_parser!(f64)))
        .arg(
            flag("cpu-shares", "SHARES", "Its share of the processors beside others; everybody has 1024")
                .short('c')
                .value_parser(value_parser!(u64)),
        )
        .arg(
            flag("cpu-quota", "MICROSECONDS", "How much processor time it may use in a period")
                .allow_hyphen_values(true)
                .value_parser(value_parser!(i64)),
        )
        .arg(flag("cpu-period", "MICROSECONDS", "That period").value_parser(value_parser!(u64)))
        .arg(flag("cpuset-cpus", "LIST", "On which processors it may run (0-3, 0,1)"))
        .arg(flag("cpuset-mems", "LIST", "From which memory nodes it may take memory (0-3, 0,1)"))
        .arg(
            flag("pids-limit", "NUMBER", "How many processes it may have; -1 for any number [default: 2048]")
                .allow_hyphen_values(true)
                .value_parser(value_parser!(i64)),
        )
        .arg(
            flag("memory-swappiness", "NUMBER", "Has no place in cgroup v2; -1 is not to ask for it")
                .allow_hyphen_values(true)
                .value_parser(value_parser!(i64)),
        )
        .arg(switch("oom-kill-disable", "Has no place in cgroup v2"))
        .arg(
            flag(
                "oom-score-adj",
                "NUMBER",
                "How willingly it is ended when the system has no memory left, -1000 to 1000",
            )
            .allow_hyphen_values(true)
            .value_parser(value_parser!(i16).range(-1000..=1000)),
        )
        .arg(flag("cpu-rt-period", "MICROSECONDS", "Has no effect in cgroup v2").value_parser(value_parser!(u64)))
        .arg(flag("cpu-rt-runtime", "MICROSECONDS", "Has no effect in cgroup v2").value_parser(value_parser!(i64)))
        .arg(flag("blkio-weight", "WEIGHT", "Its share of the disks beside others, 10 to 1000"))
        .arg(list("blkio-weight-device", "DEVICE:WEIGHT", "Its share of one disk"))
        .arg(list("device-read-bps", "DEVICE:RATE", "How many bytes a second it may read from a disk (kb, mb, gb)"))
        .arg(list("device-write-bps", "DEVICE:RATE", "How many bytes a second it may write to a disk"))
        .arg(list("device-read-iops", "DEVICE:RATE", "How often a second it may read from a disk"))
        .arg(list("device-write-iops", "DEVICE:RATE", "How often a second it may write to a disk"))
        .arg(list(
            "device-cgroup-rule",
            "TYPE MAJOR:MINOR ACCESS",
            "Further devices that it may use, as \"c 188:* rwm\"; for root only",
        ))
        .arg(
            flag("cgroup-conf", "FILE=VALUE", "Another file of its cgroup, and what to write to it")
                .action(ArgAction::Append),
        )
        .arg(flag("cgroup-parent", "SLICE", "The slice of systemd's, or the path, in which its cgroup is"))
        .arg(flag("cgroupns", "MODE", "What it sees of cgroups: private, its own; host, all; container:NAME or ns:PATH, as that one [default: private]"))
        .arg(
            flag("cgroups", "MODE", "Whether it has a cgroup of its own, and where")
                .value_parser(["enabled", "disabled", "no-conmon", "split"])
                .default_value("enabled")
                .hide_possible_values(false),
        )
}

impl Limits {
    /// What the flags ask for.
    ///
    /// # Errors
    /// Podman's words for what is no size, and for what makes no sense together.
    pub fn from_arguments(matches: &ArgMatches) -> Result<Limits> {
        let text = |name| matches.get_one::<String>(name).filter(|text| !text.is_empty());
        // Nothing is no limit.
        let number = |name| matches.get_one::<u64>(name).copied().filter(|number| *number != 0);
        let bytes = |name| match text(name).map(|text| size::parse(text)).transpose() {
            Ok(bytes) => Ok(bytes.filter(|bytes| *bytes != 0)),
            Err(error) => Err(invalid(name, &error)),
        };
        let mut limits = Limits {
            memory: bytes("memory")?,
            memory_swap: swap(text("memory-swap"))?,
            memory_reservation: bytes("memory-reservation")?,
            cpu_shares: number("cpu-shares"),
            cpu_quota: matches.get_one("cpu-quota").copied().filter(|quota| *quota != 0),
            cpu_period: number("cpu-period"),
            cpuset_cpus: text("cpuset-cpus").cloned(),
            cpuset_mems: text("cpuset-mems").cloned(),
            pids: matches.get_one("pids-limit").copied(),
            blkio_weight: text("blkio-weight").map(|text| blkio_weight(text)).transpose()?,
            devices: devices(matches)?,
            device_rules: rules(matches)?,
            oom_score_adj: matches.get_one("oom-score-adj").copied(),
            realtime_period: number("cpu-rt-period"),
            realtime_runtime: matches.get_one("cpu-rt-runtime").copied().filter(|runtime| *runtime != 0),
            ..Limits::default()
        };
        if matches.get_one::<i64>("memory-swappiness").is_some_and(|number| *number != -1) {
            return Err(Error::new("cannot set memory swappiness with cgroup v2")
                .code(code::ENDED_WITH_V1)
                .exit(EXIT_CANNOT_EXECUTE));
        }
        if matches.get_flag("oom-kill-disable") {
            return Err(Error::new("cannot disable OOM killer with cgroup v2")
                .code(code::ENDED_WITH_V1)
                .exit(EXIT_CANNOT_EXECUTE));
        }
        let cpus = matches.get_one("cpus").copied().filter(|cpus| *cpus != 0.0);
        if let Some(cpus) = cpus {
            for (set, flag) in [(limits.cpu_period.is_some(), "period"), (limits.cpu_quota.is_some(), "quota")] {
                if set {
                    return Err(
                        Error::new(format!("--cpu-{flag} and --cpus cannot be set together")).code(code::CONFLICT)
                    );
                }
            }
            limits.set_cpus(cpus)?;
        }
        for pair in matches.get_many::<String>("cgroup-conf").into_iter().flatten() {
            let Some((file, value)) = pair.split_once('=') else {
                return Err(Error::new("--cgroup-conf must be formatted KEY=VALUE").code(code::BAD_VALUE));
            };
            limits.files.insert(file.into(), value.into());
        }
        limits.check()?;
        Ok(limits)
    }
}

fn swap(text: Option<&String>) -> Result<Option<i64>> {
    match text.map(String::as_str) {
        None => Ok(None),
        Some("-1") => Ok(Some(-1)),
        Some(text) => match size::parse(text) {
            Ok(bytes) => Ok(i64::try_from(bytes).ok().filter(|bytes| *bytes != 0)),
            Err(error) => Err(invalid("memory-swap", &error)),
        },
    }
}

fn blkio_weight(text: &str) -> Result<u16> {
    text.parse().map_err(|error: std::num::ParseIntError| invalid("blkio-weight", &error.to_string()))
}

/// What was said of single disks, each time it was said. Each has to be there now.
fn devices(matches: &ArgMatches) -> Result<BTreeMap<String, DeviceLimits>> {
    let mut devices: BTreeMap<String, DeviceLimits> = BTreeMap::new();
    let many = |name| matches.get_many::<String>(name).into_iter().flatten();
    for text in many("blkio-weight-device") {
        let (path, weight) = io::share(text)?;
        devices.entry(path.into()).or_default().weight = Some(weight);
    }
    for text in many("device-read-bps") {
        let (path, rate) = io::bytes(text)?;
        devices.entry(path.into()).or_default().read_bps = Some(rate);
    }
    for text in many("device-write-bps") {
        let (path, rate) = io::bytes(text)?;
        devices.entry(path.into()).or_default().write_bps = Some(rate);
    }
    for text in many("device-read-iops") {
        let (path, rate) = io::times(text)?;
        devices.entry(path.into()).or_default().read_iops = Some(rate);
    }
    for text in many("device-write-iops") {
        let (path, rate) = io::times(text)?;
        devices.entry(path.into()).or_default().write_iops = Some(rate);
    }
    devices.keys().try_for_each(|path| io::number(path).map(drop))?;
    Ok(devices)
}

/// Only the whole system's root can have the kernel ask them.
fn rules(matches: &ArgMatches) -> Result<Vec<DeviceRule>> {
    let texts = matches.get_many::<String>("device-cgroup-rule").into_iter().flatten();
    let rules = texts.map(|text| DeviceRule::parse(text)).collect::<Result<Vec<_>>>()?;
    match rules.is_empty() || namespaces::itself::caller() == 0 {
        true => Ok(rules),
        false => Err(Error::new("device cgroup rules are not supported in rootless mode or in a user namespace")
            .code(code::OTHER_CALLER)),
    }
}

fn invalid(name: &str, error: &str) -> Error {
    Error::because(format!("invalid value for {name}"), error).code(code::BAD_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(words: &[&str]) -> Result<Limits, String> {
        let matches = arguments(clap::Command::new("run")).try_get_matches_from([&["run"], words].concat()).unwrap();
        Limits::from_arguments(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn all_of_them() {
        let words = "-m 64m --memory-swap -1 --memory-reservation 32m -c 512 --cpu-quota 5000 --cpu-period 10000 \
                     --cpuset-cpus 0-1 --cpuset-mems 0 --pids-limit -1 --oom-score-adj -5 --cgroup-conf memory.oom.group=1";
        let expected = Limits {
            memory: Some(64 << 20),
            memory_swap: Some(-1),
            memory_reservation: Some(32 << 20),
            cpu_shares: Some(512),
            cpu_quota: Some(5000),
            cpu_period: Some(10_000),
            cpuset_cpus: Some("0-1".into()),
            cpuset_mems: Some("0".into()),
            pids: Some(-1),
            oom_score_adj: Some(-5),
            files: [("memory.oom.group".into(), "1".into())].into(),
            ..Limits::default()
        };
        assert_eq!(limits(&words.split_whitespace().collect::<Vec<_>>()), Ok(expected));
        assert_eq!(limits(&["--cpus", "0.5"]).map(|limits| limits.cpus()), Ok(Some(0.5)));
        let nothing = ["-m", "0", "--cpus", "0", "-c", "0", "--memory-swappiness", "-1"];
        assert_eq!(limits(&nothing), Ok(Limits::default()));
    }

    #[test]
    fn what_is_wrong_is_said_in_podmans_words() {
        for (words, answer) in [
            (&["-m", "12x"][..], "invalid value for memory: invalid size: '12x'"),
            (
                &["--memory-swap", "12m"],
                "you should always set a memory limit when using a memoryswap limit, see usage",
            ),
            (
                &["-m", "2m", "--memory-swap", "1m"],
                "minimum memoryswap limit should be larger than memory limit, see usage",
            ),
            (&["--cpus", "1", "--cpu-period", "1000"], "--cpu-period and --cpus cannot be set together"),
            (&["--cpus", "1", "--cpu-quota", "1000"], "--cpu-quota and --cpus cannot be set together"),
            (&["--cgroup-conf", "memory.high"], "--cgroup-conf must be formatted KEY=VALUE"),
            (&["--cgroup-conf", "a/b.c=1"], "\"a/b.c\" is no file of a cgroup"),
            (&["--memory-swappiness", "50"], "cannot set memory swappiness with cgroup v2"),
            (&["--oom-kill-disable"], "cannot disable OOM killer with cgroup v2"),
            (&["--blkio-weight", "5"], "range of blkio weight is from 10 to 1000"),
            (&["--blkio-weight", "x"], "invalid value for blkio-weight: invalid digit found in string"),
            (&["--device-read-bps", "/dev/sda"], "bad format: /dev/sda"),
            (
                &["--device-write-iops", "/dev/not-there:5"],
                "could not parse throttle device at /dev/not-there: No such file or directory",
            ),
            (&["--device-cgroup-rule", "x 1:3 r"], "invalid device type in device-access-add: x"),
        ] {
            assert_eq!(limits(words), Err(answer.to_owned()), "{words:?}");
        }
    }
}

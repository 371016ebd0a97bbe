//! `update ID`: other limits for a container that is there.

use std::io::{Read, Write};
use std::path::Path;

use cgroups::{Cgroup, Limits, parse_size};
use clap::{Arg, ArgMatches, value_parser};
use oci_spec::runtime::{LinuxDeviceCgroup, LinuxResources};
use process::{Command, Error, Result, code};

use crate::options::{self, given, given_id};
use crate::record::{CONFIG, Status};
use crate::store::Store;
use crate::{bundle, globals, resources, unsupported};

/// The verb.
pub const UPDATE: Command = Command { name: "update", about: "Change the limits of a container", define, run };

/// Nobody's limit is as high: the kernel takes it for `max`.
const UNLIMITED: u64 = u64::MAX;

fn define(command: clap::Command) -> clap::Command {
    let number = |name: &'static str, word: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(word).allow_negative_numbers(true).help(help)
    };
    let whole = |arg: Arg| arg.value_parser(value_parser!(i64));
    let list = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("LIST").help(help);
    options::id(command)
        .arg(
            options::path("resources", "FILE", "All of them, as linux.resources of a document; - is standard input")
                .short('r'),
        )
        .arg(number("memory", "BYTES", "How much memory it may use (k, m, g); -1 is any amount"))
        .arg(number("memory-reservation", "BYTES", "How much it keeps when memory is short"))
        .arg(number("memory-swap", "BYTES", "Memory and swap together; -1 is any amount of swap"))
        .arg(number("cpus", "NUMBER", "How many processors").value_parser(value_parser!(f64)))
        .arg(whole(number("cpu-quota", "MICROSECONDS", "Processor time in a period; -1 is as much as there is")))
        .arg(whole(number("cpu-period", "MICROSECONDS", "That period")))
        .arg(whole(number("cpu-burst", "MICROSECONDS", "How much of a quota it may save")))
        .arg(
            whole(number("cpu-share", "NUMBER", "Its share of the processors beside others: 1024 is everybody's"))
                .alias("cpu-shares"),
        )
        .arg(whole(number("cpu-idle", "0|1", "Whether it runs only when nobody else wants to")))
        .arg(list("cpuset-cpus", "Which processors"))
        .arg(list("cpuset-mems", "Memory of which nodes"))
        .arg(whole(number("pids-limit", "NUMBER", "How many processes and threads; -1 is any number")))
        .arg(whole(number("blkio-weight", "NUMBER", "Its share of the disks beside others, 10 to 1000")))
        .arg(whole(number("cpu-rt-period", "MICROSECONDS", "Refused: cgroup v2 has no such limit")))
        .arg(whole(number("cpu-rt-runtime", "MICROSECONDS", "Refused: cgroup v2 has no such limit")))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(update(matches))
}

// ANCHOR: update
fn update(matches: &ArgMatches) -> Result<u8> {
    let id = given_id(matches);
    let locked = Store::open()?.place(id)?.lock()?;
    let record = locked.place().read()?;
    record.status(locked.place()).demand(&[Status::Created, Status::Running, Status::Paused], "update", id)?;
    let limits = asked(matches)?;
    let cgroup = record.cgroup().ok_or_else(|| {
        Error::new(format!("cannot update container {id}: it has no cgroup of its own"))
            .code(code::NO_DELEGATION)
            .hint("this needs cgroup v2, and linux.cgroupsPath or a limit in the container's configuration")
    })?;
    let limits = completed(limits, &cgroup);
    limits.check()?;
    cgroup.update(&limits)?;
    Ok(0)
}
// ANCHOR_END: update

/// Those of the document that was given, and what the flags say instead.
fn asked(matches: &ArgMatches) -> Result<Limits> {
    let mut limits = match given(matches, "resources") {
        None => Limits::default(),
        Some(path) => of_document(path, given_id(matches))?,
    };
    let number = |name: &str| matches.get_one::<i64>(name).copied();
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    for name in ["cpu-rt-period", "cpu-rt-runtime"] {
        if number(name).is_some_and(|number| number != 0) {
            return Err(Error::new(format!("--{name}: cgroup v2 has no such limit")).code(code::ENDED_WITH_V1));
        }
    }
    let positive = |name: &str| match number(name).map(u64::try_from) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => Err(Error::new(format!("--{name}: less than 0")).code(code::BAD_LIMIT)),
    };
    limits.memory = bytes("memory", text("memory"))?.or(limits.memory);
    limits.memory_reservation = bytes("memory-reservation", text("memory-reservation"))?.or(limits.memory_reservation);
    if let Some(swap) = bytes("memory-swap", text("memory-swap"))? {
        limits.memory_swap = Some(i64::try_from(swap).unwrap_or(-1));
    }
    if let Some(cpus) = matches.get_one::<f64>("cpus") {
        limits.set_cpus(*cpus)?;
    }
    limits.cpu_quota = number("cpu-quota").or(limits.cpu_quota);
    limits.cpu_period = positive("cpu-period")?.or(limits.cpu_period);
    limits.cpu_shares = positive("cpu-share")?.or(limits.cpu_shares);
    limits.cpuset_cpus = text("cpuset-cpus").or(limits.cpuset_cpus);
    limits.cpuset_mems = text("cpuset-mems").or(limits.cpuset_mems);
    // None at all would be no container: its own is one.
    limits.pids = number("pids-limit").map(|most| if most == 0 { 1 } else { most }).or(limits.pids);
    if let Some(weight) = positive("blkio-weight")? {
        limits.blkio_weight = Some(u16::try_from(weight).unwrap_or(u16::MAX));
    }
    for (name, file) in [("cpu-burst", "cpu.max.burst"), ("cpu-idle", "cpu.idle")] {
        limits.files.extend(number(name).map(|number| (file.to_owned(), number.to_string())));
    }
    Ok(limits)
}

fn of_document(path: &Path, id: &str) -> Result<Limits> {
    let text = match path == Path::new("-") {
        false => bundle::text(path)?,
        true => {
            let mut text = Vec::new();
            let read = std::io::stdin().take(bundle::LIMIT).read_to_end(&mut text);
            read.map_err(|error| Error::os("read standard input", error))?;
            text
        }
    };
    let resources: LinuxResources = serde_json::from_slice(&text)
        .map_err(|error| Error::because(format!("parse {}", path.display()), error).code(code::BAD_CONFIGURATION))?;
    unsupported::refuse_limits(&resources)?;
    // Podman says all again that it has said, also what is not to change.
    let asked: Vec<_> = resources.devices().iter().flatten().collect();
    if !asked.is_empty() && !asked.iter().all(|rule| devices(id).is_ok_and(|known| known.contains(rule))) {
        return Err(Error::new("the devices of a container cannot be changed").code(code::CONFIGURATION_NOT_DONE));
    }
    let mut limits = resources::limits(&resources, false)?;
    if let Some(memory) = resources.memory() {
        let any = |bytes: Option<i64>| bytes.is_some_and(|bytes| bytes < 0).then_some(UNLIMITED);
        limits.memory = limits.memory.or(any(memory.limit()));
        limits.memory_reservation = limits.memory_reservation.or(any(memory.reservation()));
    }
    Ok(limits)
}

/// What the container's own document says of devices.
fn devices(id: &str) -> Result<Vec<LinuxDeviceCgroup>> {
    let (spec, _) = bundle::read(&Store::open()?.place(id)?.file(CONFIG))?;
    let resources = spec.linux().as_ref().and_then(|linux| linux.resources().clone());
    Ok(resources.and_then(|resources| resources.devices().clone()).unwrap_or_default())
}

fn bytes(name: &str, text: Option<String>) -> Result<Option<u64>> {
    match text.as_deref() {
        None => Ok(None),
        Some("-1") => Ok(Some(UNLIMITED)),
        Some(text) => {
            parse_size(text).map(Some).map_err(|error| Error::because(format!("--{name}"), error).code(code::BAD_LIMIT))
        }
    }
}

/// With those that belong together: the kernel has one file for a quota and its period, and keeps swap apart from memory.
// ANCHOR: completed
fn completed(mut limits: Limits, cgroup: &Cgroup) -> Limits {
    let max = cgroup.text("cpu.max").unwrap_or_default();
    let (quota, period) = max.trim().split_once(' ').unwrap_or_default();
    if limits.cpu_quota.is_some() {
        limits.cpu_period = limits.cpu_period.or(period.parse().ok());
    } else if limits.cpu_period.is_some() {
        limits.cpu_quota = quota.parse().ok();
    }
    if limits.memory == Some(UNLIMITED) && limits.memory_swap.is_none() {
        // Who may use any amount of memory need not save it up in swap.
        limits.memory_swap = Some(-1);
    }
    if limits.memory_swap.is_some_and(|swap| swap > 0) && limits.memory.is_none() {
        limits.memory = cgroup.text("memory.max").and_then(|text| text.trim().parse().ok());
    }
    limits
}
// ANCHOR_END: completed

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(words: &[&str]) -> std::result::Result<Limits, String> {
        let matches =
            define(clap::Command::new("update")).try_get_matches_from([&["update"], words, &["box"]].concat());
        asked(&matches.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }

    #[test]
    fn flags() {
        let words = "--memory 50M --memory-swap -1 --memory-reservation -1 --cpu-quota -1 --cpu-period 9000 --cpu-share 200 \
                     --cpu-burst 5 --cpu-idle 1 --cpuset-cpus 0,2 --cpuset-mems 0 --pids-limit 0 --blkio-weight 20";
        let expected = Limits {
            memory: Some(50 << 20),
            memory_swap: Some(-1),
            memory_reservation: Some(UNLIMITED),
            cpu_quota: Some(-1),
            cpu_period: Some(9000),
            cpu_shares: Some(200),
            cpuset_cpus: Some("0,2".into()),
            cpuset_mems: Some("0".into()),
            pids: Some(1),
            blkio_weight: Some(20),
            files: [("cpu.max.burst".into(), "5".into()), ("cpu.idle".into(), "1".into())].into(),
            ..Limits::default()
        };
        assert_eq!(limits(&words.split_whitespace().collect::<Vec<_>>()), Ok(expected));
        assert_eq!(limits(&["--cpus", "1.5"]).map(|limits| limits.cpu_quota), Ok(Some(150_000)));
        for cpus in ["nan", "inf", "0", "0.000001"] {
            assert_eq!(
                limits(&["--cpus", cpus]),
                Err(format!("invalid number of processors: {cpus}").replace("nan", "NaN"))
            );
        }
        assert_eq!(limits(&["--cpu-rt-runtime", "5"]), Err("--cpu-rt-runtime: cgroup v2 has no such limit".into()));
        assert_eq!(limits(&["--memory", "x"]), Err("--memory: invalid size: 'x'".into()));
        assert_eq!(limits(&["--cpu-share", "-5"]), Err("--cpu-share: less than 0".into()));
    }
}

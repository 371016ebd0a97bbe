//! `events ID`: what a container uses, and when it has no memory left, in runc's words.

use std::io::Write;
use std::time::{Duration, Instant};

use cgroups::Cgroup;
use clap::{Arg, ArgMatches};
use process::{Command, Error, Result, code};
use serde_json::{Map, Value, json};

use crate::globals;
use crate::options::{self, given_id};
use crate::record::Status;
use crate::store::Store;

/// The verb.
pub const EVENTS: Command =
    Command { name: "events", about: "Show what a container uses, and when memory runs out", define, run };

/// How soon we see that the container has ended.
const LOOK: Duration = Duration::from_millis(200);

fn define(command: clap::Command) -> clap::Command {
    options::id(command).arg(options::flag("stats", "Only what it uses now")).arg(
        Arg::new("interval")
            .long("interval")
            .value_name("TIME")
            .default_value("5s")
            .value_parser(interval)
            .help("How often, such as 500ms, 5s, 1m"),
    )
}

/// A number and its unit.
fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time such as 500ms, 5s, 1m");
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let milliseconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    milliseconds.filter(|time| *time > 0).map(Duration::from_millis).ok_or_else(wrong)
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    globals::logged(events(matches, out))
}

// ANCHOR: events
fn events(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let id = given_id(matches);
    let place = Store::open()?.place(id)?;
    let record = place.read()?;
    let lives = [Status::Created, Status::Running, Status::Paused];
    record.status(&place).demand(&lives, "watch", id)?;
    let cgroup = record.cgroup().ok_or_else(|| {
        Error::new(format!("cannot watch container {id}: it has no cgroup of its own"))
            .code(code::NO_DELEGATION)
            .hint("this needs cgroup v2, and linux.cgroupsPath or a limit in the container's configuration")
    })?;
    if matches.get_flag("stats") {
        return tell(out, "stats", id, Some(statistics(&cgroup)?)).map(|()| 0);
    }
    let every = matches.get_one("interval").copied().unwrap_or(Duration::from_secs(5));
    let mut memory = cgroup.memory_events().ok();
    let mut killed = memory.as_ref().map_or(0, |events| events.get("oom_kill"));
    let mut next = Instant::now() + every;
    while lives.contains(&record.status(&place)) {
        let patience = next.saturating_duration_since(Instant::now()).min(LOOK);
        match &mut memory {
            Some(events) => drop(events.wait(patience, |events| events.get("oom_kill") != killed)?),
            None => std::thread::sleep(patience),
        }
        let now = memory.as_ref().map_or(0, |events| events.get("oom_kill"));
        if now > killed {
            killed = now;
            tell(out, "oom", id, None)?;
        }
        if Instant::now() >= next {
            next += every;
            // Gone meanwhile: then it has ended.
            if let Ok(statistics) = statistics(&cgroup) {
                tell(out, "stats", id, Some(statistics))?;
            }
        }
    }
    Ok(0)
}
// ANCHOR_END: events

/// One line each, as soon as it is known.
fn tell(out: &mut dyn Write, kind: &str, id: &str, data: Option<Value>) -> Result<()> {
    let mut event = json!({ "type": kind, "id": id });
    if let Some(data) = data {
        event["data"] = data;
    }
    writeln!(out, "{event}").and_then(|()| out.flush()).map_err(|error| Error::os("write to standard output", error))
}

/// Times in nanoseconds, sizes in bytes; without a limit it is the highest number.
fn statistics(cgroup: &Cgroup) -> Result<Value> {
    // The one file that is in every cgroup.
    let cpu = cgroup.fields("cpu.stat")?;
    let of = |fields: &[(String, u64)], key: &str| {
        fields.iter().find(|(name, _)| name == key).map_or(0, |(_, value)| *value)
    };
    let time = |key| of(&cpu, key).saturating_mul(1000);
    let memory = cgroup.fields("memory.stat").unwrap_or_default();
    let number = |file: &str| cgroup.text(file).and_then(|text| text.trim().parse::<u64>().ok());
    let limit = |file: &str| number(file).unwrap_or(if cgroup.text(file).is_some() { u64::MAX } else { 0 });
    let (used, most) = (number("memory.current").unwrap_or(0), limit("memory.max"));
    let events = cgroup.fields("memory.events").unwrap_or_default();
    let raw: Map<String, Value> = memory.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let text = |file: &str| cgroup.text(file).map_or(Value::Null, |text| json!(text.trim()));
    Ok(json!({
        "cpu": {
            "usage": { "total": time("usage_usec"), "kernel": time("system_usec"), "user": time("user_usec") },
            "throttling": {
                "periods": of(&cpu, "nr_periods"),
                "throttledPeriods": of(&cpu, "nr_throttled"),
                "throttledTime": time("throttled_usec"),
            },
        },
        "cpuset": { "cpus": text("cpuset.cpus.effective"), "mems": text("cpuset.mems.effective") },
        "memory": {
            "cache": of(&memory, "file"),
            "usage": { "limit": most, "usage": used, "max": number("memory.peak").unwrap_or(0), "failcnt": of(&events, "max") },
            "swap": {
                "limit": limit("memory.swap.max").saturating_add(most),
                "usage": number("memory.swap.current").unwrap_or(0) + used,
                "failcnt": 0,
            },
            "raw": raw,
        },
        "pids": { "current": number("pids.current").unwrap_or(0), "limit": number("pids.max").unwrap_or(0) },
        "blkio": blkio(&cgroup.text("io.stat").unwrap_or_default()),
        "hugetlb": cgroup.huge_pages().into_iter().map(|(size, used, events)| {
            (size, json!({ "usage": used, "failcnt": events }))
        }).collect::<Map<_, _>>(),
    }))
}

/// Lines `MAJOR:MINOR rbytes=N wbytes=N rios=N wios=N ...`, each number an entry of its own.
fn blkio(text: &str) -> Value {
    const WORDS: [(&str, &str, &str); 4] = [
        ("rbytes", "ioServiceBytesRecursive", "Read"),
        ("wbytes", "ioServiceBytesRecursive", "Write"),
        ("rios", "ioServicedRecursive", "Read"),
        ("wios", "ioServicedRecursive", "Write"),
    ];
    let mut all = json!({ "ioServiceBytesRecursive": [], "ioServicedRecursive": [] });
    for line in text.lines() {
        let mut words = line.split(' ');
        let number = |text: &str| text.parse::<u64>().ok();
        let device = words.next().and_then(|word| word.split_once(':'));
        let Some((Some(major), Some(minor))) = device.map(|(major, minor)| (number(major), number(minor))) else {
            continue;
        };
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            let known = WORDS.iter().find(|(word, _, _)| *word == name);
            if let (Some((_, list, operation)), Some(list_value)) = (known, number(value))
                && let Some(entries) = all[*list].as_array_mut()
            {
                entries.push(json!({ "major": major, "minor": minor, "op": operation, "value": list_value }));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, milliseconds) in [("500ms", 500), ("5s", 5000), ("2m", 120_000), ("1h", 3_600_000)] {
            assert_eq!(interval(text), Ok(Duration::from_millis(milliseconds)));
        }
        for text in ["", "5", "s", "0s", "-1s", "1.5s", "5 s", "99999999999999999999s"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }

    #[test]
    fn disks() {
        let entry = |operation: &str, value: u64| json!({ "major": 8, "minor": 0, "op": operation, "value": value });
        let expected = json!({ "ioServiceBytesRecursive": [entry("Read", 4096), entry("Write", 7)], "ioServicedRecursive": [entry("Read", 1)] });
        assert_eq!(blkio("8:0 rbytes=4096 wbytes=7 rios=1 dbytes=5\n254:1\nx\n"), expected);
    }
}

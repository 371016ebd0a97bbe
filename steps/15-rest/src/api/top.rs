//! The processes of a container.

use std::fs;

use hyper::StatusCode;
use nix::unistd::{SysconfVar, sysconf};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::containers::find;
use super::{add, reference};
use crate::answer::{self, Answer, Failure};
use crate::call::Call;
use crate::routes::{Endpoint, Shape, handler};

pub(crate) const ENDPOINTS: &[Endpoint] = &[TOP, Endpoint { path: "/libpod/containers/{name}/top", ..TOP }];

const TOP: Endpoint = Endpoint {
    method: "GET",
    path: "/containers/{name}/top",
    about: "The processes of a container, as the host sees them",
    query: &[("ps_args", "Only -ef, which is the default"), ("stream", "Only once")],
    body: None,
    answer: (200, Shape::Document(reference::<Top>)),
    others: &[(404, "There is no such container"), (409, "It does not run")],
    handler: handler!(top),
};

/// A table.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ContainerTop)]
struct Top {
    titles: Vec<&'static str>,
    processes: Vec<Vec<String>>,
}

pub(super) fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
    add::<Top>(all);
}

async fn top(call: Call) -> Result<Answer, Failure> {
    if let Some(words) = call.query.get("ps_args").filter(|words| !["", "-ef"].contains(words)) {
        return Err(Failure::absent(format!("query parameter \"ps_args\" ({words:?})")));
    }
    let (record, status) = find(&call).await?;
    let Some(pid) = status.life.pid.filter(|_| status.is_running()) else {
        let text =
            format!("top can only be used on running containers: container {} is {}", record.id, status.phase.name());
        return Err(Failure::new(StatusCode::CONFLICT, text));
    };
    let processes = call.blocking(move |_| Ok(processes(pid))).await?;
    answer::ok(&Top { titles: vec!["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"], processes })
}

/// A line for each process that is in the same pid namespace as `first`.
// ANCHOR: top
fn processes(first: u32) -> Vec<Vec<String>> {
    let namespace = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let Some(ours) = namespace(first) else { return Vec::new() };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids.into_iter().filter(|pid| namespace(*pid).as_ref() == Some(&ours)).filter_map(line).collect()
}
// ANCHOR_END: top

fn line(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.to_string();
    let (name, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().and_then(|ticks| u64::try_from(ticks).ok()).unwrap_or(100);
    // proc_pid_stat(5): the fields from the third one on.
    let (cpu, begun) = ((number(11) + number(12)) / ticks, number(19) / ticks);
    let since = jiff::Timestamp::from_second(boot_time().saturating_add(begun.cast_signed())).ok()?;
    let since = since.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string();
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).trim_end_matches('\0').replace('\0', " ");
    let command = match command.is_empty() {
        true => format!("[{}]", name.split_once('(').map_or(name, |(_, name)| name)),
        false => command,
    };
    let terminal = if number(4) == 0 { "?".to_string() } else { format!("pts/{}", number(4) & 0xff) };
    let time = format!("{:02}:{:02}:{:02}", cpu / 3600, cpu / 60 % 60, cpu % 60);
    Some(vec![uid, pid.to_string(), fields.get(1)?.to_string(), "0".to_string(), since, terminal, time, command])
}

/// Seconds since 1970 at the machine's start.
fn boot_time() -> i64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok()).unwrap_or(0)
}

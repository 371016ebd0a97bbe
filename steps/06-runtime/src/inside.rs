//! The second of two processes: root, over mounts of its own. It makes the container.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;

use cgroups::{Cgroup, Place as Position};
use clap::{Arg, ArgMatches, value_parser};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::unistd::{geteuid, getpid, mkfifo};
use oci_spec::runtime::Hooks;
use process::{Child, Command, Console, Error, Held, Result, Setup, Stdio, code};

use crate::container::Making;
use crate::hooks::{self, Inside};
use crate::options::{self, given, given_id};
use crate::plan::Plan;
use crate::record::{CONFIG, REPORT, Record, Status, WORD};
use crate::store::{self, Place, Store};
use crate::who::Who;
use crate::{bundle, exec, globals, join, netdevice, resctrl, start};

/// The verb; only `create` and `run` start it.
pub const CONTAINER: Command = Command { name: "container", about: "", define, run };

fn define(command: clap::Command) -> clap::Command {
    options::id(command)
        .arg(options::path("pid-file", "FILE", ""))
        .arg(options::path("console-socket", "SOCKET", ""))
        .arg(Arg::new("preserve-fds").long("preserve-fds").value_parser(value_parser!(u32)))
        .arg(options::flag("no-pivot", ""))
        .arg(options::flag("hold", ""))
        .arg(options::flag("users", ""))
        .arg(options::flag("detach", ""))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(container(matches))
}

fn container(matches: &ArgMatches) -> Result<u8> {
    let id = given_id(matches);
    let place = Store::open()?.place(id)?;
    let mut record = match place.read() {
        Ok(record) if geteuid().is_root() && !record.ready => record,
        _ => {
            return Err(Error::new("container: only create and run start this verb, as root in a user namespace")
                .code(code::INTERNAL));
        }
    };
    // Whoever wants to end this has to end us.
    record.creator = Who::of(getpid());
    place.write(&record)?;
    let (spec, _) = bundle::read(&place.file(CONFIG))?;
    let mut plan = Plan::new(id, &spec, &record.bundle)?;
    if matches.get_flag("users") {
        plan.container.users = plan.users.take();
    }
    plan.open_namespaces()?;
    let position = position(id, &plan)?;
    record.cgroup = position.cgroup().map(|cgroup| cgroup.path().into());
    if plan.shares_mounts() {
        let root = &plan.container.rootfs.root;
        let root = root.canonicalize().map_err(|error| Error::os(format!("open {}", root.display()), error))?;
        record.mounted = Some((root.clone(), rootfs::table::depth(&root)?));
        globals::warn("the container has no mount namespace: what is mounted for it is mounted on the host");
    }
    if spec.linux().as_ref().is_some_and(|linux| linux.mount_label().is_some()) && !confinement::label::enabled() {
        globals::warn("the container's mounts have no label: this system has no SELinux");
    }
    if record.cgroup.is_some() || record.mounted.is_some() {
        // Whatever happens to us, somebody has to take that away.
        place.write(&record)?;
    }
    plan.container.confinement.meet(|| record.state(Status::Creating))?;
    let child = make(matches, &place, &mut record, &plan, &position)?;
    if matches.get_flag("hold") {
        child.leave();
        return Ok(0);
    }
    start::begin(&place)?;
    hooks::run_all("poststart", list(plan.hooks.poststart()), &record.state(Status::Running), &record.bundle);
    if matches.get_flag("detach") {
        child.leave();
        return Ok(0);
    }
    child.wait()
}

/// The cgroup, where the system has one for it: without limits a container runs anywhere.
// ANCHOR: position
pub(crate) fn position(id: &str, plan: &Plan) -> Result<Position> {
    let none = || Position::make(id, &limits_without(plan), &without());
    if !plan.limited {
        return none();
    }
    if !cgroups::available() {
        if !plan.limits.is_empty() {
            globals::warn("the container has no limits: this system has cgroup v1, and limits need cgroup v2");
        }
        return none();
    }
    match Position::make(id, &plan.limits, &plan.placement) {
        Err(_) if plan.limits.is_empty() => none(),
        position => position,
    }
}
// ANCHOR_END: position

fn without() -> cgroups::Placement {
    cgroups::Placement { mode: cgroups::Mode::Disabled, ..Default::default() }
}

fn limits_without(plan: &Plan) -> cgroups::Limits {
    cgroups::Limits { oom_score_adj: plan.limits.oom_score_adj, ..Default::default() }
}

/// Makes its first process, which waits for the word in the pipe [`WORD`].
// ANCHOR: make
fn make(matches: &ArgMatches, place: &Place, record: &mut Record, plan: &Plan, position: &Position) -> Result<Child> {
    let failed = |error: std::io::Error| Error::os(format!("make {}", place.file(WORD).display()), error);
    mkfifo(&place.file(WORD), Mode::S_IRUSR | Mode::S_IWUSR).map_err(|errno| failed(errno.into()))?;
    // Open for both: so it never ends, and whoever waits on it need not wait to open it.
    let word = OpenOptions::new().read(true).write(true).open(place.file(WORD)).map_err(failed)?;
    let report = File::create(place.file(REPORT)).map_err(failed)?;
    let console = console(matches, plan)?;
    let pids: Vec<_> = plan.joins.iter().filter(|join| join.kind == CloneFlags::CLONE_NEWPID).cloned().collect();
    join::enter(&pids)?;
    let bundle = record.bundle.clone();
    let state = record.state(Status::Creating);
    let of = |kind, hooks, directory| Inside { kind, hooks, state: state.clone(), directory, env: &[] };
    let mounted = of("createContainer", list(plan.hooks.create_container()), &bundle);
    // In the container what the program has is at hand.
    let env = plan.container.program.env.as_deref().unwrap_or_default();
    let started = Inside { env, ..of("startContainer", list(plan.hooks.start_container()), Path::new("/")) };
    let record = std::cell::RefCell::new(record);
    let parent = |pid| {
        let cgroup = position.settle(pid)?;
        let record = &mut *record.borrow_mut();
        record.init = Who::of(pid);
        if let Some(share) = &plan.share {
            record.shares = share.take(pid)?;
            // Whatever happens to us, somebody has to take that away.
            place.write(record).inspect_err(|_| resctrl::remove(&record.shares))?;
        }
        // To a namespace of others they were given while we were not in it.
        if plan.container.namespaces.contains(CloneFlags::CLONE_NEWNET) {
            netdevice::give(&plan.net_devices, Path::new(&format!("/proc/{pid}/ns/net")))?;
        }
        record.cgroup = cgroup.as_ref().map(|cgroup: &Cgroup| cgroup.path().into());
        // Before it is ready only hooks ask for its process, and whoever deletes it for the other two.
        match record.cgroup.is_some() || plan.hooks != Hooks::default() {
            true => place.write(record),
            false => Ok(()),
        }
    };
    let halfway = |_| {
        let state = record.borrow().state(Status::Creating);
        // They were to come after start once, and are told so.
        hooks::run("prestart", prestart(plan), &record.borrow().state(Status::Created), &bundle)?;
        hooks::run("createRuntime", list(plan.hooks.create_runtime()), &state, &bundle)
    };
    let lives_on = matches.get_flag("hold") || matches.get_flag("detach");
    let held = Held { word: word.as_fd(), report: report.as_fd(), setup: &started, lives_on };
    let created = plan.container.make(&Making {
        cgroup: position.directory(),
        parent: &parent,
        halfway: Some(&halfway),
        mounted: &mounted,
        born: plan.clocks.as_ref().map(|clocks| clocks as &dyn Setup),
        pivots: !matches.get_flag("no-pivot"),
        entered: &(plan.nodes.as_slice(), (&plan.domain, (plan.propagation, &plan.standing))),
        held: Some(held),
        keeps: matches.get_one("preserve-fds").copied().unwrap_or(0),
        ..Making::new(&console)
    })?;
    let record = record.into_inner();
    if let Some(path) = given(matches, "pid-file") {
        store::replace(path, created.pid().to_string().as_bytes())?;
    }
    record.ready = true;
    place.write(record)?;
    created.release()
}
// ANCHOR_END: make

/// A list that may be missing.
pub(crate) fn list(hooks: &Option<Vec<oci_spec::runtime::Hook>>) -> &[oci_spec::runtime::Hook] {
    hooks.as_deref().unwrap_or_default()
}

/// Deprecated since version 1.1 of the specification, and in use.
fn prestart(plan: &Plan) -> &[oci_spec::runtime::Hook] {
    list(plan.hooks.prestart())
}

/// The container's part of its terminal: the other end goes to whoever listens at the socket, or to who runs it.
fn console(matches: &ArgMatches, plan: &Plan) -> Result<Option<Console>> {
    let console = match given(matches, "console-socket") {
        None => Stdio { terminal: plan.terminal, interactive: true }.console()?,
        Some(path) => Some(exec::connect(path)?),
    };
    let sized = |console: Console| match plan.window {
        Some((rows, columns)) if rows > 0 && columns > 0 => console.size(rows, columns),
        _ => console,
    };
    Ok(console.map(|console| sized(console).owner(plan.container.confinement.user.uid)))
}

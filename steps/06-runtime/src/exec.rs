//! `exec ID COMMAND...`: another process in a container that runs.
//!
//! As with `run` there are two of us: the first keeps the terminal, the second, sealed, enters the container: nothing of ours
//! that the container could change is seen there.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Component, Path};

use cgroups::Cgroup;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use confinement::Confinement;
use namespaces::itself;
use nix::sched::CloneFlags;
use nix::unistd::Pid;
use oci_spec::runtime::Process;
use process::{Command, Console, Error, Program, Result, Setup, Start, Stdio, code};

use crate::affinity::Affinity;
use crate::options::{self, given, given_id};
use crate::record::{CONFIG, Record, Status};
use crate::store::{Place, Store};
use crate::{asked, bundle, globals, join, standing, translate};

/// The verb.
pub const EXEC: Command = Command { name: "exec", about: "Run a process in a running container", define, run };
/// The verb again, on the other side.
pub const INSIDE: Command = Command { name: "exec-inside", about: "", define, run: inside };

fn define(command: clap::Command) -> clap::Command {
    let command = asked::define(options::id(command));
    command
        .arg(options::path("process", "FILE", "What to run, as in process of a config.json").short('p'))
        .arg(options::flag("detach", "Do not wait for it").short('d'))
        .arg(options::path("pid-file", "FILE", "Write its number there"))
        .arg(options::path("console-socket", "SOCKET", "Send its terminal there"))
        .arg(options::path("cgroup", "PATH", "A cgroup below the container's, which has to be there"))
        .arg(options::preserve_fds())
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .help("The program and its arguments")
                .num_args(0..)
                .action(ArgAction::Append)
                .trailing_var_arg(true)
                .value_parser(value_parser!(String)),
        )
}

fn keeps(matches: &ArgMatches) -> u32 {
    matches.get_one::<u32>("preserve-fds").copied().unwrap_or(0)
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(exec(matches))
}

// ANCHOR: exec
fn exec(matches: &ArgMatches) -> Result<u8> {
    let (place, record) = running(given_id(matches))?;
    let process = wanted(matches, &place)?;
    let (detach, socket) = (matches.get_flag("detach"), given(matches, "console-socket"));
    let terminal = process.terminal().unwrap_or(false);
    match (terminal, socket) {
        (true, None) if detach => {
            return Err(Error::new("it has a terminal, and there is nobody to use it: --console-socket is missing")
                .code(code::NO_CONSOLE_SOCKET));
        }
        (false, Some(_)) => {
            return Err(Error::new("--console-socket is for a process with a terminal").code(code::NO_CONSOLE_SOCKET));
        }
        _ => {}
    }
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if let Some(verb) = args.iter_mut().skip(1).find(|word| *word == EXEC.name) {
        *verb = INSIDE.name.into();
    }
    let program = itself::program(args);
    // All of it goes into the container's cgroup, not only the program: who enters the container must not bring the way
    // there along, a directory of the host, or a line to its systemd.
    let entrance = cgroup(matches, &record)?.map(|cgroup| cgroup.entrance(true)).transpose()?.flatten();
    let initial = Affinity::initial(&process)?;
    let prepare = |pid| {
        initial.as_ref().map_or(Ok(()), |initial| initial.apply(pid))?;
        entrance.as_ref().map_or(Ok(()), |entrance| entrance.enter(pid))
    };
    let parent = (entrance.is_some() || initial.is_some()).then_some(&prepare as &dyn Fn(Pid) -> Result<()>);
    let start = Start { parent, lives_on: detach, keeps: keeps(matches), ..Start::new(&program, &()) };
    let stdio = Stdio { terminal: terminal && socket.is_none(), interactive: true };
    let status = stdio.run_through(&start);
    if let (Some(path), true) = (given(matches, "pid-file"), detach && !matches!(status, Ok(0))) {
        let _ = fs::remove_file(path);
    }
    status
}
// ANCHOR_END: exec

/// The container's cgroup, or the one below it that was asked for.
fn cgroup(matches: &ArgMatches, record: &Record) -> Result<Option<Cgroup>> {
    let Some(below) = given(matches, "cgroup") else { return Ok(record.cgroup()) };
    let failed = |why: &str| Error::because(format!("--cgroup {}", below.display()), why).code(code::BAD_VALUE);
    let below = below.strip_prefix("/").unwrap_or(below);
    if below.as_os_str().is_empty() {
        return Ok(record.cgroup());
    }
    let own = record.cgroup().ok_or_else(|| failed("the container has no cgroup of its own"))?;
    if !below.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(failed("it leads out of the container's cgroup"));
    }
    Cgroup::open(&own.path().join(below)).map(Some).ok_or_else(|| failed("there is no such cgroup"))
}

/// The container, which has to run.
fn running(id: &str) -> Result<(Place, Record)> {
    let place = Store::open()?.place(id)?;
    let record = place.read()?;
    record.status(&place).demand(&[Status::Created, Status::Running], "exec in", id)?;
    Ok((place, record))
}

/// The process of the document that was given, or of the container's own; and what the flags change.
fn wanted(matches: &ArgMatches, place: &Place) -> Result<Process> {
    let process = match given(matches, "process") {
        Some(path) => serde_json::from_slice(&bundle::text(path)?).map_err(|error| {
            Error::because(format!("parse {}", path.display()), error).code(code::BAD_CONFIGURATION)
        })?,
        None => {
            let own = bundle::read(&place.file(CONFIG))?.0.process().clone();
            let mut process = own.ok_or_else(|| translate::missing("process"))?;
            // Those are the container's: its terminal, its program.
            process.set_terminal(None).set_args(None);
            process
        }
    };
    asked::apply(matches, process)
}

fn inside(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(enter(matches))
}

// ANCHOR: inside
fn enter(matches: &ArgMatches) -> Result<u8> {
    let (place, record) = running(given_id(matches))?;
    let process = wanted(matches, &place)?;
    let spec = bundle::read(&place.file(CONFIG))?.0;
    let linux = spec.linux().as_ref().ok_or_else(|| translate::missing("linux"))?;
    let confined = translate::confinement(&process, linux)?;
    // The paths are hidden in the container's mounts already.
    let mut confined = Confinement { masked: Vec::new(), readonly: Vec::new(), ..confined };
    confined.meet(|| record.state(record.status(&place)))?;
    let program: Program = translate::program(&process)?;
    let console = console(matches, &process)?.map(|console| console.owner(confined.user.uid));
    let init = record.init.ok_or_else(|| translate::missing("process"))?;
    // All this is opened while the host's files are ours to see.
    let pid_file = given(matches, "pid-file")
        .map(|path| File::create(path).map_err(|error| Error::os(format!("create {}", path.display()), error)));
    let mut pid_file = pid_file.transpose()?;
    let joined = join::of_process(init)?;
    // Who is in our mount namespace has a root of its own nevertheless.
    let root = File::open(format!("/proc/{}/root", init.pid))
        .map_err(|error| Error::os("open the container's root", error))?;
    let shares_mounts = !joined.kinds().contains(CloneFlags::CLONE_NEWNS);
    // From the moment that we are in there, its root could look at us.
    process::secret::memory()?;
    process::secret::environment();
    joined.enter(&join::become_root)?;
    drop(joined);
    if shares_mounts {
        rootfs::kernel::change_root(root.as_fd()).map_err(|errno| Error::os("enter the container's root", errno))?;
    }
    drop(root);
    // From here on all paths are the container's.
    let detach = matches.get_flag("detach");
    let standing = standing::standing(&process, linux)?;
    let setup: (&dyn Setup, _) = (&console, (Affinity::last(&process)?, (&standing, &confined)));
    let tell = |pid| confined.tell(pid);
    let parent = confined.agent.is_some().then_some(&tell as &dyn Fn(Pid) -> Result<()>);
    let start = Start { parent, lives_on: detach, keeps: keeps(matches), ..Start::new(&program, &setup) };
    let child = start.start()?;
    if let Some(file) = &mut pid_file {
        write!(file, "{}", child.pid()).map_err(|error| Error::os("write the pid file", error))?;
    }
    if detach {
        child.leave();
        return Ok(0);
    }
    child.wait()
}
// ANCHOR_END: inside

fn console(matches: &ArgMatches, process: &Process) -> Result<Option<Console>> {
    let terminal = process.terminal().unwrap_or(false);
    let Some(path) = given(matches, "console-socket") else {
        return Stdio { terminal, interactive: true }.console();
    };
    let sized = process.console_size().and_then(|size| {
        Some((u16::try_from(size.height()).ok()?, u16::try_from(size.width()).ok()?)).filter(|size| *size != (0, 0))
    });
    let console = connect(path)?;
    Ok(Some(match sized {
        Some((rows, columns)) => console.size(rows, columns),
        None => console,
    }))
}

/// The terminal goes to whoever listens at this socket.
pub(crate) fn connect(path: &Path) -> Result<Console> {
    let socket = UnixStream::connect(path);
    let socket =
        socket.map_err(|error| Error::os(format!("connect to the console socket {}", path.display()), error))?;
    Ok(Console::through(socket.into()))
}

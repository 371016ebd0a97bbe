//! `exec CONTAINER COMMAND...`: another process in a container that runs.
//!
//! As with `run`, the one that the user started keeps the terminal; its child is this program again, sealed and root in
//! the user's namespace, and that one enters the container: nothing of ours that a container could change is seen there.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches};
use confinement::Confinement;
use namespaces::itself;
use nix::unistd::Pid;
use process::{Child, Command, Console, Error, Program, Result, Setup, Start, Stdio, code};
use rootfs::beneath::Root;

use crate::environment::{self, Environment};
use crate::foreign::{self, Foreign};
use crate::join::Join;
use crate::{Engine, Record, Status, agent, compose, names, orphans, user};

/// The verb.
pub const EXEC: Command = Command { name: "exec", about: "Run a process in a running container", define, run };
/// The verb again, on the other side.
pub const INSIDE: Command = Command { name: "exec-inside", about: "", define, run: inside };

/// Podman's status when there is no running container to do it in.
const NOT_RUNNING: u8 = 255;

fn define(command: clap::Command) -> clap::Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let value = |name: &'static str, word: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(word).help(help)
    };
    Stdio::arguments(images::root_argument(command))
        .arg(flag("detach", "Do not wait for it").short('d'))
        .arg(flag("privileged", "It may do what root may"))
        .arg(value("env", "NAME=VALUE", "Set an environment variable").short('e').action(ArgAction::Append))
        .arg(value("env-file", "FILE", "Set the variables in FILE").action(ArgAction::Append))
        .arg(value("user", "USER[:GROUP]", "The user, by name or number").short('u'))
        .arg(value("workdir", "DIR", "The directory to start in").short('w'))
        .arg(
            Arg::new("words")
                .value_names(["CONTAINER", "COMMAND"])
                .help("The container, the program and its arguments")
                .required(true)
                .num_args(1..)
                .trailing_var_arg(true),
        )
}

fn words(matches: &ArgMatches) -> Result<(String, Vec<String>)> {
    let mut words = matches.get_many::<String>("words").into_iter().flatten().cloned();
    let container = words.next().unwrap_or_default();
    let command: Vec<String> = words.collect();
    match command.is_empty() {
        false => Ok((container, command)),
        true => Err(Error::new("must provide a non-empty command to start an exec session: invalid argument")
            .code(code::NO_COMMAND)),
    }
}

/// The container, which has to run.
fn running(engine: &Engine, name: &str) -> Result<(Record, Status)> {
    let record = engine.find(name)?;
    let status = engine.status(&record)?;
    match status.is_running() {
        true => Ok((record, status)),
        false => Err(Error::new("can only create exec sessions on running containers: container state improper")
            .code(code::NOT_RUNNING)
            .exit(NOT_RUNNING)),
    }
}

// ANCHOR: exec
fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let (name, _) = words(matches)?;
    let engine = Engine::from_arguments(matches)?;
    let (record, status) = running(&engine, &name)?;
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if let Some(verb) = args.iter_mut().skip(1).find(|word| *word == EXEC.name) {
        *verb = INSIDE.name.into();
    }
    let program = itself::program(args);
    let join = Join::monitor(status.life.monitor)?;
    let detach = matches.get_flag("detach");
    // All of it goes into the container's cgroup, not only the program: who is about to enter the container must not bring
    // the way there along, a directory of the host, or a line to its systemd.
    let cgroup = status.life.cgroup.as_deref().and_then(|path| cgroups::Cgroup::open(Path::new(path)));
    let limited = !record.options.limits.is_empty();
    let entrance = cgroup.map(|cgroup| cgroup.entrance(limited)).transpose()?.flatten();
    let enter = entrance.as_ref().map(|entrance| move |pid| entrance.enter(pid));
    let parent = enter.as_ref().map(|enter| enter as &dyn Fn(Pid) -> Result<()>);
    let start = Start { parent, lives_on: detach, ..Start::new(&program, &join) };
    engine.event("exec", &record, &[]);
    if !detach {
        return Stdio::from_arguments(matches).run_through(&start);
    }
    let started = Stdio { terminal: false, interactive: false }.run(&start)?;
    if started == 0 {
        writeln!(out, "{}", names::id()?).map_err(|error| Error::os("write to standard output", error))?;
    }
    Ok(started)
}
// ANCHOR_END: exec

// ANCHOR: inside
fn inside(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let (name, command) = words(matches)?;
    process::secret::memory()?;
    let env = environment::asked(false, &strings(matches, "env-file"), &strings(matches, "env"))?;
    let engine = Engine::from_arguments(matches)?;
    let (record, status) = running(&engine, &name)?;
    let image = engine.store().get(&record.image_id)?;
    let join = Join::container(status.life.pid.unwrap_or(0), status.life.ticks)?;
    let detach = matches.get_flag("detach");
    let stdio = Stdio::from_arguments(matches);
    let console = if detach { None } else { stdio.console()? };
    let privileged = matches.get_flag("privileged");
    let mut confinement = compose::confinement_inside(&record.options, privileged)?;
    let by = Foreign::of(&engine, &record);
    if by.is_none() {
        let directory = engine.state().container(&record.id);
        confinement.meet(|| agent::state(&record, &directory, "running"))?;
    }
    process::secret::environment();
    let place = match &by {
        Some(_) => format!("/proc/{}/root", status.life.pid.unwrap_or(0)),
        None => {
            // From here on all paths are the container's.
            join.setup()?;
            "/".into()
        }
    };
    drop(join);
    let root = Root::open(Path::new(&place)).map_err(|error| Error::os("open the container's root", error))?;
    let wanted = matches.get_one::<String>("user").cloned();
    let wanted = wanted.unwrap_or_else(|| compose::wanted_user(&record.options, &image.config));
    let account = user::find(&root, &wanted)?;
    drop(root);
    let mut environment = Environment::new(stdio.terminal);
    environment.image(&image.config.env);
    environment.asked(&record.options.env);
    environment.asked(&env);
    environment.set_default("HOME", &account.home);
    let console = console.map(|console| console.owner(account.user.uid));
    compose::become_user(&mut confinement, &record.options, account.user, privileged)?;
    confinement.label = record.label.as_ref().and_then(|label| label.process.clone());
    let cwd = matches.get_one::<String>("workdir").cloned();
    let cwd = cwd.unwrap_or_else(|| compose::directory(&record.options, &image.config));
    let env = environment.pairs().into_iter().map(Into::into).collect();
    let program = Program { env: Some(env), cwd: Some(cwd.into()), ..Program::new(command) };
    if let Some(by) = by {
        return theirs(&by, &program, &confinement, console, detach);
    }
    let setup = (console, &confinement);
    let tell = |pid| confinement.tell(pid);
    let parent = confinement.agent.is_some().then_some(&tell as &dyn Fn(Pid) -> Result<()>);
    let start = Start { parent, lives_on: detach, ..Start::new(&program, &setup) };
    let child = start.start()?;
    if detach {
        child.leave();
        return Ok(0);
    }
    child.wait()
}
// ANCHOR_END: inside

/// By another runtime, which enters the container itself. Its part is over when the process runs; that one is left to us.
// ANCHOR: theirs
fn theirs(
    by: &Foreign,
    program: &Program,
    confinement: &Confinement,
    console: Option<Console>,
    detach: bool,
) -> Result<u8> {
    if !detach {
        orphans::adopt()?;
    }
    let process = runtime::describe_process(program, confinement, console.as_ref().map(Console::window));
    let ends = match &console {
        Some(console) => foreign::Ends::Terminal(console),
        None if detach => foreign::Ends::Nowhere,
        None => foreign::Ends::Same,
    };
    let pid = by.exec(&process, ends)?;
    drop(console);
    match detach {
        true => Ok(0),
        false => Child::adopted(pid)?.wait(),
    }
}
// ANCHOR_END: theirs

fn strings(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

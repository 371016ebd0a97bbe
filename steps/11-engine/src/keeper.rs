//! `monitor ID`, on the other side: what a monitor does at the turns of a container's life. It is root in the user's
//! namespace; it alone touches the container's files, so it can make and remove those of all the container's ids, and
//! when it dies the kernel takes the container and its mounts along.

mod theirs;

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cgroups::{Cgroup, Place};
use clap::{Arg, ArgMatches};
use images::Image;
use monitor::log::{LogFile, Sink};
use monitor::{Ends, First, Kind, spawn};
use namespaces::Space;
use nix::unistd::Pid;
use process::{Child, Command, Error, Result};

use crate::foreign::Foreign;
use crate::ids::Ids;
use crate::neighbours::Neighbours;
use crate::options::{LogDriver, Notify};
use crate::root::{self, Root};
use crate::running::Running;
use crate::state::make_dir;
use crate::status::Life;
use crate::stdio::Owned;
use crate::{Engine, Record, agent, compose, explain, layered, mapped, notify, orphans, shm, storage};

/// The verb, which only we ourselves use.
pub const MONITOR: Command = Command { name: "monitor", about: "", define, run };

/// The longest wait before a container begins anew; it doubles each time, as Docker's.
const LONGEST: Duration = Duration::from_secs(60);

/// What is written down of a container that lost its files.
const ABANDONED: &str = "the program that mounted the container's files, fuse-overlayfs, ended while the container ran";

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(command).arg(Arg::new("id").required(true))
}

// ANCHOR: monitor
fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let (socket, lock) = spawn::handed()?;
    let id = matches.get_one::<String>("id").cloned().unwrap_or_default();
    let prepared = Engine::from_arguments(matches).and_then(|engine| {
        let record = engine.find(&id)?;
        let running = Running::taken_over(engine.state().running(&record.id), lock);
        let image = engine.store().get(&record.image_id)?;
        let log = log(&record, &engine.state().container(&record.id))?;
        Ok((Keeper::new(engine, record, image, running)?, log))
    });
    let (mut keeper, mut log) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            let _ = monitor::message::send(&socket, &monitor::message::Message::Failed(error.clone()));
            return Err(error);
        }
    };
    let options = &keeper.record.options;
    let kind = Kind { terminal: options.terminal, input: options.interactive, window: None, owner: 0 };
    let directory = keeper.directory.clone();
    monitor::run(Some(socket), &directory, kind, &mut *log, &mut keeper)
}
// ANCHOR_END: monitor

fn log(record: &Record, directory: &Path) -> Result<Box<dyn Sink>> {
    let options = &record.options.log;
    let path = options.path.as_ref().map_or_else(|| directory.join("ctr.log"), PathBuf::from);
    Ok(match options.driver {
        LogDriver::K8sFile => Box::new(LogFile::open(&path, options.max_size)?),
        LogDriver::Journald => {
            let tag = options.tag.clone().unwrap_or_else(|| record.short().to_string());
            Box::new(monitor::journal::Journal::open(&record.id, &record.name, &tag)?)
        }
        LogDriver::None => Box::new(()),
    })
}

/// A container that is ours.
struct Keeper {
    engine: Engine,
    record: Record,
    image: Image,
    directory: PathBuf,
    /// Until the container has ended and all is cleaned up.
    running: Option<Running>,
    life: Life,
    delay: Duration,
    root: Option<Root>,
    network: RefCell<Network>,
    cgroup: RefCell<Option<Cgroup>>,
    /// Who makes it, when we do not.
    by: Option<Foreign>,
}

/// The container's network, while it comes up and when it is there.
#[derive(Default)]
struct Network {
    starting: Option<network::Starting>,
    attached: Option<network::Attached>,
}

impl Keeper {
    fn new(engine: Engine, record: Record, image: Image, running: Running) -> Result<Keeper> {
        let directory = engine.state().container(&record.id);
        let life = Life::read(&directory)?;
        Ok(Keeper {
            by: Foreign::of(&engine, &record),
            engine,
            record,
            image,
            running: Some(running),
            // A new life; that it ran before stays known, should this start fail.
            life: Life { started: life.started, ..Life::default() },
            directory,
            delay: Duration::from_millis(100),
            root: None,
            network: RefCell::default(),
            cgroup: RefCell::default(),
        })
    }

    /// While the first process waits with nothing but its namespaces.
    fn parent(&self, place: &Place, pid: Pid) -> Result<()> {
        let options = &self.record.options;
        // First of all: what it does from here on is measured and limited.
        *self.cgroup.borrow_mut() = place.settle(pid)?;
        // It comes up beside the container's other set-up.
        self.network.borrow_mut().starting = Some(options.network.begin(pid)?);
        Ok(())
    }

    /// Lets go of everything but the container's own files; goes on after an error, and returns the first.
    fn release(&mut self) -> Result<()> {
        self.network.take();
        let deleted = self.by.as_ref().filter(|by| by.is_there()).map_or(Ok(()), Foreign::delete);
        let cgroup = self.cgroup.take().map_or(Ok(()), Cgroup::remove);
        if self.record.options.spaces.pid == Space::Host {
            orphans::end(&self.root.as_ref().map(Root::servers).unwrap_or_default());
        }
        let root = self.root.take().map_or(Ok(()), Root::unmount);
        let _ = std::fs::remove_dir_all(layered::written(&self.directory));
        deleted.and(cgroup).and(root)
    }

    /// Waits until the network works that has begun to come up.
    fn network_is_up(&self) -> Result<()> {
        let mut network = self.network.borrow_mut();
        if let Some(starting) = network.starting.take() {
            network.attached = starting.ready()?;
        }
        Ok(())
    }

    /// Whether somebody asked for the end.
    fn is_stopped(&self) -> bool {
        self.directory.join("stop").exists()
    }
}

impl monitor::Life for Keeper {
    // ANCHOR: create
    fn create(&mut self, stdio: &Ends) -> Result<First> {
        let made = self.make(stdio);
        if let Err(error) = &made {
            let _ = self.release();
            let _ = self.failed(error);
        }
        made
    }
    // ANCHOR_END: create

    fn started(&mut self, pid: u32) -> Result<()> {
        let cgroup = self.cgroup.borrow().as_ref().map(|cgroup| cgroup.path().display().to_string());
        self.life = Life { cgroup, error: String::new(), ..self.life.clone() }.begun(pid);
        self.life.write(&self.directory)?;
        let options = &self.record.options;
        for (file, number) in [(&options.pidfile, pid), (&options.monitor_pidfile, std::process::id())] {
            if let Some(file) = file {
                crate::state::write(file, number.to_string().as_bytes())?;
            }
        }
        self.engine.event("start", &self.record, &[]);
        match options.sdnotify {
            Notify::Conmon => notify::ready(),
            Notify::Container => notify::main_process(),
            Notify::Ignore => {}
        }
        Ok(())
    }

    fn signal(&self, first: &Child, number: u32) {
        match &self.by {
            None => first.signal(number),
            // It may have ended just now; or the runtime is not there any more, and nobody else would end it.
            Some(by) => by.kill(number).unwrap_or_else(|_| first.signal(number)),
        }
    }

    // ANCHOR: ended
    fn ended(&mut self, status: u8) -> Result<Option<Duration>> {
        // It may have another name by now.
        if let Ok(Some(now)) = Record::read(&self.directory) {
            self.record.name = now.name;
        }
        let oom_killed = self.cgroup.borrow().as_ref().is_some_and(Cgroup::oom_killed);
        if self.root.as_ref().is_some_and(Root::is_abandoned) {
            self.life.error = ABANDONED.to_string();
        }
        let released = self.release();
        self.life = Life { oom_killed, ..self.life.clone() }.ended(status);
        let options = &self.record.options;
        for file in [&options.pidfile, &options.monitor_pidfile].into_iter().flatten() {
            let _ = std::fs::remove_file(file);
        }
        let policy = self.record.options.restart;
        if !self.is_stopped() && policy.again(status, self.life.restarts) && released.is_ok() {
            self.life.restarts += 1;
            self.life.write(&self.directory)?;
            self.engine.event("died", &self.record, &[("containerExitCode", status.to_string())]);
            let delay = self.delay;
            self.delay = (delay * 2).min(LONGEST);
            return Ok(Some(delay));
        }
        if !self.record.options.remove {
            self.life.write(&self.directory)?;
        }
        self.engine.event("died", &self.record, &[("containerExitCode", status.to_string())]);
        let removed = match self.record.options.remove {
            true => self.engine.discard_as(&self.record),
            false => Ok(()),
        };
        // Whoever hears of the end finds that nobody keeps the container any more.
        match self.running.take() {
            Some(running) if released.is_err() || removed.is_err() => running.leave(),
            running => drop(running),
        }
        released.and(removed)?;
        Ok(None)
    }
    // ANCHOR_END: ended
}

impl Keeper {
    // ANCHOR: make
    fn make(&mut self, stdio: &Ends) -> Result<First> {
        let (state, options) = (self.engine.state(), &self.record.options);
        let lowest = root::lowest(state.root(), &self.record.id)?;
        let label = self.record.label.as_ref();
        let neighbours = Neighbours::find(&self.engine, options)?;
        if options.spaces.pid == Space::Host {
            orphans::adopt()?;
        }
        let ids = Ids::of(&options.users, &neighbours)?;
        ids.root().map_or(Ok(()), |root| stdio.give(root))?;
        let store = self.engine.store();
        let mounter = storage::mounter()?;
        let layers = match ids.map() {
            None => store.layer_dirs(&self.image),
            Some(map) => {
                let lower = [store.layer_dirs(&self.image), vec![lowest.clone()]].concat();
                vec![mapped::layer(state.root(), lower, (&self.image, map), &mounter)?]
            }
        };
        let place = (state.root(), lowest);
        let root = Root::mount(layers, place, &self.directory, (mounter, options.remove), (label, ids.root()))?;
        let root = self.root.insert(root);
        if let Some(mount) = &neighbours.shm {
            make_dir(&root.shm())?;
            shm::attach(mount, &root.shm())?;
        }
        let mut container = compose::compose(&self.engine, &self.record, &self.image.config, root, (&ids, neighbours))?;
        let limits = compose::limits(options, &container.rootfs.devices);
        let place = Place::make(&self.record.id, &limits, &options.cgroups)?;
        *self.cgroup.borrow_mut() = place.cgroup().cloned();
        if options.explain {
            let lines = explain::making(&self.record, self.image.layers.len(), &container, (ids.map(), &place));
            let mut text = Vec::new();
            // Whoever does not hear of it has the container all the same.
            let _ = explain::print(&lines, &mut text);
            let _ = std::fs::write(explain::file(&self.directory), text);
        }
        if let Some(by) = &self.by {
            return self.theirs(by, &container, stdio, (&place, &limits), &ids);
        }
        container.confinement.meet(|| agent::state(&self.record, &self.directory, "creating"))?;
        let stdio = Owned { stdio, user: container.confinement.user.uid };
        let cgroup = place.directory();
        let created = container.create(&(&options.network, &stdio), cgroup, &|pid| self.parent(&place, pid))?;
        self.network_is_up()?;
        Ok(First::Ours(created))
    }
    // ANCHOR_END: make

    /// It could not be started.
    fn failed(&mut self, error: &Error) -> Result<()> {
        self.life.error = error.to_string();
        self.life.exit_code = Some(error.status());
        let kept = match self.record.options.remove {
            true => self.engine.discard(&self.record),
            false => self.life.write(&self.directory),
        };
        match self.running.take() {
            Some(running) if kept.is_err() => running.leave(),
            running => drop(running),
        }
        kept
    }
}

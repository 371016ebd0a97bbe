//! `restore ID`: a container whose processes are made of files.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use nix::libc;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_child_subreaper;
use nix::unistd::{Pid, getpid};
use process::{Child, Command, Error, Program, Result, Start, code};
use rootfs::kernel::{self, Attributes};

use crate::options::{self, given, given_id};
use crate::plan::Plan;
use crate::record::Record;
use crate::store::{Place, Store, replace};
use crate::who::Who;
use crate::{bundle, criu, delete, globals, inside};

/// The verb.
pub const RESTORE: Command =
    Command { name: "restore", about: "Make a container of what a checkpoint has written", define, run };

fn define(command: clap::Command) -> clap::Command {
    criu::define(command)
        .arg(options::path("bundle", "DIR", "The directory with config.json").short('b').default_value("."))
        .arg(options::path("pid-file", "FILE", "Write the number of its first process there"))
        .arg(options::flag("detach", "Do not wait for it").short('d'))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(restore(matches))
}

fn restore(matches: &ArgMatches) -> Result<u8> {
    let id = given_id(matches);
    let criu = criu::find()?;
    let bundle = given(matches, "bundle").unwrap_or(Path::new("."));
    let bundle =
        bundle.canonicalize().map_err(|error| Error::os(format!("open bundle {}", bundle.display()), error))?;
    let (spec, text) = bundle::read(&bundle.join("config.json"))?;
    criu::suits(&spec)?;
    let plan = Plan::new(id, &spec, &bundle)?;
    let mut record = Record::new(id, &bundle, &spec);
    let place = Store::open()?.claim(&record, &text)?;
    let made = make(matches, &criu, &place, &mut record, &plan);
    let detach = matches.get_flag("detach");
    let status = match made {
        Ok(child) if !detach => child.wait(),
        made => made.map(|child| {
            child.leave();
            0
        }),
    };
    if !detach || status.is_err() {
        let _ = place.lock().and_then(|locked| delete::remove(locked, true));
    }
    status
}

// ANCHOR: restore
fn make(matches: &ArgMatches, criu: &Path, place: &Place, record: &mut Record, plan: &Plan) -> Result<Child> {
    let (images, work) = criu::directories(matches)?;
    let path = images.join(criu::DESCRIPTORS);
    let descriptors: Vec<Option<String>> = serde_json::from_slice(&bundle::text(&path)?)
        .map_err(|error| Error::because(format!("parse {}", path.display()), error).code(code::DAMAGED_STATE))?;
    let position = inside::position(&record.id, plan)?;
    record.creator = Who::of(getpid());
    record.cgroup = position.cgroup().map(|cgroup| cgroup.path().into());
    place.write(record)?;
    let (root, pid_file) = (place.file("root"), place.file("pid"));
    let _mounted = mount(&plan.container.rootfs.root, &root)?;
    let mut words = vec![criu.display().to_string(), "restore".into(), "--restore-detached".into()];
    words.extend(criu::words(matches, &images, &work, "restore.log"));
    words.extend(["--root".into(), root.display().to_string(), "--pidfile".into(), pid_file.display().to_string()]);
    // Ours are its own now; what two of them were, one is.
    let mut known = Vec::new();
    for (number, key) in descriptors.iter().enumerate() {
        if let Some(key) = key.as_ref().filter(|key| !known.contains(key)) {
            known.push(key);
            words.extend(["--inherit-fd".into(), format!("fd[{number}]:{key}")]);
        }
    }
    // It is to be our child when criu has ended.
    set_child_subreaper(!matches.get_flag("detach")).map_err(|errno| Error::os("adopt the container", errno))?;
    let program = Program::new(words);
    let start = Start { cgroup: position.directory(), ..Start::new(&program, &()) };
    if start.start()?.wait()? != 0 {
        return Err(criu::failed(&format!("restore container {}", record.id), &work.join("restore.log"), ""));
    }
    let text = fs::read_to_string(&pid_file).unwrap_or_default();
    let number = text
        .trim()
        .parse()
        .map_err(|_| Error::new("criu has not told the number of the process").code(code::CRIU_FAILED))?;
    let pid = Pid::from_raw(number);
    // Killed when what follows fails.
    let child = Child::adopted(pid)?;
    record.cgroup = position.settle(pid)?.map(|cgroup| cgroup.path().into());
    record.init = Who::of(pid);
    record.ready = true;
    place.write(record)?;
    if let Some(path) = given(matches, "pid-file") {
        replace(path, text.trim().as_bytes())?;
    }
    Ok(child)
}
// ANCHOR_END: restore

/// The root where criu looks for it: a mount, in a mount namespace of our own.
fn mount(root: &Path, at: &Path) -> Result<Mounted> {
    let failed = |what: &str, error: std::io::Error| Error::os(format!("{what} {}", root.display()), error);
    fs::create_dir(at).map_err(|error| Error::os(format!("make {}", at.display()), error))?;
    unshare(CloneFlags::CLONE_NEWNS).map_err(|errno| Error::os("make a mount namespace", errno))?;
    kernel::enslave("/").map_err(|errno| Error::os("make / a slave of the host's mounts", errno))?;
    let copy = kernel::copy_tree(root, true).map_err(|errno| failed("bind", errno.into()))?;
    let private = Attributes { propagation: libc::MS_PRIVATE, ..Attributes::default() };
    kernel::set_attributes(copy.as_fd(), private, true).map_err(|errno| failed("make private", errno.into()))?;
    let place = File::open(at).map_err(|error| Error::os(format!("open {}", at.display()), error))?;
    kernel::attach(copy.as_fd(), place.as_fd()).map_err(|errno| failed("bind", errno.into()))?;
    Ok(Mounted(at.into()))
}

/// It must be gone before the directory that it is in: else who removes that would remove the container's root.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = kernel::take_away(&self.0);
        let _ = fs::remove_dir(&self.0);
    }
}

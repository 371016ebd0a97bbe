//! `checkpoint ID`: the processes of a container as files.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command as Program, Stdio};

use clap::ArgMatches;
use process::{Command, Error, Result, code};

use crate::options::{self, given_id};
use crate::record::{CONFIG, Status};
use crate::store::{Store, replace};
use crate::{bundle, criu, delete, globals};

/// The verb.
pub const CHECKPOINT: Command =
    Command { name: "checkpoint", about: "Write the processes of a container to files, and end them", define, run };

fn define(command: clap::Command) -> clap::Command {
    criu::define(command)
        .arg(options::flag("leave-running", "Do not end it"))
        .arg(options::flag("link-remap", "Files that were removed while they are open, too"))
        .arg(options::flag("tcp-skip-in-flight", "Leave out connections that are just being made"))
}

fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    globals::logged(checkpoint(matches))
}

// ANCHOR: checkpoint
fn checkpoint(matches: &ArgMatches) -> Result<u8> {
    let id = given_id(matches);
    let criu = criu::find()?;
    let locked = Store::open()?.place(id)?.lock()?;
    let record = locked.place().read()?;
    record.status(locked.place()).demand(&[Status::Running], "checkpoint", id)?;
    let (spec, _) = bundle::read(&locked.place().file(CONFIG))?;
    criu::suits(&spec)?;
    let init =
        record.init.ok_or_else(|| Error::new(format!("container {id} has no process")).code(code::NOT_RUNNING))?;
    let (images, work) = criu::directories(matches)?;
    let descriptors = (0..3).map(|number| descriptor(init.pid, number)).collect::<Result<Vec<_>>>()?;
    // Before the processes end: without this file nobody could make them again.
    let text = serde_json::to_vec(&descriptors)
        .map_err(|error| Error::because("write the descriptors", error).code(code::INTERNAL))?;
    replace(&images.join(criu::DESCRIPTORS), &text)?;
    let mut words = vec!["dump".to_owned(), "--tree".into(), init.pid.to_string()];
    words.extend(criu::words(matches, &images, &work, "dump.log"));
    for key in descriptors.iter().flatten().filter(|key| key.starts_with("file[")) {
        words.extend(["--external".into(), key.clone()]);
    }
    // Its command line calls the last one by another name than its library does, and runc.
    let flags =
        [("leave-running", "leave-running"), ("link-remap", "link-remap"), ("tcp-skip-in-flight", "skip-in-flight")];
    words.extend(flags.into_iter().filter(|(name, _)| matches.get_flag(name)).map(|(_, word)| format!("--{word}")));
    let output = Program::new(&criu).args(&words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::os(format!("start {}", criu.display()), error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(criu::failed(&format!("checkpoint container {id}"), &work.join("dump.log"), &said));
    }
    if !matches.get_flag("leave-running") {
        // Its processes have ended; all that is left of it is in the images.
        delete::remove(locked, true)?;
    }
    Ok(0)
}
// ANCHOR_END: checkpoint

/// What criu calls a standard descriptor that leads out of the container; `None` for one that does not.
fn descriptor(pid: i32, number: u32) -> Result<Option<String>> {
    let path = format!("/proc/{pid}/fd/{number}");
    let Ok(link) = fs::read_link(&path) else { return Ok(None) };
    let link = link.to_string_lossy().into_owned();
    if ["pipe:[", "socket:["].iter().any(|kind| link.starts_with(kind)) {
        return Ok(Some(link));
    }
    let read = |path: &str| fs::read_to_string(path).map_err(|error| Error::os(format!("read {path}"), error));
    let info = read(&format!("/proc/{pid}/fdinfo/{number}"))?;
    let mount = info.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse::<u64>().ok());
    let mount = mount
        .ok_or_else(|| Error::new(format!("/proc/{pid}/fdinfo/{number} names no mount")).code(code::CRIU_FAILED))?;
    let table = read(&format!("/proc/{pid}/mountinfo"))?;
    if table.lines().any(|line| line.split(' ').next() == Some(&mount.to_string())) {
        return Ok(None);
    }
    let inode = fs::metadata(Path::new(&path)).map_err(|error| Error::os(format!("look at {path}"), error))?.ino();
    Ok(Some(format!("file[{mount:x}:{inode:x}]")))
}

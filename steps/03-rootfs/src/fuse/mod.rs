//! Layers, seen as one file system by a program: what the kernel's overlay does, where that will not.
//!
//! FUSE (fuse(4)) is a file system whose answers a program gives. The kernel hands each question to whoever reads the file
//! `/dev/fuse` that the mount was made of; that is fuse-overlayfs, which looks into the layers and copies up.

mod server;

use std::env;
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use process::{Error, Result, code, prerequisite::hint};
use rustix::fs::{CWD, Mode, OFlags, fstatfs, openat};
use rustix::io::Errno;

use crate::Overlay;
use crate::kernel::{self, Attributes, Refused, Setting};
use crate::overlay::Part;

pub use server::Server;

/// What it is called, and what its mounts are called.
const NAME: &str = "fuse-overlayfs";
/// The mounts' file.
const DEVICE: &str = "/dev/fuse";

/// Where it is, when it is installed: in PATH.
#[must_use]
pub fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let is_program = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    env::split_paths(&path).map(|directory| directory.join(NAME)).find(is_program)
}

/// Mounts `overlay` by this program, which has fuse-overlayfs's options.
///
/// # Errors
/// What is missing, or what the program said; nothing runs and nothing is mounted then.
// ANCHOR: mount
pub fn mount(program: &Path, overlay: &Overlay) -> Result<Server> {
    let parts = overlay.open()?;
    let target = overlay.target()?;
    // The program could mount as well. But what we mount ourselves is exactly what we want, an error is ours to explain, and
    // nobody needs to ask over and over whether it is there yet.
    let (mount, device, has_label) = labelled(program, overlay)?;
    let mut command = command(program, &parts, overlay);
    command.arg(format!("/dev/fd/{}", device.as_raw_fd()));
    let kept = parts.iter().map(|(_, part)| part.as_fd()).chain([device.as_fd()]);
    let (server, complaints) = Server::start(&mut command, kept)?;
    // Its own is the only one now. So whatever happens to it, the next question has an end: an answer, or its death.
    drop(device);
    match fstatfs(&mount) {
        Ok(_) => kernel::attach(mount.as_fd(), target.as_fd())
            .map(|()| server)
            .map_err(|errno| failed(program, overlay, Refused { errno, words: None })),
        // It does not know how to answer for a mount that is not its own (fuse-overlayfs 2).
        Err(_) if !has_label => {
            drop(server);
            mounted_by_itself(program, overlay, &parts)
        }
        Err(_) => Err(ended(program, overlay, &server.last_words(complaints))),
    }
}
// ANCHOR_END: mount

/// The same when the program mounts, and we see from the kernel's table of mounts when it has.
fn mounted_by_itself(program: &Path, overlay: &Overlay, parts: &[Part]) -> Result<Server> {
    let failed = |error: std::io::Error| Error::os(tried(program, overlay), error);
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).map_err(failed);
    // Opened before: it tells of what has changed since.
    let table = File::open("/proc/self/mountinfo").map_err(failed)?;
    let before = device(&overlay.target)?;
    let mut command = command(program, parts, overlay);
    command.arg(&overlay.target);
    let (server, complaints) = Server::start(&mut command, parts.iter().map(|(_, part)| part.as_fd()))?;
    loop {
        // Who asks what is there already waits for the program's answer.
        if device(&overlay.target)? != before {
            return Ok(server);
        }
        if server.has_ended() {
            return Err(ended(program, overlay, &server.last_words(complaints)));
        }
        kernel::await_change(table.as_fd(), server.as_fd());
    }
}

/// Opens what a mount is made of.
fn device() -> Result<OwnedFd> {
    openat(CWD, DEVICE, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| Error::os(format!("open {DEVICE}"), errno).hint(hint("fuse")).code(code::NO_OVERLAY))
}

/// With the container's label, where SELinux takes one for it. In a user namespace it does not: there all that a program
/// answers for has the label of such file systems, which policies for containers know.
// ANCHOR: label
fn labelled(program: &Path, overlay: &Overlay) -> Result<(OwnedFd, OwnedFd, bool)> {
    let mut context = overlay.context.as_deref();
    loop {
        // A new one each time: what a mount was made of, if only for a moment, is used up.
        let device = device()?;
        match filesystem(&device, context) {
            Ok(mount) => return Ok((mount, device, context.is_some())),
            Err(Refused { errno: Errno::ACCESS, .. }) if context.is_some() => context = None,
            Err(refused) => return Err(failed(program, overlay, refused)),
        }
    }
}
// ANCHOR_END: label

/// With the rules of the kernel's overlay: who may do what, the modes say, and not who has mounted.
fn filesystem(device: &OwnedFd, context: Option<&str>) -> std::result::Result<OwnedFd, Refused> {
    let number = device.as_raw_fd().to_string();
    let mut settings = vec![
        Setting::Text("source", NAME),
        Setting::Text("subtype", NAME),
        Setting::Text("fd", &number),
        Setting::Text("rootmode", "40000"),
        Setting::Text("user_id", "0"),
        Setting::Text("group_id", "0"),
        Setting::Flag("default_permissions"),
        Setting::Flag("allow_other"),
    ];
    settings.extend(context.map(|label| Setting::Text("context", label)));
    kernel::new_filesystem("fuse", &settings, Attributes::default())
}

/// In the foreground, directories by their descriptors: these have no commas and colons in their names.
fn command(program: &Path, parts: &[Part], overlay: &Overlay) -> Command {
    let name = |part: &Part| format!("/proc/self/fd/{}", part.1.as_raw_fd());
    let of = |kind| parts.iter().filter(move |(option, _)| *option == kind).map(name).collect::<Vec<_>>().join(":");
    let mut options = format!("lowerdir={},upperdir={},workdir={}", of("lowerdir+"), of("upperdir"), of("workdir"));
    if overlay.volatile {
        options += ",fsync=0";
    }
    let mut command = Command::new(program);
    command.args(["-f", "-o", &options]);
    command
}

fn tried(program: &Path, overlay: &Overlay) -> String {
    format!("{} by {}", overlay.tried(), program.display())
}

fn ended(program: &Path, overlay: &Overlay, words: &str) -> Error {
    Error::because(tried(program, overlay), words).code(code::NO_OVERLAY)
}

fn failed(program: &Path, overlay: &Overlay, refused: Refused) -> Error {
    let tried = tried(program, overlay);
    let error = match refused.words {
        Some(words) => Error::because(tried, words).code(code::NO_OVERLAY),
        None => Error::os(tried, refused.errno),
    };
    let error = error.code(code::NO_OVERLAY);
    if refused.errno == Errno::NODEV { error.hint(hint("fuse")) } else { error }
}

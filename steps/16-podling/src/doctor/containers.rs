//! What a container is made of.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use engine::storage;
use namespaces::Storage;
use nix::unistd::geteuid;
use process::{Error, Program, Result, Setup};
use rootfs::{Mounter, Overlay, fuse};

use super::Found;
use super::system::read;

/// Mounted where it counts: in the store, by root of the user's namespace.
struct Try {
    place: PathBuf,
    mounter: Option<Mounter>,
}

impl Setup for Try {
    fn setup(&self) -> Result<()> {
        process::silence()?;
        let at = |name: &str| self.place.join(name);
        let userxattr = !real_root();
        let overlay = Overlay {
            lower: vec![at("lower")],
            upper: at("upper"),
            work: at("work"),
            target: at("merged"),
            userxattr,
            volatile: false,
            context: None,
        };
        match &self.mounter {
            None => overlay.mount(),
            Some(mounter) => mounter.mount(&overlay).map(drop),
        }
    }
}

/// Whether root here is root of the machine.
fn real_root() -> bool {
    read("/proc/self/uid_map").is_some_and(|map| map.split_whitespace().collect::<Vec<_>>() == ["0", "0", "4294967295"])
}

pub(super) fn overlay() -> Found {
    let first_line = |error: Error| error.to_string().lines().next().unwrap_or_default().to_string();
    let root = match images::default_root() {
        Ok(root) => root,
        Err(error) => {
            return Found::missing(first_line(error)).by("export HOME=~, or name a place: podling --root PLACE");
        }
    };
    if let Err(error) = fs::create_dir_all(&root) {
        let words = format!("create {}: {}", root.display(), process::error::words(&error));
        return Found::missing(words)
            .by("name a local directory of yours: podling --root PLACE, XDG_DATA_HOME=PLACE or HOME");
    }
    let shown = root.display();
    let mounter = match storage::mounter() {
        Ok(mounter) => mounter,
        Err(error) => {
            return Found::missing(first_line(error)).by("correct storage.conf, or take mount_program out of it");
        }
    };
    if let Some(program) = &mounter.program {
        return match tried(Some(mounter.clone())) {
            Ok(()) => Found::fine(format!("one was mounted in {shown} by {}, as storage.conf says", program.display())),
            Err(error) => Found::missing(first_line(error)).by("correct mount_program in storage.conf, or take it out"),
        };
    }
    match (kernel_refuses(), fuse::find()) {
        (None, _) => Found::fine(format!("one was mounted in {shown}")),
        (Some(refused), None) => Found::missing(refused),
        (Some(refused), Some(program)) => match tried(Some(Mounter { program: Some(program) })) {
            Ok(()) => Found::limited(format!("{refused}; fuse-overlayfs does it, and takes longer")),
            Err(error) => Found::missing(format!("{refused}; {}", first_line(error))),
        },
    }
}

/// What the kernel's overlay says; looked at once.
fn kernel_refuses() -> Option<&'static String> {
    static ANSWER: OnceLock<Option<String>> = OnceLock::new();
    let said = |error: Error| error.to_string().lines().next().unwrap_or_default().to_string();
    ANSWER.get_or_init(|| tried(None).err().map(said)).as_ref()
}

/// Whether anything is to be mounted by a program.
fn needs_fuse() -> bool {
    storage::mounter().is_ok_and(|mounter| mounter.program.is_some()) || kernel_refuses().is_some()
}

/// What a container needs of FUSE, where it needs it.
fn of_fuse(found: std::result::Result<String, String>) -> Found {
    match found {
        Ok(seen) => Found::fine(seen),
        Err(lacking) if needs_fuse() => Found::missing(lacking),
        Err(lacking) => Found::unneeded(format!("{lacking}; the kernel's overlay is enough here")),
    }
}

pub(super) fn fuse_overlayfs() -> Found {
    let found = fuse::find().map(|path| path.display().to_string());
    of_fuse(found.ok_or_else(|| "fuse-overlayfs not found in $PATH".to_string()))
}

pub(super) fn fuse_device() -> Found {
    let file = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse");
    let words = |error: std::io::Error| format!("/dev/fuse: {}", process::error::words(&error));
    of_fuse(file.map(|_| "can be opened".to_string()).map_err(words))
}

/// Mounts one in the store, and leaves nothing.
fn tried(mounter: Option<Mounter>) -> Result<()> {
    let place = images::default_root()?.join(format!("doctor.{}", std::process::id()));
    let tried = attempt(&Try { place: place.clone(), mounter });
    // The kernel's work directory is closed to everybody, but not to its owner.
    let _ = fs::remove_dir(place.join("work/work"));
    let _ = fs::remove_dir_all(&place);
    tried
}

fn attempt(what: &Try) -> Result<()> {
    for name in ["lower", "upper", "work", "merged"] {
        let path = what.place.join(name);
        fs::create_dir_all(&path).map_err(|error| Error::os(format!("create {}", path.display()), error))?;
    }
    let program = Program::new(["/proc/self/exe", "--version"]);
    Storage::open()?.with(&program, what, |start| start.start())?.wait()?;
    // By root of the namespace: what is left of the mount belongs to it.
    Ok(())
}

pub(super) fn cgroups() -> Found {
    let controllers = Path::new("/sys/fs/cgroup/cgroup.controllers");
    match (controllers.exists(), Path::new("/sys/fs/cgroup/unified").exists()) {
        (true, _) => Found::fine("version 2"),
        (false, true) => Found::limited("both versions, and the controllers belong to version 1"),
        (false, false) => Found::limited("version 1, or none"),
    }
}

/// Those of the cgroup in which systemd lets the user do as it likes.
pub(super) fn delegation() -> Found {
    if !Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        return Found::limited("no cgroup v2, so nothing is delegated");
    }
    let uid = geteuid();
    let place = match uid.is_root() {
        true => "/sys/fs/cgroup".to_string(),
        false => format!("/sys/fs/cgroup/user.slice/user-{uid}.slice/user@{uid}.service"),
    };
    // Without systemd, the one that somebody gave to the user, and that we are in.
    let place = match Path::new(&place).exists() {
        true => place,
        false => own_cgroup().unwrap_or(place),
    };
    let Some(there) = read(&format!("{place}/cgroup.controllers")) else {
        return Found::limited(format!("{place} is not there"));
    };
    let lacking: Vec<&str> = ["cpu", "cpuset", "io", "memory", "pids"]
        .into_iter()
        .filter(|name| there.split_whitespace().all(|known| known != *name))
        .collect();
    match lacking.is_empty() {
        true => Found::fine(there),
        false => Found::limited(format!("{there}; not {}", lacking.join(", "))),
    }
}

/// The cgroup of this process, when it was delegated to the caller, as step 04 looks for it.
fn own_cgroup() -> Option<String> {
    let text = read("/proc/self/cgroup")?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    // Where a container has run, we are beside it.
    let own = own.strip_suffix("/runtime").unwrap_or(own);
    let place = format!("/sys/fs/cgroup/{own}");
    let procs = fs::metadata(format!("{place}/cgroup.procs")).ok()?;
    let mut value = [0; 8];
    let mut marked = ["user.delegate", "trusted.delegate"].into_iter().map(|name| {
        rustix::fs::getxattr(&place, name, &mut value).is_ok_and(|length| value.get(..length) == Some(b"1".as_slice()))
    });
    (procs.uid() == geteuid().as_raw() && (own.is_empty() || marked.any(|marked| marked))).then_some(place)
}

pub(super) fn seccomp() -> Found {
    match read("/proc/sys/kernel/seccomp/actions_avail") {
        Some(actions) => Found::fine(actions),
        None => Found::missing("the kernel has none"),
    }
}

pub(super) fn selinux() -> Found {
    match read("/sys/fs/selinux/enforce").as_deref() {
        None => Found::unneeded("SELinux is off"),
        Some(mode) => {
            let mode = if mode == "1" { "enforcing" } else { "permissive" };
            let policies = fs::read_dir("/etc/selinux").into_iter().flatten().flatten();
            let knows = policies.map(|entry| entry.path().join("contexts/lxc_contexts")).any(|file| file.exists());
            match knows {
                true => Found::fine(format!("{mode}, with a policy for containers")),
                false => Found::limited(format!("{mode}, without a policy for containers")),
            }
        }
    }
}

pub(super) fn init() -> Found {
    match process::init::stands_alone() {
        true => Found::fine("podling's own"),
        false => match super::system::program("catatonit")
            .or_else(|| Some(PathBuf::from("/usr/libexec/podman/catatonit")).filter(|path| path.exists()))
        {
            Some(path) => Found::fine(path.display().to_string()),
            None => Found::limited("podling is linked to libraries, and there is no catatonit"),
        },
    }
}

//! A user's world, fresh for each test and gone after it.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::user::{give, give_tree};
use crate::{busybox_rootfs, observe, user};

/// What a program finds on a fresh login: no variables but these, an empty home, an empty run directory.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A directory that belongs to the user, with `home`, `data`, `run`, `tmp` and `bin` in it. Everything below
/// it is removed at the end, also what belongs to subordinate ids.
pub struct World {
    dir: Option<TempDir>,
    root: PathBuf,
}

impl World {
    /// Makes one.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes files")]
    pub fn new() -> World {
        let dir = tempfile::Builder::new().prefix("podling-").tempdir().expect("make a temporary directory");
        let root = dir.path().canonicalize().expect("resolve the temporary directory");
        for (name, mode) in [("home", 0o700), ("data", 0o700), ("run", 0o700), ("tmp", 0o700), ("bin", 0o755)] {
            let path = root.join(name);
            fs::create_dir(&path).expect("make a directory");
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set permissions");
            give(&path);
        }
        give(&root);
        World { dir: Some(dir), root }
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `$XDG_DATA_HOME`: what the engine keeps.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// `$XDG_RUNTIME_DIR`: what ends with the login.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    /// Runs `bin`, the name of a binary of this workspace or a path, as the unprivileged user.
    #[must_use]
    pub fn command(&self, bin: impl AsRef<Path>) -> assert_cmd::Command {
        assert_cmd::Command::from_std(self.process(bin))
    }

    /// The same for a child that runs beside the test.
    #[must_use]
    pub fn process(&self, bin: impl AsRef<Path>) -> Command {
        let mut command = Command::new(self.reachable(&locate(bin.as_ref())));
        let user = user();
        command
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .env("USER", &user.name)
            .env("LOGNAME", &user.name)
            .env("HOME", self.root.join("home"))
            .env("XDG_DATA_HOME", self.data())
            .env("XDG_RUNTIME_DIR", self.run())
            .env("TMPDIR", self.root.join("tmp"))
            .current_dir(self.root.join("home"));
        if user.drop {
            // The standard library drops the supplementary groups as well when it changes the uid.
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// Writes a file that belongs to the user; `path` is relative to the world's root.
    pub fn write(&self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a file has a parent")).expect("make a directory");
        fs::write(&path, contents).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
        give(&path);
        path
    }

    /// Makes a directory that belongs to the user; `path` is relative to the world's root.
    pub fn dir(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = self.root.join(path);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("make {}: {error}", path.display()));
        give_tree(&path);
        path
    }

    /// A root file system made of busybox, in this world.
    #[must_use]
    pub fn busybox_rootfs(&self) -> PathBuf {
        let path = self.root.join("rootfs");
        if !path.exists() {
            busybox_rootfs(&path);
        }
        path
    }

    /// The user cannot reach a checkout below a closed home (mode 0700): then the binary is copied.
    fn reachable(&self, bin: &Path) -> PathBuf {
        let open = bin.ancestors().skip(1).all(|dir| mode(dir) & 0o001 != 0) && mode(bin) & 0o005 == 0o005;
        if !user().drop || open {
            return bin.to_path_buf();
        }
        let copy = self.root.join("bin").join(bin.file_name().expect("a binary has a name"));
        if !copy.exists() {
            // By cp, because a file that this process has open for writing would be busy for the children that
            // other tests are forking just now.
            let partial = copy.with_extension("partial");
            let status = Command::new("cp").arg(bin).arg(&partial).status().expect("run cp");
            assert!(status.success(), "cp {} {}", bin.display(), partial.display());
            fs::set_permissions(&partial, Permissions::from_mode(0o755)).expect("set permissions");
            fs::rename(&partial, &copy).expect("rename");
        }
        copy
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let Some(dir) = self.dir.take() else { return };
        let root = dir.keep();
        crate::image::end_podman(&root);
        end_namespaces(&root);
        if fs::remove_dir_all(&root).is_err() {
            // What subordinate ids own is ours inside a user namespace that maps them.
            let _ = Command::new("unshare")
                .args(["--map-root-user", "--map-auto", "rm", "-rf"])
                .arg(&root)
                .stderr(Stdio::null())
                .status();
        }
        if root.exists() && !std::thread::panicking() {
            panic!("{} could not be removed: something is still mounted or running", root.display());
        }
    }
}

/// Podling keeps the user's namespace for as long as a login lasts, and those that had a place in here end now.
fn end_namespaces(root: &Path) {
    for pid in observe::processes().filter(|pid| observe::cmdline(*pid) == ["podling-pause"]) {
        if fs::read_link(format!("/proc/{pid}/fd/0")).is_ok_and(|lock| lock.starts_with(root)) {
            observe::kill(pid, 9);
        }
    }
}

thread_local! {
    /// Each test has a thread of its own, so its world ends with it.
    static WORLD: World = World::new();
}

/// Runs `bin` as the unprivileged user in a world that all such commands of one test share.
#[must_use]
pub fn rootless(bin: impl AsRef<Path>) -> assert_cmd::Command {
    WORLD.with(|world| world.command(bin))
}

/// The same for a child that runs beside the test.
#[must_use]
pub fn rootless_process(bin: impl AsRef<Path>) -> Command {
    WORLD.with(|world| world.process(bin))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).map_or(0, |meta| meta.permissions().mode())
}

/// A path as it is; a name among this workspace's binaries and examples, or else in the system's directories.
fn locate(bin: &Path) -> PathBuf {
    if bin.components().count() > 1 {
        return bin.to_path_buf();
    }
    let name = bin.to_str().expect("a binary's name is text");
    if let Some(path) = env::var_os(format!("CARGO_BIN_EXE_{name}")) {
        return PathBuf::from(path);
    }
    let exe = env::current_exe().expect("know the test's own path");
    let places = |dir: &Path| [dir.join(name), dir.join("examples").join(name)];
    let built = exe.ancestors().skip(1).take(2).flat_map(places).find(|path| path.is_file());
    let system = || PATH.split(':').map(|dir| Path::new(dir).join(name)).find(|path| path.is_file());
    built
        .or_else(system)
        .unwrap_or_else(|| panic!("there is no program {name}; run: cargo build --workspace --all-targets"))
}

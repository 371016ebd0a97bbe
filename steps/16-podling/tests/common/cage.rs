//! A store beside which a canary stands: files of the caller's that no image may change or see.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use support::image::busybox_and;

use super::{Podling, text};

/// What the canary's files hold.
pub const SECRET: &str = "the canary's secret";

/// A podling with a canary, which is looked at after each image.
pub struct Cage {
    pub podling: Podling,
    /// Its directory.
    pub canary: PathBuf,
    before: String,
}

impl Cage {
    pub fn new() -> Cage {
        let podling = Podling::new();
        let world = &podling.world;
        world.write("canary/secret", SECRET);
        world.write("canary/passwd", "canary:x:0:0::/:/bin/sh\n");
        world.write("canary/directory/hosts", SECRET);
        let canary = world.dir("canary");
        let before = fingerprint(&canary);
        Cage { podling, canary, before }
    }

    /// Loads an image with `above` on top of busybox (it is told where the canary is); its name.
    pub fn image(&self, name: &str, config: &str, above: impl Fn(&Path, &Path)) -> String {
        let archive = busybox_and(&self.podling.world, name, config, |dir| above(dir, &self.canary));
        self.podling.load(&archive);
        format!("localhost/{name}")
    }

    /// What a person sees of a command; the canary is as it was.
    pub fn typed(&self, words: &[&str]) -> String {
        let report = text(self.podling.world.command("podling").args(words).output().unwrap());
        self.check(&report);
        report
    }

    /// Asserts that the canary is as it was, and that its secret is not in `report`.
    pub fn check(&self, report: &str) {
        assert_eq!(self.before, fingerprint(&self.canary), "{report}");
        assert!(!report.contains(SECRET), "{report}");
    }

    /// Runs an image as [`Cage::image`] makes it.
    pub fn attack(
        &self,
        name: &str,
        config: &str,
        flags: &[&str],
        words: &[&str],
        above: impl Fn(&Path, &Path),
    ) -> String {
        let image = self.image(name, config, above);
        let report = format!("## {name}\n{}\n", self.typed(&[&["run", "--rm"], flags, &[&image], words].concat()));
        self.podling.assert_clean();
        report
    }
}

/// Names, modes, owners, times and contents of everything below `dir`.
pub fn fingerprint(dir: &Path) -> String {
    let output = Command::new("find")
        .arg(dir)
        .args(["-printf", "%p %y %m %U:%G %s %T@ %C@\n", "-type", "f", "-exec", "cat", "{}", ";"])
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

pub fn link(target: impl AsRef<Path>, at: &Path) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    symlink(target, at).unwrap();
}

pub fn file(at: &Path, content: &str, mode: u32) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    fs::write(at, content).unwrap();
    fs::set_permissions(at, fs::Permissions::from_mode(mode)).unwrap();
}

/// Exchanges two names without end, until it is dropped.
pub struct Swap {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Swap {
    pub fn start(one: PathBuf, other: PathBuf) -> Swap {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = ended.clone();
        let thread = std::thread::spawn(move || {
            while !seen.load(Relaxed) {
                renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        Swap { ended, thread: Some(thread) }
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        self.ended.store(true, Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

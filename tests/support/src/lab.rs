//! The lab: a whole system with systemd, delegated cgroups and SELinux, in which tests run commands. See `scripts/lab`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A command that takes longer hangs.
const SECONDS: &str = "300";

/// A test that was started by itself leaves a lab behind, for the next one; it ends when nobody has used it so long.
const IDLE: &str = "900";

/// Who runs a command in the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The user `tester`: uid 1000, lingering, subordinate ids 100000 to 165535, logged in.
    Tester,
    /// The lab's root.
    Root,
}

/// A lab that runs. All tests share it: names of containers and files have to differ.
pub struct Lab {
    name: &'static str,
    dir: PathBuf,
}

/// What a command left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit status, 128+n for one that a signal ended.
    pub status: i32,
    /// What it wrote.
    pub stdout: String,
    /// Its errors.
    pub stderr: String,
}

impl Lab {
    /// The lab of this checkout, SELinux permissive; booted unless it runs already. `scripts/test` ends it after the tests.
    ///
    /// # Panics
    /// When it does not come up; the message says what to install.
    pub fn shared() -> &'static Lab {
        static LAB: OnceLock<Lab> = OnceLock::new();
        LAB.get_or_init(|| Lab::up("test", "permissive"))
    }

    /// Another one, in which SELinux confines containers.
    ///
    /// # Panics
    /// When it does not come up; the message says what to install.
    pub fn enforcing() -> &'static Lab {
        static LAB: OnceLock<Lab> = OnceLock::new();
        LAB.get_or_init(|| Lab::up("test-enforcing", "enforcing"))
    }

    /// One of a test's own, which does to it what others would not like: fresh, and ended by [`Lab::down`].
    ///
    /// # Panics
    /// When it does not come up; the message says what to install.
    #[must_use]
    pub fn own(name: &'static str, selinux: &str) -> Lab {
        lab(&["down", "--for", name], "");
        Lab::up(name, selinux)
    }

    /// Ends it.
    ///
    /// # Panics
    /// When it does not end.
    pub fn down(&self) {
        lab(&["down", "--for", self.name], "");
    }

    fn up(kind: &'static str, selinux: &str) -> Lab {
        let program = checkout().join("target/debug/podling");
        assert!(program.is_file(), "{} is missing; run: cargo build --workspace --all-targets", program.display());
        lab(&["up", "--for", kind, "--selinux", selinux, "--idle", IDLE], "");
        let dir = lab(&["dir", "--for", kind], "").stdout;
        Lab { name: kind, dir: PathBuf::from(dir.trim_end()) }
    }

    /// Runs a bash script. `podling` in it is the program of this workspace's last debug build.
    ///
    /// # Panics
    /// When the lab has ended, or the script does not end.
    #[must_use]
    pub fn run(&self, who: Who, script: &str) -> Output {
        let user = match who {
            Who::Tester => "tester",
            Who::Root => "root",
        };
        attempt(&["run", "--for", self.name, "--user", user, "--timeout", SECONDS], script)
    }

    /// The same for a script that has to succeed: what it wrote.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn ok(&self, who: Who, script: &str) -> String {
        let output = self.run(who, &format!("set -e\n{script}"));
        assert_eq!(output.status, 0, "in the lab: {script}\n{}{}", output.stdout, output.stderr);
        output.stdout
    }

    /// Copies a file to where the lab sees it, and says where that is.
    ///
    /// # Panics
    /// When it cannot be copied.
    #[must_use]
    pub fn put(&self, path: &Path) -> String {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a file has a name");
        let directory = tempfile::Builder::new().prefix("put-").tempdir_in(&self.dir).expect("make a directory").keep();
        let made = Command::new("chmod").arg("755").arg(&directory).status().expect("run chmod");
        assert!(made.success(), "chmod {}", directory.display());
        let copy = directory.join(name);
        fs::copy(path, &copy).unwrap_or_else(|error| panic!("copy {} to {}: {error}", path.display(), copy.display()));
        format!("/job/{}/{name}", directory.file_name().and_then(|name| name.to_str()).expect("a name"))
    }

    /// Reboots it under whatever runs there, and waits until it is up again.
    ///
    /// # Panics
    /// When it does not come up again.
    pub fn reboot(&self) {
        lab(&["reboot", "--for", self.name], "");
    }
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("resolve the checkout")
}

/// `scripts/lab` has to succeed.
fn lab(arguments: &[&str], input: &str) -> Output {
    let output = attempt(arguments, input);
    assert_eq!(output.status, 0, "scripts/lab {}: {}", arguments.join(" "), output.stderr);
    output
}

fn attempt(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(checkout().join("scripts/lab"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start scripts/lab");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It is small enough for a pipe; who does not read it has said why.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("wait for scripts/lab");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let status = output.status.code().expect("scripts/lab exits");
    // Its own words; a command's own 125 comes without them.
    assert!(status != 125 || !stderr.starts_with("lab: "), "scripts/lab {}: {stderr}", arguments.join(" "));
    Output { status, stdout, stderr }
}

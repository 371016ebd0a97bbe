//! Bundles that were made to do harm. A canary stands beside them; nothing of it may change, and nothing of it may be seen
//! inside. Here there may be no /dev, no /proc and no masks, which an engine always asks for.

mod bundle;

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use bundle::{Bundle, told};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::observe::processes_of;
use support::pty::Terminal;
use support::settings;

const SECRET: &str = "a secret of the host";

/// A bundle with a canary.
struct Cage {
    bundle: Bundle,
    canary: PathBuf,
    before: String,
}

impl Cage {
    fn new(bundle: Bundle) -> Cage {
        for name in ["secret", "ptmx", "null", "directory/console"] {
            bundle.world.write(format!("canary/{name}"), SECRET);
        }
        let canary = bundle.world.dir("canary");
        let before = fingerprint(&canary);
        Cage { bundle, canary, before }
    }

    /// A link in place of what is in the root file system.
    fn link(&self, at: &str, target: impl AsRef<Path>) {
        let at = self.bundle.dir().join("rootfs").join(at);
        let _ = fs::remove_dir_all(&at);
        let _ = fs::remove_file(&at);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        symlink(target, at).unwrap();
    }

    /// Without these mounts.
    fn without(mut self, places: &[&str]) -> Cage {
        self.bundle.config["mounts"].as_array_mut().unwrap().retain(|mount| {
            let place = mount["destination"].as_str().unwrap();
            places.iter().all(|gone| !Path::new(place).starts_with(gone))
        });
        self
    }

    /// Runs it without a terminal, then with one.
    fn attack(mut self, name: &str) -> String {
        let plain = self.bundle.run();
        self.bundle.config["process"]["terminal"] = json!(true);
        self.bundle.write();
        let runtime = self.bundle.world.process("runtime").get_program().to_owned();
        let script =
            format!("{} run --bundle {} box; echo \"[exit $?]\"", runtime.display(), self.bundle.dir().display());
        let terminal = Terminal::spawn(&self.bundle.world, "/bin/sh", &["-c", &script]);
        terminal.expect("[exit ");
        terminal.expect("]\n");
        let report = format!("## {name}\n{plain}with a terminal:\n{}\n", terminal.screen());
        assert_eq!(self.before, fingerprint(&self.canary), "{report}");
        assert!(!report.contains(SECRET), "{report}");
        report
    }
}

/// Names, modes, owners, times and content of everything below `dir`.
fn fingerprint(dir: &Path) -> String {
    let meta = fs::symlink_metadata(dir).unwrap();
    let mut text = format!("{} {:o} {} {}", dir.display(), meta.mode(), meta.uid(), meta.gid());
    text += &format!(" {} {}\n", meta.ctime(), meta.ctime_nsec());
    if meta.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        return text + &entries.iter().map(|entry| fingerprint(entry)).collect::<String>();
    }
    text + &fs::read_to_string(dir).unwrap_or_default()
}

/// What there is of devices.
const LOOK: &str =
    "cat /dev/secret /dev/console; ls -ld /dev/null /dev/ptmx /dev/pts/0 | cut -c1; stat -c %t:%T /dev/null";

fn cage() -> Cage {
    Cage::new(Bundle::new().shell(LOOK).with("/root/readonly", json!(false)))
}

/// CVE-2026-88265, CVE-2026-88264, CVE-2025-52565, CVE-2025-31133: no mount on /dev, so that it is the image's.
#[test]
fn a_dev_that_is_the_images() {
    let mut all = String::new();
    for name in ["null", "console", "ptmx", "pts/0", "tty"] {
        for masks in [true, false] {
            let mut cage = cage().without(&["/dev"]);
            cage.link(&format!("dev/{name}"), cage.canary.join("secret"));
            if !masks {
                cage.bundle =
                    cage.bundle.with("/linux/maskedPaths", Value::Null).with("/linux/readonlyPaths", Value::Null);
            }
            all += &cage.attack(&format!("/dev/{name} is a link{}", if masks { "" } else { ", nothing is masked" }));
        }
    }
    settings().bind(|| assert_snapshot!("images_dev", all));
}

/// CVE-2026-41579, CVE-2026-47766: /dev itself is a link, with a mount on it and without.
#[test]
fn a_dev_that_is_a_link() {
    let mut all = String::new();
    for (name, target) in [("absolute", ""), ("relative", "../canary"), ("up", "../../../../../../../../../canary")] {
        for mounts in [&[][..], &["/dev"]] {
            let cage = cage().without(mounts);
            cage.link("dev", if target.is_empty() { cage.canary.clone() } else { target.into() });
            all += &cage.attack(&format!("{name}, {}", if mounts.is_empty() { "with a mount" } else { "without" }));
        }
    }
    settings().bind(|| assert_snapshot!("linked_dev", all));
}

/// CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: masks and labels are about a /proc that is the kernel's.
#[test]
fn a_proc_that_is_none() {
    let mut all = String::new();
    for (name, mounts) in [("with a mount", &[][..]), ("without", &["/proc", "/sys"])] {
        for at in ["proc", "sys"] {
            let cage = Cage::new(Bundle::new().shell("cat /proc/secret /sys/secret; echo runs"));
            cage.link(at, &cage.canary);
            all += &cage.without(mounts).attack(&format!("/{at} is a link, {name}"));
        }
    }
    // A volume instead, and one on top.
    for (place, kind) in
        [("/proc", "bind"), ("/proc", "tmpfs"), ("/proc/self/attr", "bind"), ("/proc/sys", "tmpfs"), ("/sys", "bind")]
    {
        let mut cage = Cage::new(Bundle::new().shell("cat /proc/secret; echo runs"));
        let options = if kind == "bind" { json!(["rbind", "rw"]) } else { json!([]) };
        let mount = json!({ "destination": place, "type": kind, "source": cage.canary, "options": options });
        cage.bundle.config["mounts"].as_array_mut().unwrap().push(mount);
        all += &cage.attack(&format!("a {kind} on {place}"));
    }
    settings().bind(|| assert_snapshot!("no_proc", all));
}

/// CVE-2024-21626 by the document: no working directory is another one's.
#[test]
fn a_directory_that_is_a_descriptor() {
    let mut cage = Cage::new(Bundle::new().shell("ls; cat secret"));
    let runtime = cage.bundle.world.process("runtime").get_program().to_owned();
    for fd in 3..20 {
        for cwd in [format!("/proc/self/fd/{fd}"), format!("/proc/self/fd/{fd}/../..")] {
            cage.bundle.config["process"]["cwd"] = json!(cwd);
            let bundle = cage.bundle.write();
            let mut command = bundle.world.command("/bin/sh");
            command.args(["-c", r#"exec 7<"$0"; exec "$@""#]).arg(&cage.canary).arg(&runtime);
            let said = told(command.args(["run", "--bundle"]).arg(bundle.dir()).arg("box").output().unwrap());
            assert!(said.ends_with("[exit 126]\n") && !said.contains(SECRET), "{cwd}: {said}");
        }
    }
}

/// CVE-2021-43784: lengths that do not fit into the message of a runtime that tells its helper by one.
#[test]
fn more_than_a_length_of_16_bits_can_tell() {
    let deep = format!("/{}", "a/".repeat(40_000));
    let many = |count: u32, size: u32| -> Value {
        (0..count).map(|id| json!({ "containerID": id * size, "hostID": 100_000 + id * size, "size": size })).collect()
    };
    let mount = json!([{ "destination": &deep, "type": "tmpfs", "source": &deep }]);
    for (pointer, value) in [
        ("/process/cwd", json!(&deep)),
        ("/root/path", json!(&deep)),
        ("/mounts", mount),
        ("/linux/maskedPaths", json!([&deep])),
        ("/linux/uidMappings", many(6000, 1)),
        ("/linux/gidMappings", many(70_000, 1)),
        ("/linux/uidMappings", many(1, u32::MAX)),
    ] {
        let bundle = Bundle::new().shell("echo it runs").with(pointer, value);
        let said = bundle.run();
        assert!(
            said.starts_with("Error: ") && said.contains("[exit 12"),
            "{pointer}: {}",
            &said[..said.len().min(500)]
        );
        assert_eq!(processes_of(bundle.world.root()), [0; 0]);
    }
    // A long environment and many arguments are no danger: they are passed on.
    let bundle = Bundle::new().with("/process/args", json!(["sh", "-c", "echo $# ${#X}", "x".repeat(70_000), "a"]));
    assert_eq!(
        bundle.with("/process/env", json!([format!("X={}", "y".repeat(100_000)), "PATH=/bin"])).run(),
        "1 100000\n"
    );
}

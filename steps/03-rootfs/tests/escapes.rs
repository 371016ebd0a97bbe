//! Root file systems that were made to do harm. A canary stands beside the root; who starts the container may write
//! to it; nothing of it may change, and nothing of it may be seen inside.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use support::observe::mounts_below;
use support::{World, settings};

const SECRET: &str = "a secret of the host";

fn canary(world: &World) -> PathBuf {
    world.write("canary/secret", SECRET);
    world.write("canary/ptmx", "ptmx\n");
    world.dir("canary/directory");
    world.dir("canary")
}

/// Names, modes, owners, times and content of everything below `dir`. Any change of metadata changes ctime.
fn fingerprint(dir: &Path) -> String {
    let mut all = vec![dir.to_path_buf()];
    all.extend(below(dir));
    let line = |path: PathBuf| {
        let meta = fs::symlink_metadata(&path).unwrap();
        let content = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        let times = (meta.ctime(), meta.ctime_nsec(), meta.mtime(), meta.mtime_nsec());
        format!("{} {:o} {} {} {times:?} {content:?}\n", path.display(), meta.mode(), meta.uid(), meta.gid())
    };
    all.into_iter().map(line).collect()
}

/// Every path below `dir`, links not followed.
fn below(dir: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        paths.push(entry.path());
        if entry.file_type().unwrap().is_dir() {
            paths.extend(below(&entry.path()));
        }
    }
    paths.sort();
    paths
}

/// Lets `prepare` (given the root file system and the canary) spoil a root file system, and tries to see and to
/// change the canary by a container with `volumes`; says what came of it.
fn attempt(name: &str, prepare: impl Fn(&Path, &Path), volumes: &[&str]) -> String {
    let world = World::new();
    let canary = canary(&world);
    let rootfs = world.busybox_rootfs();
    // Volumes are relative to the home; the canary's path in them is written CANARY.
    world.write("home/file", "the volume\n");
    world.write("home/dir/file", "the volume\n");
    for dir in ["home/dir", "home/dev"] {
        world.dir(dir);
    }
    prepare(&rootfs, &canary);
    let (before, known) = (fingerprint(&canary), below(&rootfs));

    let mut command = world.command("rootfs");
    command.args(["run", "--rootfs"]).arg(&rootfs);
    for volume in volumes {
        command.args(["-v", &volume.replace("CANARY", canary.to_str().unwrap())]);
    }
    let script = "for file in proc sys dev dev/null etc/hosts link; do cat /$file/secret /$file; done 2>&-; \
                  echo x >/etc/hosts; echo x >/dev/null; echo started";
    let output = command.args(["sh", "-c", script]).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let report = format!("## {name}\n{text}status {}\n", output.status.code().unwrap_or(-1));

    assert_eq!(before, fingerprint(&canary), "{report}");
    assert!(!text.contains(SECRET), "{report}");
    assert!(mounts_below(world.root()).is_empty(), "{report}");
    let made = below(&rootfs).into_iter().filter(|path| !known.contains(path));
    let made: String = made.map(|path| format!("made {}\n", path.strip_prefix(&rootfs).unwrap().display())).collect();
    report + &made.replace(&world.root().to_string_lossy()[1..], "[WORLD]") + "\n"
}

/// Puts a link in place of whatever is at `path`.
fn link(path: PathBuf, target: impl AsRef<Path>) {
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir(&path).unwrap();
    } else if path.is_symlink() || path.exists() {
        fs::remove_file(&path).unwrap();
    }
    symlink(target, path).unwrap();
}

#[test]
fn the_naive_root_is_left_by_three_system_calls_and_ours_is_not() {
    let world = World::new();
    let canary = canary(&world);
    let rootfs = world.busybox_rootfs();
    let mut text = String::new();
    for options in [&[][..], &["--escape"], &["--pivot"], &["--escape", "--pivot"]] {
        let mut command = world.command("rootfs-naive");
        let output = command.args(options).arg(&rootfs).arg("/bin/cat").arg(canary.join("secret")).output().unwrap();
        text += &format!("## {}\n", options.join(" "));
        text += &String::from_utf8_lossy(&[output.stdout, output.stderr, b"\n".to_vec()].concat());
    }
    settings().bind(|| insta::assert_snapshot!("naive", text));
}

#[test]
fn proc_and_sys_are_the_kernels_or_nothing_starts() {
    let text = [
        attempt("/proc is a link to the canary", |root, canary| link(root.join("proc"), canary), &[]),
        attempt("/proc is a link inside", |root, _| link(root.join("proc"), "/tmp"), &[]),
        attempt("/sys is a link", |root, _| link(root.join("sys"), "../canary"), &[]),
        attempt(
            "/sys is a file",
            |root, _| {
                fs::remove_dir(root.join("sys")).unwrap();
                fs::write(root.join("sys"), "").unwrap();
            },
            &[],
        ),
        attempt("a volume on /proc by a link", |root, _| link(root.join("link"), "/proc"), &["./dir:/link"]),
        attempt("a volume below /proc by a link", |root, _| link(root.join("link"), "proc/sys"), &["./dir:/link/x"]),
    ];
    settings().bind(|| insta::assert_snapshot!("kernel", text.concat()));
}

#[test]
fn what_is_made_in_dev_is_made_in_the_container() {
    let text = [
        attempt("/dev is a link to the canary", |root, canary| link(root.join("dev"), canary), &[]),
        attempt("/dev is a relative link", |root, _| link(root.join("dev"), "../canary"), &[]),
        attempt("/dev is a long relative link", |root, _| link(root.join("dev"), "../../../../../../canary"), &[]),
        attempt(
            "/dev is a file",
            |root, _| {
                fs::remove_dir(root.join("dev")).unwrap();
                fs::write(root.join("dev"), "").unwrap();
            },
            &[],
        ),
        attempt(
            "/dev/null of the image is a link",
            |root, canary| link(root.join("dev/null"), canary.join("secret")),
            &[],
        ),
        attempt(
            "the volume on /dev has links",
            |root, canary| {
                let volume = root.join("../home/dev");
                link(volume.join("null"), canary.join("secret"));
                link(volume.join("ptmx"), canary.join("ptmx"));
                link(volume.join("pts"), canary.join("directory"));
                link(volume.join("shm"), "../../../canary/new");
            },
            &["./dev:/dev"],
        ),
    ];
    settings().bind(|| insta::assert_snapshot!("dev", text.concat()));
}

#[test]
fn a_link_to_a_volumes_place_leads_nowhere_outside() {
    let text = [
        attempt(
            "a file on a link",
            |root, canary| link(root.join("etc/hosts"), canary.join("secret")),
            &["./file:/etc/hosts"],
        ),
        attempt(
            "a file on a relative link",
            |root, _| link(root.join("etc/hosts"), "../../canary/secret"),
            &["./file:/etc/hosts"],
        ),
        attempt(
            "a file on a link to nothing",
            |root, canary| link(root.join("etc/hosts"), canary.join("new")),
            &["./file:/etc/hosts"],
        ),
        attempt("a file below a link", |root, canary| link(root.join("link"), canary), &["./file:/link/a/b"]),
        attempt(
            "a directory on a link",
            |root, canary| link(root.join("link"), canary.join("directory")),
            &["./dir:/link"],
        ),
        attempt(
            "a directory below a link",
            |root, _| link(root.join("link"), "../../../canary"),
            &["./dir:/link/new/deep"],
        ),
        attempt("a place with ..", |_, _| (), &["./dir:/link/../../../../../CANARY/directory"]),
        attempt(
            "a ring of links",
            |root, _| {
                link(root.join("link"), "gnil");
                link(root.join("gnil"), "link");
            },
            &["./dir:/link/x"],
        ),
        attempt(
            "a file on a pipe",
            |root, _| {
                let path = root.join("pipe");
                assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
            },
            &["./file:/pipe"],
        ),
    ];
    settings().bind(|| insta::assert_snapshot!("volumes", text.concat()));
}

/// How often a container starts while a directory and a link take turns.
const ROUNDS: usize = 100;

/// Exchanges two names without end, until it is dropped.
struct Swap {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Swap {
    fn start(one: PathBuf, other: PathBuf) -> Swap {
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

#[test]
fn a_directory_exchanged_for_a_link_meanwhile_changes_nothing() {
    let world = World::new();
    let canary = canary(&world);
    let rootfs = world.busybox_rootfs();
    let (inner, file) = (world.dir("inner"), world.write("file", "the volume\n"));
    world.dir("shared/place");
    let shared = world.dir("shared");
    symlink(&canary, shared.join("link")).unwrap();
    let before = fingerprint(&canary);
    let swap = Swap::start(shared.join("place"), shared.join("link"));
    let mut started = 0;
    for _ in 0..ROUNDS {
        let mut command = world.command("rootfs");
        command.args(["run", "--rootfs"]).arg(&rootfs).arg("-v").arg(format!("{}:/shared", shared.display()));
        command.arg("-v").arg(format!("{}:/shared/place/directory", inner.display()));
        command.arg("-v").arg(format!("{}:/shared/place/secret", file.display()));
        let script = "cat /shared/place/secret /shared/link/secret; cut -d ' ' -f 4 /proc/self/mountinfo";
        let output = command.args(["sh", "-c", script]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains("/canary") && !text.contains(SECRET), "{text}");
        started += usize::from(!text.is_empty());
        assert_eq!(before, fingerprint(&canary), "{text}");
    }
    drop(swap);
    assert!(started > 0, "not one container started");
    assert!(mounts_below(world.root()).is_empty());
}

//! What the kernel says about a process, read from outside the container.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The kinds of namespaces, as named in `/proc/PID/ns`.
pub const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

/// How long a test waits for what should take milliseconds, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One line of `/proc/PID/mountinfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub point: PathBuf,
    /// Which directory of the file system is mounted there.
    pub root: PathBuf,
    /// Options of this mount (`rw,nosuid`).
    pub options: String,
    /// Propagation (`shared:1`, `master:1`), empty when private.
    pub propagation: String,
    /// The file system's type.
    pub kind: String,
    /// What is mounted.
    pub source: String,
    /// Options of the file system.
    pub super_options: String,
}

impl Mount {
    /// Whether the mount itself has this option.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.options.split(',').any(|known| known == option)
    }
}

fn read(pid: u32, file: &str) -> String {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

/// `/proc/PID/uid_map`: id inside, id outside, how many.
#[must_use]
pub fn uid_map(pid: u32) -> Vec<[u64; 3]> {
    id_map(&read(pid, "uid_map"))
}

/// `/proc/PID/gid_map`: id inside, id outside, how many.
#[must_use]
pub fn gid_map(pid: u32) -> Vec<[u64; 3]> {
    id_map(&read(pid, "gid_map"))
}

fn id_map(text: &str) -> Vec<[u64; 3]> {
    let line = |line: &str| {
        let numbers: Vec<u64> = line.split_whitespace().map(|n| n.parse().expect("a number")).collect();
        numbers.try_into().expect("three numbers")
    };
    text.lines().map(line).collect()
}

/// `/proc/PID/status` by name (`CapEff`, `Seccomp`, `NoNewPrivs`, `NSpid`, `Uid`, ...), tabs made spaces.
#[must_use]
pub fn status(pid: u32) -> BTreeMap<String, String> {
    let text = read(pid, "status");
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| (name.into(), value.trim().replace('\t', " "))).collect()
}

/// `/proc/PID/cmdline`, or nothing when the process has ended.
#[must_use]
pub fn cmdline(pid: u32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// `/proc/PID/mountinfo`, in mount order.
#[must_use]
pub fn mountinfo(pid: u32) -> Vec<Mount> {
    mounts(&read(pid, "mountinfo"))
}

fn mounts(text: &str) -> Vec<Mount> {
    text.lines()
        .map(|line| {
            let (left, right) = line.split_once(" - ").expect("a mountinfo line has a separator");
            let left: Vec<&str> = left.split(' ').collect();
            let mut right = right.splitn(3, ' ').map(str::to_owned);
            Mount {
                root: unescape(left[3]).into(),
                point: unescape(left[4]).into(),
                options: left[5].into(),
                propagation: left[6..].join(" "),
                kind: right.next().unwrap_or_default(),
                source: right.next().unwrap_or_default(),
                super_options: right.next().unwrap_or_default(),
            }
        })
        .collect()
}

/// The kernel writes blanks in paths as octal.
fn unescape(path: &str) -> String {
    path.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

/// A namespace of a process: `net:[4026531840]`.
#[must_use]
pub fn namespace(pid: u32, kind: &str) -> String {
    let path = format!("/proc/{pid}/ns/{kind}");
    let link = fs::read_link(&path).unwrap_or_else(|error| panic!("read {path}: {error}"));
    link.to_string_lossy().into_owned()
}

/// The kinds of namespaces that a process does not share with this test.
#[must_use]
pub fn own_namespaces(pid: u32) -> Vec<&'static str> {
    let me = std::process::id();
    NAMESPACES.into_iter().filter(|kind| namespace(pid, kind) != namespace(me, kind)).collect()
}

/// The processes whose parent is `pid`, lowest id first; but for the one that keeps the user's namespace, which the first
/// of the user's commands begins, and which outlives it.
#[must_use]
pub fn children(pid: u32) -> Vec<u32> {
    let of_pid = processes().filter(|child| parent(*child) == Some(pid));
    let mut found: Vec<u32> = of_pid.filter(|child| cmdline(*child) != ["podling-pause"]).collect();
    found.sort_unstable();
    found
}

/// The children, their children, and so on.
#[must_use]
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid);
    let mut next = 0;
    while next < found.len() {
        found.extend(children(found[next]));
        next += 1;
    }
    found
}

/// The first descendant of `pid` whose command line starts with `argv`, awaited for ten seconds: the
/// program in the container, seen from the host.
///
/// # Panics
/// When it does not appear.
#[must_use]
pub fn await_program(pid: u32, argv: &[&str]) -> u32 {
    let is = |child: &u32| cmdline(*child).iter().map(String::as_str).take(argv.len()).eq(argv.iter().copied());
    await_some(&format!("{argv:?} below process {pid}"), || descendants(pid).into_iter().find(is))
}

/// Whether the process still runs: it is there, and no zombie.
#[must_use]
pub fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits until the process has ended, ten seconds at most.
///
/// # Panics
/// When it does not end.
pub fn await_end(pid: u32) {
    await_some(&format!("the end of process {pid} {:?}", cmdline(pid)), || (!runs(pid)).then_some(()));
}

/// Sends a signal, by number; it is no error when the process has ended.
///
/// # Panics
/// When there is no sh.
pub fn kill(pid: u32, signal: i32) {
    let script = format!("kill -{signal} {pid} 2>/dev/null");
    std::process::Command::new("sh").args(["-c", &script]).status().expect("run sh");
}

/// Asks every few milliseconds, for ten seconds at most.
///
/// # Panics
/// When the answer stays `None`; `what` is in the message.
pub fn await_some<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited ten seconds for {what}");
        sleep(Duration::from_millis(5));
    }
}

/// The ids of all processes.
///
/// # Panics
/// Without /proc.
pub fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("read /proc");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so count from the last of them.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// What is still mounted below `dir` in this test's mount namespace: nothing, when a container cleaned up.
#[must_use]
pub fn mounts_below(dir: &Path) -> Vec<PathBuf> {
    let all = mountinfo(std::process::id());
    all.into_iter().map(|mount| mount.point).filter(|point| point.starts_with(dir)).collect()
}

/// The processes that still have `dir` in their environment (a world's root: all that it started), in any
/// mount namespace: nothing, when a container cleaned up.
#[must_use]
pub fn processes_of(dir: &Path) -> Vec<u32> {
    let needle = dir.as_os_str().as_encoded_bytes();
    let has = |pid: &u32| {
        fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|environ| environ.windows(needle.len()).any(|part| part == needle))
    };
    processes().filter(has).collect()
}

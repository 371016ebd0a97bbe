//! Whatever happens at whatever moment: the next command tells the truth, and can clean up all of it.

mod bundle;
mod tracer;

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::sync::Barrier;
use std::thread;

use bundle::{Bundle, told};
use serde_json::json;
use support::observe::{await_some, mounts_below, processes_of};
use support::user;
use tracer::Victim;

/// How many moments of each command are tried here; `PODLING_MOMENTS=all` tries every one.
const MOMENTS: usize = 12;

/// A number that a longer run sets.
fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A bundle whose user namespace has one id: who is traced by an ordinary user gets no rights of newuidmap's file.
fn alone() -> Bundle {
    let map = |id: u32| json!([{ "containerID": 0, "hostID": id, "size": 1 }]);
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.with("/linux/uidMappings", map(user().uid)).with("/linux/gidMappings", map(user().gid))
}

/// Nothing of a container is left after `delete --force`: no state, no process, no mount.
fn assert_gone(bundle: &Bundle, what: &str) {
    let status = bundle.status("box");
    assert!(["none", "creating", "created", "running", "stopped"].contains(&status.as_str()), "{what}: {status}");
    assert_eq!(bundle.runtime(&["delete", "--force", "box"]), "", "{what}, {status}");
    assert_eq!(bundle.status("box"), "none", "{what}");
    await_some(what, || processes_of(bundle.world.root()).is_empty().then_some(()));
    assert_eq!(mounts_below(bundle.world.root()).len(), 0, "{what}");
}

/// kill -9 before and after system calls of `args`, in all of its processes, once it is as `before` makes it.
fn killed_at_all_moments(args: &[&str], before: &dyn Fn(&Bundle)) {
    let bundle = alone();
    bundle.write();
    let trace = |at| {
        before(&bundle);
        tracer::run(&bundle.world, "runtime", args, bundle.dir(), at)
    };
    let (count, _) = trace(None);
    assert_gone(&bundle, "nobody was killed");
    assert!(count > 100, "{count} moments");
    let tried = match std::env::var("PODLING_MOMENTS").as_deref() {
        Ok("all") => count,
        _ => MOMENTS,
    };
    let mut kills = 0;
    for number in 0..tried {
        // In the middle of its part.
        let moment = (2 * number + 1) * count / (2 * tried);
        let victim = if number % 2 == 0 { Victim::Caller } else { Victim::First };
        kills += usize::from(trace(Some((moment, victim))).1);
        assert_gone(&bundle, &format!("{args:?}: {victim:?} was killed at moment {moment} of {count}"));
    }
    // Who waits asks sometimes more and sometimes less often, so a moment at the end may not come.
    assert!(kills * 2 > tried, "{kills} of {tried}");
    let _ = writeln!(std::io::stderr(), "faults: {args:?}: {kills} kills at {count} moments");
    // What was half written is swept by who comes next.
    bundle.create("box");
    assert_eq!(bundle.left(), ["box"]);
    assert_gone(&bundle, "the next one");
}

#[test]
fn create_is_killed() {
    killed_at_all_moments(&["create", "box"], &|_| {});
}

#[test]
fn run_is_killed() {
    killed_at_all_moments(&["run", "--detach", "box"], &|_| {});
}

#[test]
fn start_is_killed() {
    killed_at_all_moments(&["start", "box"], &|bundle| bundle.create("box"));
}

#[test]
fn delete_is_killed() {
    killed_at_all_moments(&["delete", "--force", "box"], &|bundle| bundle.create("box"));
}

#[test]
fn two_that_delete_at_once() {
    let note = "echo gone >>notes";
    let hooks = json!({ "poststop": [{ "path": "/bin/sh", "args": ["sh", "-c", note], "env": ["PATH=/bin"] }] });
    for force in [&[][..], &["--force"]] {
        let bundle = Bundle::new().args(&["true"]).with("/hooks", hooks.clone());
        bundle.create("box");
        assert_eq!(bundle.runtime(&["start", "box"]), "");
        bundle.await_status("box", "stopped");
        let barrier = Barrier::new(2);
        let delete = || {
            let mut command = bundle.world.process("runtime");
            command.arg("delete").args(force).arg("box").stdin(Stdio::null());
            barrier.wait();
            told(command.output().unwrap())
        };
        let answers = thread::scope(|scope| [scope.spawn(delete), scope.spawn(delete)].map(|one| one.join().unwrap()));
        let missing = "Error: container box does not exist\n[exit 125]\n";
        assert!(answers.iter().any(String::is_empty), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.is_empty() || answer == missing), "{answers:?}");
        assert_eq!(bundle.left(), Vec::<String>::new());
        assert_eq!(fs::read_to_string(bundle.dir().join("notes")).unwrap(), "gone\n");
    }
}

/// `PODLING_MANY` says how many.
#[test]
fn many_at_once() {
    let bundle = Bundle::new().args(&["sleep", "1000"]);
    bundle.write();
    let ids: Vec<String> = (0..number("PODLING_MANY", 40)).map(|id| format!("box{id}")).collect();
    let all = |args: &[&str]| {
        let mut running: Vec<_> = ids
            .iter()
            .map(|id| {
                let mut command = bundle.world.process("runtime");
                command.args(args).arg(id).current_dir(bundle.dir());
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        for (child, id) in running.iter_mut().zip(&ids) {
            assert!(child.wait().unwrap().success(), "{args:?} {id}");
        }
    };
    all(&["create"]);
    let mut left = bundle.left();
    left.sort();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(left, sorted);
    all(&["start"]);
    all(&["delete", "--force"]);
    assert_eq!(bundle.left(), Vec::<String>::new());
    await_some("the end of all", || processes_of(bundle.world.root()).is_empty().then_some(()));
}

/// What `run` says where the directory of its state is a file system that is mounted with these options, and what is left in it.
fn on(options: &str) -> String {
    let bundle = Bundle::new().args(&["echo", "it runs"]).without_namespace("user");
    bundle.write();
    bundle.world.dir("state");
    let script =
        format!("mount -t tmpfs -o {options} none ../state && $0 --root ../state run box; echo $? $(ls -A ../state)");
    let program = bundle.world.process("runtime").get_program().to_owned();
    let mut command = bundle.world.process("/bin/sh");
    command.args(["-c", "unshare --user --map-root-user --mount sh -c \"$1\" \"$0\""]).arg(program).arg(script);
    let told = told(command.current_dir(bundle.dir()).stdin(Stdio::null()).output().unwrap());
    assert_eq!(processes_of(bundle.world.root()), Vec::<u32>::new(), "{options}");
    told.replace(bundle.world.root().to_str().unwrap(), "[WORLD]")
}

#[test]
fn where_nothing_can_be_written() {
    // Nor is there anything to be cleaned up.
    assert_eq!(on("ro"), "125\nError: make [WORLD]/bundle/../state: Read-only file system\n");
}

/// Full before each of the files that the state is made of, and in the midst of them.
#[test]
fn where_there_is_no_room() {
    let inodes = (1..16).map(|count| format!("nr_inodes={count}"));
    let sizes = ["4k", "8k", "12k", "16k"].into_iter().map(|size| format!("size={size}"));
    let (mut full, mut enough) = (0, 0);
    for options in inodes.chain(sizes) {
        let answer = on(&options);
        match answer.strip_prefix("125\nError: ") {
            Some(error) => {
                assert!(
                    error.ends_with("No space left on device\n") && error.lines().count() == 1,
                    "{options}: {answer}"
                );
                full += 1;
            }
            None => {
                assert_eq!(answer, "it runs\n0\n", "{options}");
                enough += 1;
            }
        }
    }
    assert!(full > 5 && enough > 5, "{full} {enough}");
}

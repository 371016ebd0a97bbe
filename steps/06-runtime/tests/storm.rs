//! Very many runs on a machine that has no time: each of them ends.

mod bundle;

use std::fs;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bundle::Bundle;
use support::observe::descendants;

/// Longer than any of them takes, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(120);
/// How many at the same time.
const SIDE_BY_SIDE: usize = 8;

/// `PODLING_RUNS` says how many. Who waits for a child by a signal, and looks once too seldom, waits for ever.
#[test]
fn every_run_ends() {
    let runs = std::env::var("PODLING_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let bundle = Bundle::new().args(&["sh", "-c", "exit 7"]);
    bundle.write();
    let (next, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..2 * thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let run = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= runs {
                    return;
                }
                let mut command = bundle.world.process("runtime");
                command.arg("run").arg(format!("box{number}")).current_dir(bundle.dir()).stdin(Stdio::null());
                let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
                assert_eq!(wait(child), Some(7), "run {number}");
            }
        };
        let workers: Vec<_> = (0..SIDE_BY_SIDE).map(|_| scope.spawn(run)).collect();
        let ends: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert!(ends.iter().all(Result::is_ok));
    });
    assert_eq!(bundle.left(), Vec::<String>::new());
}

fn wait(mut child: Child) -> Option<i32> {
    let end = Instant::now() + LONGEST;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > end {
            let tree = [vec![child.id()], descendants(child.id())].concat();
            let look = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            panic!("it does not end: {}", tree.iter().map(look).collect::<String>());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

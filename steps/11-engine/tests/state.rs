//! Names, records and locks, without containers: what two engines do at the same time.

use std::fs;
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use engine::{Record, Running, State, names};
use tempfile::TempDir;

fn state() -> (TempDir, State) {
    let root = tempfile::tempdir().unwrap();
    let state = State::new(root.path());
    (root, state)
}

fn record(id: &str, name: &str) -> Record {
    let image = ("0".repeat(64), "localhost/busybox".into());
    let command = vec!["sh".into()];
    Record { id: id.into(), name: name.into(), image, command, created: 1, remove: false, exit_code: None }
}

fn entries(root: &TempDir, directory: &str) -> Vec<PathBuf> {
    fs::read_dir(root.path().join(directory)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn one_of_many_gets_the_name() {
    let (root, state) = state();
    for round in 0..40 {
        let name = format!("name{round}");
        if round % 2 == 1 {
            // Somebody had it of whom nothing else is left.
            fs::write(root.path().join("container-names").join(&name), "0".repeat(64)).unwrap();
        }
        let many = 8;
        let start = Barrier::new(many);
        let claims: Vec<Option<Running>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..many)
                .map(|_| {
                    scope.spawn(|| {
                        let id = names::id().unwrap();
                        start.wait();
                        state.claim(&id, &name).ok()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(claims.iter().flatten().count(), 1, "{name}");
        assert_eq!(entries(&root, "running").len(), 1, "those who lost leave no lock");
    }
    assert_eq!(entries(&root, "container-names").len(), 40, "and no draft");
}

/// Ends the others also when the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_sweep_never_takes_a_living_container() {
    let (root, state) = state();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let _ = state.sweep();
                }
            });
        }
        let over = Over(&over);
        for round in 0..300 {
            let (id, name) = (names::id().unwrap(), format!("name{round}"));
            let running = state.claim(&id, &name).unwrap();
            assert!(state.is_running(&id));
            record(&id, &name).write(&state.container(&id)).unwrap();
            assert_eq!(Record::read(&state.container(&id)).unwrap(), Some(record(&id, &name)));
            state.remove(&id, &name).unwrap();
            drop(running);
        }
        drop(over);
    });
    for directory in ["containers", "running", "container-names"] {
        assert_eq!(entries(&root, directory), [""; 0].map(PathBuf::from), "{directory}");
    }
}

#[test]
fn a_record_is_the_old_one_or_the_new_one() {
    let (_root, state) = state();
    let id = names::id().unwrap();
    let _running = state.claim(&id, "name").unwrap();
    let directory = state.container(&id);
    let ended = record(&id, "name").exited(3);
    record(&id, "name").write(&directory).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (0..500).for_each(|_| ended.write(&directory).unwrap()));
        for _ in 0..500 {
            let seen = Record::read(&directory).unwrap().unwrap();
            assert!(seen == ended || seen == record(&id, "name"), "{seen:?}");
        }
    });
}

#[test]
fn names_and_ids() {
    let id = names::id().unwrap();
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase()), "{id}");
    assert_ne!(id, names::id().unwrap());
    for _ in 0..1000 {
        let name = names::name().unwrap();
        assert_eq!(names::check(&name), Ok(name));
    }
    for good in ["a", "0", "a.b-c_d", &"a".repeat(255)] {
        assert!(names::check(good).is_ok(), "{good}");
    }
    for bad in ["", ".", "..", ".a", "-a", "_a", "a/b", "../a", "a b", "a\n", "a\0", "ä", &"a".repeat(256)] {
        assert!(names::check(bad).is_err(), "{bad:?}");
    }
}

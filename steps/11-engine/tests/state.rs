//! Names, records and locks, without containers: what two engines do at the same time.

use std::fs;
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use engine::{Life, Options, Phase, Record, Running, State, names};
use tempfile::TempDir;

fn state() -> (TempDir, State) {
    let root = tempfile::tempdir().unwrap();
    let state = State::new(root.path());
    (root, state)
}

fn record(id: &str, name: &str) -> Record {
    Record {
        id: id.into(),
        name: name.into(),
        image_id: "0".repeat(64),
        image: "localhost/busybox".into(),
        command: vec!["sh".into()],
        created: "2026-01-02T03:04:05Z".into(),
        volumes: Vec::new(),
        label: None,
        options: Options::default(),
    }
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
            state.remove(&record(&id, &name)).unwrap();
            drop(running);
        }
        drop(over);
    });
    for directory in ["containers", "running", "container-names"] {
        assert_eq!(entries(&root, directory), [""; 0].map(PathBuf::from), "{directory}");
    }
}

#[test]
fn what_is_known_of_a_life_is_the_old_or_the_new() {
    let (_root, state) = state();
    let id = names::id().unwrap();
    let _running = state.claim(&id, "name").unwrap();
    let directory = state.container(&id);
    let begun = Life::default().begun(1);
    let ended = begun.clone().ended(3);
    begun.write(&directory).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (0..500).for_each(|_| ended.write(&directory).unwrap()));
        for _ in 0..500 {
            let seen = Life::read(&directory).unwrap();
            assert!(seen == ended || seen == begun, "{seen:?}");
        }
    });
}

#[test]
fn a_container_whose_keeper_was_killed_has_ended() {
    let (_root, state) = state();
    for (remove, left) in [(false, 1), (true, 0)] {
        let id = names::id().unwrap();
        let running = state.claim(&id, "name").unwrap();
        let options = Options { remove, ..Options::default() };
        Record { options, ..record(&id, "name") }.write(&state.container(&id)).unwrap();
        Life::default().begun(1).write(&state.container(&id)).unwrap();
        assert_eq!(state.status(&id).unwrap().phase, Phase::Running);
        // As the kernel leaves it: the mark is there, and nobody has it.
        let mark = state.root().join("running").join(&id);
        drop(running);
        fs::write(&mark, b"").unwrap();
        // What an ordinary user cannot remove is left for root of its namespace.
        let swept = state.sweep().unwrap();
        assert_eq!(swept, !remove || nix::unistd::geteuid().is_root());
        if swept {
            assert_eq!(state.list().unwrap().len(), left);
            assert!(!mark.exists());
        }
        if let Some(record) = state.list().unwrap().first() {
            let status = state.status(&record.id).unwrap();
            assert_eq!((status.phase, status.life.exit_code), (Phase::Exited, Some(137)));
            state.remove(record).unwrap();
        }
    }
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

//! Ten at once; then 200 times kill -9, at any moment of the story: nothing is lost, doubled or left behind.

mod ground;
mod random;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use ground::Ground;
use random::Random;
use support::image::BUSYBOX;

const KILLS: usize = 200;
const NAMES: [&str; 4] = ["ada", "bob", "cyd", "dan"];
const VOLUMES: [&str; 2] = ["north", "south"];

/// One after the other: each looks for what is left of all.
#[test]
fn nothing_is_lost_doubled_or_left() {
    ten_at_once();
    two_hundred_kills();
}

fn ten_at_once() {
    let ground = Ground::new();
    let ports = ground.ports(10);
    let began = Instant::now();
    let children: Vec<_> = ports
        .iter()
        .map(|port| {
            let publish = format!("{port}:80");
            let serve = "while :; do echo here | nc -l -p 80; done";
            ground.start(&["run", "-d", "--name", &format!("p{port}"), "-p", &publish, BUSYBOX, "sh", "-c", serve])
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    ground.tell(&format!("ten at once: {} ms", began.elapsed().as_millis()));
    let states = ground.states();
    assert_eq!(states.len(), 10, "{states:?}");
    assert!(states.values().all(|state| state == "running"), "{states:?}");
    for port in &ports {
        ground.await_answer(*port);
    }
    ground.end(&ports);
}

/// What is certain of a name: that it is there, or that it is not; nothing while a command for it may have been killed.
type Certain = BTreeMap<&'static str, bool>;

fn two_hundred_kills() {
    let seed = std::env::var("PODLING_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().unwrap().as_secs());
    let mut random = Random::new(seed);
    let ground = Ground::with_registry();
    ground.tell(&format!("PODLING_SEED={seed} repeats it"));
    let ports = ground.ports(NAMES.len());
    let (mut containers, mut volumes) = (Certain::new(), Certain::new());
    let (mut killed, mut rounds) = (BTreeMap::new(), 0);
    let mut kills = 0;
    while kills < KILLS {
        rounds += 1;
        // Two commands, for two names.
        let first = random.below(NAMES.len());
        let second = (first + 1 + random.below(NAMES.len() - 1)) % NAMES.len();
        let mut running: Vec<_> = [first, second]
            .map(|at| {
                let volume = VOLUMES[at % VOLUMES.len()];
                let words = ground.choose(&mut random, NAMES[at], volume, ports[at]);
                (at, volume, ground.start(&words.iter().map(String::as_str).collect::<Vec<_>>()), words)
            })
            .into();
        std::thread::sleep(Duration::from_micros(random.below(250_000) as u64));
        let mut victims = ground.processes();
        victims.sort_unstable();
        let victim = (!victims.is_empty()).then(|| victims[random.below(victims.len())].clone());
        if let Some((name, pid)) = victim.clone() {
            support::observe::kill(pid, 9);
            *killed.entry(name).or_insert(0) += 1;
            kills += 1;
        }
        let told: Vec<String> = running.iter().map(|(.., words)| words.join(" ")).collect();
        let mut statuses = Vec::new();
        for (at, volume, child, words) in &mut running {
            let status = ground.wait(child, words);
            statuses.push(status);
            let (name, verb) = (NAMES[*at], words[0].as_str());
            match (verb, status) {
                ("run", Some(0)) if words.contains(&"-d".to_string()) => drop(containers.insert(name, true)),
                ("rm", Some(0)) => drop(containers.insert(name, false)),
                ("run" | "rm", _) => drop(containers.remove(name)),
                ("volume", Some(0)) => drop(volumes.insert(*volume, words[1] == "create")),
                ("volume", _) => drop(volumes.remove(*volume)),
                _ => {}
            }
            if words.contains(&"-v".to_string()) {
                // It makes its volume, wherever it was killed.
                volumes.remove(*volume);
            }
        }
        // Both may have been about the same volume.
        if first % VOLUMES.len() == second % VOLUMES.len() {
            volumes.remove(VOLUMES[first % VOLUMES.len()]);
        }
        let what = format!("round {rounds}: {told:?} {statuses:?}, killed {victim:?}");
        ground.tell(&what);
        ground.check(&what, &containers, &volumes);
    }
    ground.tell(&format!("{kills} kills in {rounds} rounds: {killed:?}"));
    ground.end(&ports);
}

/// Whether nobody listens there any more.
fn free(port: u16) -> bool {
    TcpListener::bind(("0.0.0.0", port)).is_ok()
}

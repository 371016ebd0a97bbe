//! Events: what is written down, how it is shown, and that nothing is lost when a file is put aside.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use engine::events::{Event, Events, Query, time};
use support::{World, busybox_archive, settings};

fn engine(world: &World, args: &[&str]) -> String {
    let output = world.command("engine").args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_string(), |code| code.to_string());
    let status = if status == "0" { String::new() } else { format!("[exit {status}]\n") };
    format!("{}{}{status}", text(&output.stdout), text(&output.stderr))
}

fn session(world: &World, commands: &[&[&str]]) -> String {
    commands.iter().map(|args| format!("$ {}\n{}", args.join(" "), engine(world, args))).collect()
}

#[test]
fn the_life_of_a_container_is_written_down() {
    let world = World::new();
    let archive = busybox_archive(&world);
    world.command("engine").args(["load", "-i"]).arg(archive).assert().success();
    let run = ["run", "--name", "web", "--network", "none", "--label", "a=b", "-v", "data:/data", "busybox", "false"];
    assert_eq!(engine(&world, &run), "[exit 1]\n");
    assert_eq!(engine(&world, &["rm", "web"]), "web\n");
    let text = session(
        &world,
        &[
            &["events", "--stream=false", "--filter", "type=container", "--filter", "type=volume"],
            &["events", "--stream=false", "--filter", "container=web", "--filter", "event=died", "--no-trunc=false"],
            &["events", "--stream=false", "--filter", "event=die", "--format", "json"],
            &["events", "--stream=false", "--filter", "volume=data", "--format", "{{json .}}"],
            &[
                "events",
                "--stream=false",
                "--filter",
                "label=a=b",
                "--filter",
                "status=died",
                "--format",
                "{{.Type}} {{.Status}} {{.Name}} {{.Image}} {{.ContainerExitCode}} {{.Attributes.a}}",
            ],
            &["events", "--stream=false", "--filter", "label=a=c"],
            &["events", "--stream=false", "--until", "-1h"],
            &["events", "--stream=false", "--since", "2100-01-01"],
            &["system", "events", "--since", "1h", "--until", "0s", "--filter", "volume=data"],
            &["events", "--filter", "bogus=1"],
            &["events", "--filter", "bogus"],
            &["events", "--since", "bogus"],
            &["events", "--stream=false", "--format", "{{.Foo}}", "--filter", "volume=data"],
            &["events", "nosuch"],
        ],
    );
    let mut settings = settings();
    settings.add_filter(r#""time":\d+,"timeNano":\d+"#, r#""time":[TIME],"timeNano":[TIME]"#);
    settings.bind(|| insta::assert_snapshot!("events", text));
}

#[test]
fn who_waits_is_told_at_once() {
    let world = World::new();
    engine(&world, &["volume", "create", "before"]);
    let mut follower = world.process("engine");
    let mut follower =
        follower.args(["events", "--format", "{{.Status}} {{.Name}}"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    // It is there when it has seen the first; what was before it is not shown.
    let waiting = Instant::now();
    let mut count = 0;
    let (send, receive) = std::sync::mpsc::channel();
    let reader = thread::spawn(move || {
        for line in &mut lines {
            send.send(line.unwrap()).unwrap();
        }
    });
    let first = loop {
        engine(&world, &["volume", "create", &format!("probe{count}")]);
        count += 1;
        if let Ok(line) = receive.recv_timeout(Duration::from_millis(300)) {
            break line;
        }
        assert!(waiting.elapsed() < Duration::from_secs(30), "nothing was told");
    };
    assert!(first.starts_with("create probe"), "{first}");
    while receive.recv_timeout(Duration::from_millis(300)).is_ok() {}
    engine(&world, &["volume", "create", "after"]);
    engine(&world, &["volume", "rm", "after"]);
    let told: Vec<String> = (0..2).map(|_| receive.recv_timeout(Duration::from_secs(10)).unwrap()).collect();
    assert_eq!(told, ["create after", "remove after"]);
    follower.kill().unwrap();
    follower.wait().unwrap();
    reader.join().unwrap();
}

#[test]
fn waiting_ends_when_its_time_is_over() {
    let world = World::new();
    engine(&world, &["volume", "create", "before"]);
    let begin = Instant::now();
    let text = engine(&world, &["events", "--since", "1h", "--until", "700ms", "--format", "{{.Name}}"]);
    assert_eq!(text, "before\n");
    assert!(begin.elapsed() >= Duration::from_millis(700));
}

#[test]
fn a_pipe_that_was_closed_is_no_error() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        engine(&world, &["volume", "create", name]);
    }
    let mut follower = world.process("engine");
    let mut follower =
        follower.args(["events", "--since", "1h"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(follower.stdout.take());
    // The next event finds that nobody reads.
    engine(&world, &["volume", "create", "d"]);
    let output = follower.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

fn event(name: &str) -> Event {
    Event { name: name.into(), ..Event::new("volume", "create") }
}

#[test]
fn lines_of_many_do_not_mix_and_a_full_file_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let events = Events::new(directory.path()).limit(150_000);
    thread::scope(|scope| {
        for thread in 0..8 {
            let events = &events;
            // About 90 bytes each: one file and a part of the next.
            scope.spawn(move || (0..250).for_each(|n| events.write(&event(&format!("{thread}-{n}"))).unwrap()));
        }
    });
    let mut names: Vec<String> = events.read(&Query::default()).unwrap().into_iter().map(|event| event.name).collect();
    assert_eq!(names.len(), 2000);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 2000, "each of them once");
    assert!(directory.path().join("events.jsonl.1").exists());
    // Once more full, the oldest are gone; the directory does not grow.
    (0..4000).for_each(|n| events.write(&event(&format!("later-{n}"))).unwrap());
    let size: u64 =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(size < 2 * 151_000, "{size}");
    let last = events.read(&Query::default()).unwrap().pop().unwrap();
    assert_eq!(last.name, "later-3999");
}

#[test]
fn who_waits_misses_nothing_when_the_file_is_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let events = Events::new(directory.path()).limit(2_000);
    let seen = AtomicUsize::new(0);
    let query = Query { until: Some(time::parse_future("30s").unwrap()), ..Query::default() };
    let mut names = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..600 {
                // No more than a file ahead of the reader, or there is nothing left to read.
                while seen.load(Ordering::SeqCst) + 15 < n {
                    thread::yield_now();
                }
                events.write(&event(&n.to_string())).unwrap();
            }
        });
        let all = process::Error::new("all seen");
        let result = events.follow(&query, true, |event| {
            names.push(event.name.parse::<usize>().unwrap());
            seen.store(names.len(), Ordering::SeqCst);
            if names.len() == 600 { Err(all.clone()) } else { Ok(()) }
        });
        assert_eq!(result, Err(all.clone()));
    });
    assert_eq!(names, (0..600).collect::<Vec<_>>());
}

#[test]
fn what_is_no_event_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let events = Events::new(directory.path());
    events.write(&event("first")).unwrap();
    let path = directory.path().join("events.jsonl");
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"\n{\"Name\":\"half\n\xff\xfe\n{}\nnull\n");
    std::fs::write(&path, text).unwrap();
    events.write(&event("second")).unwrap();
    let names: Vec<String> = events.read(&Query::default()).unwrap().into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["first", "second"]);
}

#[test]
fn a_line_fits_into_one_write() {
    let directory = tempfile::tempdir().unwrap();
    let events = Events::new(directory.path());
    let mut long = event("long");
    for n in 0..100 {
        long.attributes.insert(format!("label{n}"), "x".repeat(n * 10));
    }
    events.write(&long).unwrap();
    let text = std::fs::read(directory.path().join("events.jsonl")).unwrap();
    assert!(text.len() <= 4096, "{}", text.len());
    let read = events.read(&Query::default()).unwrap();
    assert!(read[0].attributes.contains_key("label1") && !read[0].attributes.contains_key("label99"));
}

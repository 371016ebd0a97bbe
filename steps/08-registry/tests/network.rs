//! Connections break, registries are busy, programs are killed: the image is whole or not there.

mod fake;

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake::{Fake, Reply, Shelf, output, pull, stored};
use support::observe::{self, await_some, kill};
use support::{World, busybox_archive};

fn pulled(world: &World, fake: &Fake) {
    let seen = pull(world, &format!("{}/x", fake.address));
    assert!(seen.ends_with("status 0\n"), "{seen}");
    assert_eq!(stored(world), [1, 1, 2, 1, 0]);
}

#[test]
fn a_layer_goes_on_where_the_connection_broke() {
    for knows_ranges in [true, false] {
        let world = World::new();
        let good = Shelf::of(&world, &busybox_archive(&world));
        let (layer, blob) = good.layer();
        let (tries, path) = (AtomicUsize::new(0), format!("/v2/x/blobs/{layer}"));
        let wanted = path.clone();
        let fake = Fake::start("127.0.0.1", move |request| {
            let mut reply = good.reply(request);
            if request.path == wanted {
                if !knows_ranges {
                    reply = Reply::new(200, blob.clone());
                }
                if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                    reply.cut = Some(blob.len() / 2);
                }
            }
            reply
        });
        pulled(&world, &fake);
        let asked: Vec<usize> =
            fake.log().iter().filter(|request| request.path == path).map(fake::Request::from).collect();
        assert!(asked.len() == 2 && asked[0] == 0 && asked[1] > 0, "{asked:?}");
    }
}

#[test]
fn a_busy_registry_is_asked_again() {
    let world = World::new();
    let good = Shelf::of(&world, &busybox_archive(&world));
    let times = Mutex::new(std::collections::BTreeMap::<String, usize>::new());
    let fake = Fake::start("127.0.0.1", move |request| {
        let mut times = times.lock().unwrap();
        let count = times.entry(request.path.clone()).or_default();
        *count += 1;
        if *count == 1 && request.path != "/v2/" { Reply::error(503, "UNAVAILABLE") } else { good.reply(request) }
    });
    let name = format!("{}/x", fake.address);
    let seen = output(world.command("registry").args(["pull", "--tls-verify=false", &name]));
    assert!(seen.contains("Failed, retrying in 1s ... (1/3). Error: unavailable"), "{seen}");
    assert!(seen.ends_with("status 0\n"), "{seen}");
}

#[test]
fn what_will_not_change_is_not_asked_again() {
    let world = World::new();
    let fake = Fake::start("127.0.0.1", |request| match request.path.as_str() {
        "/v2/" => Reply::new(200, "{}"),
        _ => Reply::error(404, "MANIFEST_UNKNOWN"),
    });
    let seen = pull(&world, &format!("{}/x:y", fake.address));
    assert!(seen.contains("/x:y: reading manifest y in"), "{seen}");
    assert!(seen.ends_with("/x: manifest unknown\nstatus 125\n"), "{seen}");
    assert_eq!(fake.lines(), "GET /v2/\nGET /v2/x/manifests/y\n");
}

#[test]
fn three_layers_at_once_and_no_more() {
    let world = World::new();
    let layers: Vec<std::path::PathBuf> = (0..6)
        .map(|number| {
            let dir = world.dir(format!("layer{number}"));
            std::fs::write(dir.join(format!("file{number}")), format!("{number}\n")).unwrap();
            let tar = world.root().join(format!("layer{number}.tar"));
            let status = std::process::Command::new("tar").arg("-cf").arg(&tar).arg("-C").arg(dir).arg(".").status();
            assert!(status.unwrap().success());
            tar
        })
        .collect();
    let layers: Vec<&std::path::Path> = layers.iter().map(std::path::PathBuf::as_path).collect();
    let archive = world.root().join("many.tar");
    support::image::pack(&world, &archive, "localhost/many:latest", "", &layers);
    let good = Shelf::of(&world, &archive);
    let config = String::from_utf8(good.manifest.clone()).unwrap();
    let config = config.split("\"digest\":\"").nth(1).unwrap()[..71].to_string();
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = most.clone();
    let fake = Fake::start("127.0.0.1", move |request| {
        let is_layer = request.path.contains("/blobs/") && !request.path.ends_with(&config);
        if is_layer {
            seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // As long as a fourth one would need to come.
            std::thread::sleep(Duration::from_millis(200));
            now.fetch_sub(1, Ordering::SeqCst);
        }
        good.reply(request)
    });
    let words = pull(&world, &format!("{}/many", fake.address));
    assert!(words.ends_with("status 0\n"), "{words}");
    assert_eq!(most.load(Ordering::SeqCst), 3);
    // Once more: the store has them all.
    let before = fake.log().len();
    assert!(pull(&world, &format!("{}/many", fake.address)).ends_with("status 0\n"));
    let after = fake.log();
    let again: Vec<&str> = after[before..].iter().map(|request| request.path.as_str()).collect();
    assert_eq!(again.len(), 3, "{again:?}");
    // In their order, they are the layers that the archive holds.
    let other = world.data().join("other");
    let load = output(world.command("images").args(["load", "--root"]).arg(&other).arg("-i").arg(&archive));
    assert!(load.ends_with("status 0\n"), "{load}");
    let layers = |root: &std::path::Path, name: &str| images::Store::open(root).unwrap().find(name).unwrap().layers;
    assert_eq!(layers(&world.data().join("podling"), &format!("{}/many", fake.address)), layers(&other, "many"));
}

#[test]
fn many_at_once_bring_one_image() {
    let world = World::new();
    let good = Shelf::of(&world, &busybox_archive(&world));
    let fake = Fake::start("127.0.0.1", move |request| good.reply(request));
    let name = format!("{}/x", fake.address);
    for _ in 0..3 {
        std::thread::scope(|scope| {
            let pulls: Vec<_> = (0..4).map(|_| scope.spawn(|| pull(&world, &name))).collect();
            // Somebody removes it meanwhile; whoever then brings it again has it whole.
            let _ = output(world.command("images").args(["rmi", "-f", &name]));
            for pull in pulls {
                let seen = pull.join().unwrap();
                let lost = seen.contains("image not known");
                assert!(seen.ends_with("status 0\n") || lost, "{seen}");
            }
        });
        pulled(&world, &fake);
        let store = images::Store::open(&world.data().join("podling")).unwrap();
        assert!(store.layer_dirs(&store.find(&name).unwrap())[0].join("bin/busybox").exists());
    }
}

#[test]
fn killed_at_any_moment() {
    let world = World::new();
    let good = Shelf::of(&world, &busybox_archive(&world));
    let fake = Fake::start("127.0.0.1", move |request| good.reply(request));
    let name = format!("{}/x", fake.address);
    let start = || {
        let mut command = world.process("registry");
        command.args(["pull", "-q", "--tls-verify=false", &name]).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let empty = || {
        let store = world.data().join("podling");
        std::process::Command::new("rm").arg("-rf").arg(store).status().unwrap();
    };
    let began = Instant::now();
    assert!(start().wait().unwrap().success());
    let life = began.elapsed();
    empty();
    let rounds = 20;
    for round in 0..rounds {
        let mut child = start();
        let moment = Instant::now() + life * round / rounds;
        while Instant::now() < moment && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        let victims = [vec![child.id()], observe::descendants(child.id())].concat();
        kill(victims[round as usize % victims.len()], 9);
        child.wait().unwrap();
        await_some("the end of all", || observe::processes_of(world.root()).is_empty().then_some(()));
        let store = images::Store::open(&world.data().join("podling")).unwrap();
        let list = store.list().unwrap();
        if let Ok(image) = store.find(&name) {
            assert!(store.layer_dirs(&image).iter().all(|dir| dir.join("bin/busybox").exists()), "round {round}");
        }
        assert!(list.len() <= 1, "round {round}");
        pulled(&world, &fake);
        if round % 2 == 0 {
            empty();
        }
    }
}

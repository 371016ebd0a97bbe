//! registries.conf, policy.json: who is asked for what, and who is not.

mod fake;

use fake::{Fake, INDEX, Reply, Shelf, output, stored};
use support::{Registry, World, busybox_archive, settings};

fn run(world: &World, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    output(
        world.command("registry").env("CONTAINERS_REGISTRIES_CONF", world.root().join("registries.conf")).args(words),
    )
}

#[test]
fn names_lead_where_registries_conf_says() {
    let world = World::new();
    let registry = Registry::of(&world).start();
    registry.push(&world, &busybox_archive(&world), "team/box:latest");
    let address = registry.address();
    world.write(
        "registries.conf",
        format!(
            r#"
unqualified-search-registries = ["127.0.0.1:1", "{address}"]
[[registry]]
location = "{address}"
insecure = true
[[registry]]
prefix = "hub.example"
location = "{address}/team"
insecure = true
[[registry]]
location = "mirrored.example/app"
[[registry.mirror]]
location = "{address}/nothing"
insecure = true
[[registry.mirror]]
location = "{address}/team"
insecure = true
[[registry]]
prefix = "*.evil.example"
blocked = true
[aliases]
box = "hub.example/box"
"#
        ),
    );
    let mut seen = String::new();
    for line in [
        "pull -q --retry=0 {}/team/box",
        "pull --retry=0 hub.example/box",
        "pull box",
        "pull --retry=0 team/box",
        "pull -q mirrored.example/app/box",
        "pull --policy=missing -q box:latest",
        "pull --policy=never -q nosuch",
        "pull --policy=newer -q hub.example/box",
        "pull -q a.evil.example/box",
        "pull -q --retry=0 nosuch",
        "pull -q UPPER",
        "pull -q --policy=soon box",
        "pull --all-tags box",
        "pull -q docker-archive:/tmp/x.tar",
        "pull",
    ] {
        seen += &format!("$ registry {line}\n");
        seen += &run(&world, &line.replace("{}", &address)).replace(&address, "REGISTRY");
    }
    seen +=
        &output(world.command("images").args(["images", "--format", "{{.Repository}}:{{.Tag}}", "--sort=repository"]))
            .replace(&address, "REGISTRY");
    settings().bind(|| insta::assert_snapshot!("conf", seen));
}

#[test]
fn a_file_that_is_none_stops_everything() {
    let world = World::new();
    for (text, wanted) in [
        ("unqualified-search-registries = 5", "invalid type: integer `5`, expected a sequence"),
        ("[registries.search]\nregistries = ['x']", "it is in the format of version 1, which has ended"),
        ("[[registry]]\nprefix = 'a.example'", "location is unset and prefix is not in the format: *.example.com"),
    ] {
        world.write("registries.conf", text);
        let seen = run(&world, "pull x");
        assert!(seen.contains(wanted) && seen.ends_with("status 125\n"), "{seen}");
    }
}

#[test]
fn a_policy_may_refuse() {
    let world = World::new();
    let fake = Fake::start("127.0.0.1", |_| Reply::new(200, "{}"));
    let policy = |text: String| world.write("home/.config/containers/policy.json", text);
    support_give(&world);
    policy(format!(
        r#"{{"default":[{{"type":"insecureAcceptAnything"}}],"transports":{{"docker":{{
            "{0}/bad":[{{"type":"reject"}}],"{0}/signed":[{{"type":"signedBy"}}]}}}}}}"#,
        fake.address
    ));
    let pull = |path: &str| fake::pull(&world, &format!("{}/{path}", fake.address)).replace(&fake.address, "REGISTRY");
    let refused = "Error: Source image rejected: Running image docker://REGISTRY/bad/x:latest is rejected by policy.\n";
    assert_eq!(pull("bad/x"), format!("{refused}status 125\n"));
    assert!(
        pull("signed").starts_with("Error: policy.json wants docker://REGISTRY/signed:latest to be signedBy, which")
    );
    assert_eq!(fake.lines(), "", "not even asked");
    policy("{".to_string());
    assert!(pull("x").starts_with("Error: invalid policy in "));
}

/// Directories that the world made on the way belong to the user too.
fn support_give(world: &World) {
    world.dir("home/.config");
}

#[test]
fn a_list_has_one_for_each_platform() {
    let world = World::new();
    let good = Shelf::of(&world, &busybox_archive(&world));
    let entry = |platform: &str, digest: &str, size: usize| {
        format!(r#"{{"mediaType":"{}","digest":"{digest}","size":{size},"platform":{platform}}}"#, fake::MANIFEST)
    };
    let ours = format!(r#"{{"os":"linux","architecture":"{}"}}"#, support::image::architecture());
    let list = format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{},{}]}}"#,
        entry(r#"{"os":"windows","architecture":"riscv64"}"#, &format!("sha256:{}", "0".repeat(64)), 5),
        entry(&ours, &good.digest(), good.manifest.len())
    );
    let list_digest = images::Digest::of(list.as_bytes()).to_string();
    let digest = good.digest();
    let answers = good.clone();
    let by_digest = list_digest.clone();
    let fake = Fake::start("127.0.0.1", move |request| match request.path.rsplit('/').next().unwrap() {
        "latest" => Reply::new(200, list.clone()).header("Content-Type", INDEX),
        name if name == by_digest => Reply::new(200, list.clone()).header("Content-Type", INDEX),
        _ => answers.reply(request),
    });
    let name = format!("{}/x", fake.address);
    let run = |words: &[&str]| {
        let words = [&["pull", "-q", "--tls-verify=false"], words].concat();
        output(world.command("registry").args(words))
    };
    let seen = run(&["--arch=s390x", &name]);
    let wanted = "no image found in image index for architecture \"s390x\", variant \"\", OS \"linux\"";
    assert!(seen.contains(wanted), "{seen}");
    assert!(run(&[&name]).ends_with("status 0\n"));
    assert!(run(&[&format!("{name}@{list_digest}")]).ends_with("status 0\n"));
    let store = images::Store::open(&world.data().join("podling")).unwrap();
    let image = store.find(&name).unwrap();
    // It is known by both digests, here and nowhere else.
    assert_eq!(store.find(&format!("{name}@{digest}")).unwrap().id, image.id);
    assert_eq!(store.find(&format!("{name}@{list_digest}")).unwrap().id, image.id);
    assert!(store.find(&format!("other.example/x@{digest}")).is_err());
    assert_eq!(image.names, [format!("{name}:latest"), format!("{name}@{list_digest}")]);
    assert_eq!(stored(&world), [1, 1, 3, 2, 0]);
    // Nothing is newer, and a registry that is away is no reason to fail.
    let before = fake.log().len();
    assert!(run(&["--policy=newer", &name]).ends_with("status 0\n"));
    assert!(!fake.log()[before..].iter().any(|request| request.path.contains("/blobs/")));
    drop(fake);
    assert!(run(&["--policy=newer", "--retry=0", &name]).ends_with("status 0\n"));
    let options = registry::Options { tls_verify: Some(false), retry: Some(0), ..registry::Options::default() };
    assert!(registry::remote_digest(&name, &options).is_err());
}

#[test]
fn the_registry_says_what_is_newest() {
    let world = World::new();
    let registry = Registry::of(&world).start();
    let name = format!("{}/x", registry.address());
    let options = registry::Options { tls_verify: Some(false), ..registry::Options::default() };
    let first = registry.push(&world, &busybox_archive(&world), "x:latest");
    assert_eq!(registry::remote_digest(&name, &options).unwrap(), first);
    let archive = support::image::busybox_and(&world, "newer", "", |dir| std::fs::write(dir.join("new"), "").unwrap());
    let second = registry.push(&world, &archive, "x:latest");
    assert_ne!(first, second);
    assert_eq!(registry::remote_digest(&name, &options).unwrap(), second);
}

#[test]
fn whatever_skopeo_pushes_is_pulled() {
    let world = World::new();
    let registry = Registry::of(&world).start();
    let source = format!("docker-archive:{}", busybox_archive(&world).display());
    let mut ids = Vec::new();
    for (name, flags) in [
        ("oci", &["--format", "oci"][..]),
        ("docker", &["--format", "v2s2"]),
        ("zstd", &["--format", "oci", "--dest-compress-format", "zstd"]),
    ] {
        registry.copy(&world, &source, &format!("{name}:1"), flags);
        let seen = fake::pull(&world, &format!("{}/{name}:1", registry.address()));
        assert!(seen.ends_with("status 0\n"), "{name}: {seen}");
        ids.push(seen.lines().next().unwrap().to_string());
    }
    // The formats have configurations of their own; the layer is one.
    assert_eq!(ids[0], ids[2]);
    assert_eq!(stored(&world)[1], 1);
}

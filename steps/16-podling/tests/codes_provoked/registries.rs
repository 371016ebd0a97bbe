//! Registries that say no, or what none should say, and files about registries that nobody can obey.

use support::{Registry, World, busybox_archive};

use crate::fake::{Fake, INDEX, MANIFEST, Reply, Request};
use crate::{of, provoke};

#[test]
fn a_registry_that_says_no() {
    let world = World::new();
    assert_eq!(of(&world, &["pull", "-q", "some-short-name"]), "P0804");
    let registry = Registry::of(&world).with_password("ann", "secret").start();
    let image = format!("{}/box", registry.address());
    // It does not encrypt, and nobody said that it need not.
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", &image]), "P0802");
    registry.trust(&world);
    registry.push(&world, &busybox_archive(&world), "box:latest");
    world.command("podling").args(["logout", "--all"]).output().unwrap();
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", &image]), "P0801");
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", "--creds", "ann:old", &image]), "P0801");
    drop(registry);
    assert_eq!(of(&world, &["pull", "-q", "--retry", "0", &image]), "P0806");
}

#[test]
fn a_registry_that_nobody_vouches_for() {
    let world = World::new();
    let registry = Registry::of(&world).with_tls().asking_for_certificates().start();
    let pull = |address: &str| of(&world, &["pull", "-q", "--retry", "0", &format!("{address}/box")]);
    assert_eq!(pull(&registry.address()), "P0803");
    registry.trust(&world);
    // It wants to see who comes.
    assert_eq!(pull(&registry.address()), "P0814");
    let certs = format!("home/.config/containers/certs.d/{}", registry.address());
    world.write(format!("{certs}/client.cert"), "");
    assert_eq!(pull(&registry.address()), "P0813");
}

#[test]
fn a_registry_that_is_none() {
    let world = World::new();
    let answers = |request: &Request| {
        let of = |name: &str| request.path.starts_with(&format!("/v2/{name}/manifests/"));
        let kind = |kind: &str, text: &str| Reply::new(200, text).header("Content-Type", kind);
        match () {
            () if request.path == "/v2/" => Reply::new(200, "{}"),
            () if of("none") => Reply::error(404, "MANIFEST_UNKNOWN"),
            () if of("busy") => Reply::error(429, "TOOMANYREQUESTS"),
            () if of("broken") => Reply::error(500, "UNKNOWN"),
            () if of("round") => Reply::new(307, "").header("Location", request.path.clone()),
            () if of("page") => kind("text/html", "<html>"),
            () if of("arm") => kind(INDEX, &index()),
            () if of("other") => kind(MANIFEST, r#"{"schemaVersion":2}"#),
            () if of("cut") => Reply { cut: Some(3), ..kind(MANIFEST, r#"{"schemaVersion":2}"#) },
            () => Reply::error(404, "NAME_UNKNOWN"),
        }
    };
    let fake = Fake::start("127.0.0.1", answers);
    let conf = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", fake.address);
    world.write("home/.config/containers/registries.conf.d/fake.conf", conf);
    let pull = |name: &str| of(&world, &["pull", "-q", "--retry", "0", &format!("{}/{name}", fake.address)]);
    let zeros = "0".repeat(64);
    for (name, wanted) in [
        ("none", "P0807"),
        ("busy", "P0808"),
        ("broken", "P0820"),
        ("round", "P0817"),
        ("page", "P0818"),
        ("arm", "P0708"),
        (&format!("other@sha256:{zeros}"), "P0705"),
        ("cut", "P0819"),
    ] {
        assert_eq!(pull(name), wanted, "{name}");
    }
}

/// A list of images, none of which is for a machine that there is.
fn index() -> String {
    let digest = format!("sha256:{}", "0".repeat(64));
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{{"mediaType":"{MANIFEST}","digest":"{digest}","size":2,"platform":{{"architecture":"pdp11","os":"unix"}}}}]}}"#
    )
}

#[test]
fn a_file_about_registries_that_cannot_be_obeyed() {
    let world = World::new();
    let pull = ["pull", "-q", "--retry", "0", "registry.invalid/box"];
    provoke(
        &world,
        &[
            ("P0809", &["logout", "registry.invalid"]),
            ("P0809", &["login", "--get-login", "registry.invalid"]),
            ("P0810", &["pull", "--creds", "ann", "registry.invalid/box"]),
        ],
    );
    let home = "home/.config/containers";
    for (file, text, wanted) in [
        ("auth.json", r#"{"auths":{"registry.invalid":{"auth":"%"}}}"#, "P0811"),
        ("auth.json", r#"{"credHelpers":{"registry.invalid":"nobody"}}"#, "P0812"),
        ("auth.json", "{}", "P0806"),
        ("registries.conf", "[[registry]]\nlocation = \"registry.invalid\"\nblocked = true\n", "P0815"),
        ("registries.conf", "[registries.search]\nregistries = []\n", "P0805"),
        ("registries.conf", "", "P0806"),
        ("policy.json", r#"{"default":[{"type":"reject"}]}"#, "P0815"),
        ("policy.json", r#"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"}]}"#, "P0816"),
        ("policy.json", r#"{"default":[{"type":"insecureAcceptAnything"}]}"#, "P0806"),
    ] {
        world.write(format!("{home}/{file}"), text);
        assert_eq!(of(&world, &pull), wanted, "{file}: {text}");
    }
}

//! What is pulled, and what is said meanwhile.

use support::{Registry, World, busybox_archive, settings};

fn output(command: &mut assert_cmd::Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_string(), |code| code.to_string());
    format!("{}{}status {status}\n", text(&output.stderr), text(&output.stdout))
}

/// Runs each line as arguments of the program; `REGISTRY` is the registry's address.
fn session(world: &World, registry: &Registry, lines: &[&str]) -> String {
    let address = registry.address();
    let mut session = String::new();
    for line in lines {
        session += &format!("$ registry {line}\n");
        let words: Vec<String> = line.split(' ').map(|word| word.replace("REGISTRY", &address)).collect();
        session += &output(world.command("registry").args(words)).replace(&address, "REGISTRY");
    }
    session
}

#[test]
fn an_image_is_pulled_with_a_password() {
    let world = World::new();
    let registry = Registry::of(&world).with_password("ann", "secret").with_tls().start();
    registry.push(&world, &busybox_archive(&world), "nginx:latest");
    let before = session(&world, &registry, &["login -u ann -p secret REGISTRY"]);
    registry.trust(&world);
    let session = before
        + &session(
            &world,
            &registry,
            &[
                "pull REGISTRY/nginx",
                "login -u ann -p wrong REGISTRY",
                "login --get-login REGISTRY",
                "login -u ann -p secret REGISTRY",
                "login --get-login REGISTRY",
                "login REGISTRY",
                "pull REGISTRY/nginx",
                "pull -q REGISTRY/nginx",
                "pull REGISTRY/nginx:nope",
                "pull REGISTRY/nope",
                "logout REGISTRY",
                "logout REGISTRY",
                "pull --creds ann:secret -q REGISTRY/nginx",
                "pull --creds ann:wrong -q REGISTRY/nginx",
            ],
        );
    settings().bind(|| insta::assert_snapshot!("session", session));
}

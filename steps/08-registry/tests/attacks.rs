//! Registries that lie: nothing of what they send is kept, and nothing of ours goes where it should not.

mod fake;

use fake::{Fake, INDEX, MANIFEST, Reply, Shelf, output, pull, stored};
use support::{World, busybox_archive};

const NOTHING: [usize; 5] = [0; 5];

fn shelf(world: &World) -> Shelf {
    Shelf::of(world, &busybox_archive(world))
}

/// The last line before the status, without the address.
fn words(seen: &str, fake: &Fake) -> String {
    seen.replace(&fake.address, "REGISTRY").lines().next().unwrap_or_default().to_string()
}

#[test]
fn what_has_another_digest_is_not_kept() {
    let world = World::new();
    let good = shelf(&world);
    let (layer, _) = good.layer();
    let mut bad = good.clone();
    bad.blobs.get_mut(&layer).unwrap()[1000] ^= 1;
    let fake = Fake::start("127.0.0.1", move |request| bad.reply(request));
    let seen = pull(&world, &format!("{}/x", fake.address));
    assert!(seen.ends_with("status 125\n"), "{seen}");
    assert_eq!(stored(&world), NOTHING, "{seen}");
    // Beside it: the same bytes, unchanged, are an image.
    let fake = Fake::start("127.0.0.1", move |request| good.reply(request));
    assert!(pull(&world, &format!("{}/x", fake.address)).ends_with("status 0\n"));
    assert_eq!(stored(&world), [1, 1, 2, 1, 0]);
}

#[test]
fn a_digest_in_the_name_is_that_of_the_manifest() {
    let world = World::new();
    let good = shelf(&world);
    let wanted = format!("sha256:{}", "a".repeat(64));
    let answers = good.clone();
    let fake = Fake::start("127.0.0.1", move |request| answers.reply(request));
    let seen = pull(&world, &format!("{}/x@{wanted}", fake.address));
    assert!(seen.contains(&format!("manifest has digest {}, expected {wanted}", good.digest())), "{seen}");
    assert_eq!(stored(&world), NOTHING);
}

#[test]
fn documents_that_cannot_be_are_refused() {
    let world = World::new();
    let good = shelf(&world);
    let (layer, blob) = good.layer();
    let one = format!(r#"{{"digest":"{layer}","size":{}}}"#, blob.len());
    type Change<'a> = (&'a str, &'a str, Box<dyn Fn(String) -> String>);
    let hex = layer.trim_start_matches("sha256:").to_string();
    let swap = |to: &str| -> Box<dyn Fn(String) -> String> {
        let (from, to) = (layer.clone(), to.to_string());
        Box::new(move |text| text.replace(&from, &to))
    };
    let manifests = format!(r#","manifests":[{one}]}}"#);
    let changes: Vec<Change<'_>> = vec![
        (
            "a list too",
            "a document is a list and a manifest at once",
            Box::new(move |text| text.trim_end().strip_suffix('}').unwrap().to_string() + &manifests),
        ),
        ("upward", "invalid digest \"sha256:../../x\"", swap("sha256:../../x")),
        ("short", "invalid digest \"sha256:abc\"", swap("sha256:abc")),
        ("upper", "invalid digest", swap(&format!("sha256:{}", hex.to_uppercase()))),
        (
            "other",
            "invalid digest \"md5:d41d8cd98f00b204e9800998ecf8427e\"",
            swap("md5:d41d8cd98f00b204e9800998ecf8427e"),
        ),
        ("empty", "invalid digest \"\"", swap("")),
        ("not JSON", "parsing a manifest", Box::new(|_| "<html>".to_string())),
        ("schema 1", "schema 1", Box::new(|_| r#"{"schemaVersion":1}"#.to_string())),
    ];
    for (name, wanted, change) in changes {
        let bad = good.with(change);
        let fake = Fake::start("127.0.0.1", move |request| bad.reply(request));
        let seen = pull(&world, &format!("{}/x", fake.address));
        assert!(seen.contains(wanted) && seen.ends_with("status 125\n"), "{name}: {seen}");
        assert!(!fake.lines().contains(".."), "{name}: {}", fake.lines());
        assert_eq!(stored(&world), NOTHING, "{name}");
    }
    // It is not what the registry said it is.
    let bad = Shelf { kind: INDEX.into(), ..good };
    let fake = Fake::start("127.0.0.1", move |request| bad.reply(request));
    let seen = pull(&world, &format!("{}/x", fake.address));
    let wanted = format!("manifest came as {INDEX} and says it is {MANIFEST}");
    assert!(words(&seen, &fake).ends_with(&wanted), "{seen}");
}

#[test]
fn what_is_too_large_is_not_read() {
    let world = World::new();
    let good = shelf(&world);
    let (layer, blob) = good.layer();
    // A manifest of five megabytes.
    let huge = good.with(|text| text + &" ".repeat(5 << 20));
    let fake = Fake::start("127.0.0.1", move |request| huge.reply(request));
    let seen = pull(&world, &format!("{}/x", fake.address));
    assert!(words(&seen, &fake).ends_with("exceeded maximum allowed size of 4194304 bytes"), "{seen}");
    // A configuration that says it is larger than any disk.
    let claims = good.with(|text| {
        let at = text.find("\"config\"").unwrap();
        let size = at + text[at..].find("\"size\":").unwrap() + 7;
        let end = size + text[size..].find([',', '}']).unwrap();
        format!("{}{}{}", &text[..size], 1_u64 << 62, &text[end..])
    });
    let fake = Fake::start("127.0.0.1", move |request| claims.reply(request));
    let seen = pull(&world, &format!("{}/x", fake.address));
    assert!(words(&seen, &fake).ends_with("is larger than 4194304 bytes"), "{seen}");
    // A blob that goes on after its end, one that is shorter than it says for ever.
    for (size, wanted) in [(blob.len() - 1, "blob is longer than"), (blob.len() + 1, "unexpected end of file")] {
        let text = format!("\"size\":{}", blob.len());
        let lies = good.with(|manifest| manifest.replace(&text, &format!("\"size\":{size}")));
        assert_ne!(lies.manifest, good.manifest);
        let fake = Fake::start("127.0.0.1", move |request| lies.reply(request));
        let name = format!("{}/x", fake.address);
        let seen = output(world.command("registry").args(["pull", "-q", "--retry=1", "--tls-verify=false", &name]));
        assert!(seen.contains(wanted) || seen.contains("416"), "{layer} {size}: {seen}");
    }
    assert_eq!(stored(&world), NOTHING);
}

#[test]
fn a_layer_is_asked_of_the_registry_alone() {
    let world = World::new();
    let good = shelf(&world);
    let (layer, _) = good.layer();
    let other = Fake::start("127.0.0.2", |_| Reply::new(401, "").header("WWW-Authenticate", "Basic realm=x"));
    let url = format!("\"digest\":\"{layer}\",\"urls\":[\"http://{}/layer\"]", other.address);
    let foreign = good.with(|text| text.replace(&format!("\"digest\":\"{layer}\""), &url));
    assert_ne!(foreign.manifest, good.manifest);
    let fake = Fake::start("127.0.0.1", move |request| match request.header("authorization") {
        "" => Reply::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=x"),
        _ => foreign.reply(request),
    });
    let name = format!("{}/x", fake.address);
    let words = ["pull", "-q", "--tls-verify=false", "--creds", "ann:secret", &name];
    assert!(output(world.command("registry").args(words)).ends_with("status 0\n"));
    assert_eq!(other.lines(), "");
}

#[test]
fn a_redirection_does_not_take_the_password_along() {
    let world = World::new();
    let good = shelf(&world);
    let (answers, store) = (good.clone(), good.clone());
    let other = Fake::start("127.0.0.2", move |request| store.reply(request));
    let target = other.address.clone();
    let fake = Fake::start("127.0.0.1", move |request| match request.header("authorization") {
        "" => Reply::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=x"),
        _ if request.path.contains("/blobs/") => {
            Reply::new(307, "").header("Location", format!("http://{target}{}", request.path))
        }
        _ => answers.reply(request),
    });
    let name = format!("{}/x", fake.address);
    let words = ["pull", "-q", "--tls-verify=false", "--creds", "ann:secret", &name];
    let seen = output(world.command("registry").args(words));
    assert!(seen.ends_with("status 0\n"), "{seen}");
    // Two blobs came from there, and nobody there knows who we are.
    assert_eq!(other.log().len(), 2, "{}", other.lines());
    assert!(other.log().iter().all(|request| request.header("authorization").is_empty()));
    assert!(fake.log().iter().any(|request| request.header("authorization") == "Basic YW5uOnNlY3JldA=="));
}

#[test]
fn a_token_is_not_bought_from_strangers() {
    let world = World::new();
    let shop = Fake::start("127.0.0.2", |_| Reply::new(200, r#"{"token":"t"}"#));
    let good = shelf(&world);
    let realm = format!("Bearer realm=\"http://{}/token\",service=\"s\"", shop.address);
    let fake = Fake::start("127.0.0.1", move |request| match request.header("authorization") {
        "Bearer t" => good.reply(request),
        _ => Reply::error(401, "UNAUTHORIZED").header("WWW-Authenticate", &realm),
    });
    let name = format!("{}/x", fake.address);
    for (verb, words) in [
        ("login", vec!["login", "--tls-verify=false", "-u", "ann", "-p", "secret", &fake.address]),
        ("pull", vec!["pull", "-q", "--tls-verify=false", "--creds", "ann:secret", &name]),
    ] {
        let seen = output(world.command("registry").args(words));
        assert!(seen.contains("sends us for a token to") && seen.ends_with("status 125\n"), "{verb}: {seen}");
        assert!(!seen.contains("secret"), "{seen}");
    }
    assert_eq!(shop.lines(), "");
    assert_eq!(stored(&world), NOTHING);
}

#[test]
fn a_token_lets_in_and_is_for_one_host() {
    let world = World::new();
    let good = shelf(&world);
    let fake = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let address = fake.clone();
    let server = Fake::start("127.0.0.1", move |request| {
        let realm = format!("http://{}/token", address.get().unwrap());
        if request.path.starts_with("/token") {
            return match request.header("authorization") {
                "Basic YW5uOnNlY3JldA==" => Reply::new(200, r#"{"access_token":"t","expires_in":300}"#),
                _ => Reply::error(401, "UNAUTHORIZED"),
            };
        }
        match request.header("authorization") {
            "Bearer t" => good.reply(request),
            _ => Reply::error(401, "UNAUTHORIZED")
                .header("WWW-Authenticate", format!("Bearer realm=\"{realm}\",service=\"s s\",scope=\"ignored\"")),
        }
    });
    fake.set(server.address.clone()).unwrap();
    let name = format!("{}/a/x:1", server.address);
    let seen =
        output(world.command("registry").args(["pull", "-q", "--tls-verify=false", "--creds=ann:secret", &name]));
    assert!(seen.ends_with("status 0\n"), "{seen}");
    // One token for everything.
    let tokens: Vec<_> = server.log().into_iter().filter(|request| request.path.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].path, "/token?account=ann&service=s%20s&scope=repository%3Aa%2Fx%3Apull");
    let seen = output(world.command("registry").args(["pull", "-q", "--tls-verify=false", "--creds=ann:wrong", &name]));
    let wanted = "requesting bearer token: unauthorized\nstatus 125\n";
    assert!(seen.ends_with(wanted) && !seen.contains("wrong"), "{seen}");
}

#[test]
fn words_of_a_registry_are_no_commands_for_a_terminal() {
    let world = World::new();
    let fake = Fake::start("127.0.0.1", |_| {
        Reply::new(403, "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\\u001b]0;title\\u0007\\r\\nError: yes\"}]}")
    });
    let seen = pull(&world, &format!("{}/x", fake.address));
    assert!(seen.contains("denied: no ]0;title   Error: yes") && !seen.contains('\u{1b}'), "{seen:?}");
}

#[test]
fn keepers_of_passwords_that_fail_are_an_error() {
    let world = World::new();
    let fake = Fake::start("127.0.0.1", |request| match request.header("authorization") {
        "" => Reply::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=x"),
        _ => Reply::new(200, "{}"),
    });
    let name = format!("{}/x", fake.address);
    let auth = format!(
        r#"{{"credHelpers":{{"{}":"test"}},"auths":{{"{}":{{"auth":"YW5uOnNlY3JldA=="}}}}}}"#,
        fake.address, fake.address
    );
    let file = world.write("auth.json", auth);
    let run = |words: &[&str]| {
        let path = format!("{}:/usr/bin:/bin", world.root().join("bin").display());
        output(world.command("registry").env("PATH", path).args(words).arg("--authfile").arg(&file))
    };
    let missing = output(world.command("registry").args(["pull", "--authfile=/nosuch", &name]));
    let wanted = "Error: credential file is not accessible: stat /nosuch: No such file or directory\nstatus 125\n";
    assert_eq!(missing, wanted);
    let seen = run(&["pull", "-q", "--tls-verify=false", &name]);
    assert!(seen.contains("run docker-credential-test: No such file or directory"), "{seen}");
    let script = |text: &str| {
        let path = world.write("bin/docker-credential-test", format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    script("echo 'the safe is locked'; exit 1");
    let seen = run(&["login", "--tls-verify=false", "-u", "ann", "-p", "secret", &fake.address]);
    assert!(seen.contains("run docker-credential-test get: the safe is locked"), "{seen}");
    assert_eq!(fake.lines(), "", "nobody was asked");
    // One that works gets what it is for.
    script("cat >\"$0.$1\"; [ $1 != get ] || echo '{\"Username\":\"bob\",\"Secret\":\"word\"}'");
    let seen = run(&["login", "--get-login", &fake.address]);
    assert_eq!(seen, "bob\nstatus 0\n");
    let seen = run(&["login", "--tls-verify=false", "-u", "ann", "-p", "secret", &fake.address]);
    assert_eq!(seen, "Login Succeeded!\nstatus 0\n");
    let kept = std::fs::read_to_string(world.root().join("bin/docker-credential-test.store")).unwrap();
    assert_eq!(kept, format!(r#"{{"Secret":"secret","ServerURL":"{}","Username":"ann"}}"#, fake.address));
}

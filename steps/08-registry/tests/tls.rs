//! TLS: required, checked, and by whose word.

mod fake;

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use fake::output;
use support::{Registry, World, busybox_archive};

fn pull(world: &World, flags: &[&str], name: &str) -> String {
    let words = [&["pull", "-q", "--retry=0"], flags, &[name]].concat();
    output(world.command("registry").args(words))
}

#[test]
fn plain_http_is_not_used_unasked() {
    let world = World::new();
    let registry = Registry::of(&world).start();
    registry.push(&world, &busybox_archive(&world), "x:latest");
    let name = format!("{}/x", registry.address());
    let seen = pull(&world, &[], &name);
    assert!(seen.contains("http: server gave HTTP response to HTTPS client\nHint: --tls-verify=false"), "{seen}");
    let seen = output(world.command("registry").args(["login", "-u", "ann", "-p", "secret", &registry.address()]));
    assert!(seen.contains("http: server gave HTTP response to HTTPS client"), "{seen}");
    // Not even a question went there in clear.
    assert!(!registry.log().contains("GET /v2/x"), "{}", registry.log());
    assert!(pull(&world, &["--tls-verify=false"], &name).ends_with("status 0\n"));
    registry.trust(&world);
    assert!(pull(&world, &[], &name).ends_with("status 0\n"));
    assert!(pull(&world, &["--tls-verify=true"], &name).ends_with("status 125\n"));
    assert!(pull(&world, &["--tls-verify"], &name).ends_with("status 125\n"));
}

#[test]
fn certificates_are_believed_by_certs_d() {
    let world = World::new();
    let registry = Registry::of(&world).with_tls().start();
    registry.push(&world, &busybox_archive(&world), "x:latest");
    let name = format!("{}/x", registry.address());
    let unknown = "x509: certificate signed by unknown authority\nHint: put the certificate";
    assert!(pull(&world, &[], &name).contains(unknown));
    assert!(pull(&world, &["--tls-verify=false"], &name).ends_with("status 0\n"));
    let dir = world.dir("certs");
    fs::copy(registry.ca(), dir.join("ca.crt")).unwrap();
    let flag = format!("--cert-dir={}", dir.display());
    assert!(pull(&world, &[&flag], &name).ends_with("status 0\n"));
    // The name in the certificate counts.
    let other = format!("127.0.0.2:{}/x", registry.port());
    let tunnel = std::net::TcpListener::bind(("127.0.0.2", registry.port())).unwrap();
    let port = registry.port();
    std::thread::spawn(move || forward(&tunnel, port));
    let seen = pull(&world, &[&flag], &other);
    assert!(seen.contains("x509: certificate is not valid for 127.0.0.2"), "{seen}");
    registry.trust(&world);
    assert!(pull(&world, &[], &name).ends_with("status 0\n"));
    // Half of a pair.
    fs::copy(registry.client().0, dir.join("client.cert")).unwrap();
    let seen = pull(&world, &[&flag], &name);
    assert!(seen.contains("missing client.key for") && seen.ends_with("status 125\n"), "{seen}");
    fs::copy(registry.client().1, dir.join("client.key")).unwrap();
    fs::set_permissions(dir.join("client.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(pull(&world, &[&flag], &name).ends_with("status 0\n"));
}

fn forward(listener: &TcpListener, port: u16) {
    for stream in listener.incoming().flatten() {
        let Ok(target) = std::net::TcpStream::connect(("127.0.0.1", port)) else { continue };
        let (mut a, mut b) = (stream.try_clone().unwrap(), target.try_clone().unwrap());
        let (mut c, mut d) = (target, stream);
        std::thread::spawn(move || std::io::copy(&mut a, &mut b));
        std::thread::spawn(move || std::io::copy(&mut c, &mut d));
    }
}

#[test]
fn a_client_shows_its_certificate() {
    let world = World::new();
    let registry = Registry::of(&world).with_tls().asking_for_certificates().start();
    let name = format!("{}/x", registry.address());
    let dir = world.dir("certs");
    fs::copy(registry.ca(), dir.join("ca.crt")).unwrap();
    let flag = format!("--cert-dir={}", dir.display());
    let seen = pull(&world, &[&flag], &name);
    assert!(seen.contains("remote error: tls: "), "{seen}");
    let (certificate, key) = registry.client();
    fs::copy(certificate, dir.join("me.cert")).unwrap();
    fs::copy(key, dir.join("me.key")).unwrap();
    fs::set_permissions(dir.join("me.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let seen = pull(&world, &[&flag], &name);
    assert!(seen.ends_with("manifest unknown\nstatus 125\n"), "{seen}");
}

#[test]
fn one_that_signed_itself_is_believed_to_the_letter() {
    let world = World::new();
    let make = |dir: &str, name: &str, subject: &str| {
        let dir = world.dir(dir);
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let mut command = Command::new("openssl");
        command.current_dir(&dir).args(["req", "-x509", "-subj", "/CN=registry"]).args(key);
        command.args(["-addext", &format!("subjectAltName={subject}")]);
        command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt")]);
        assert!(command.output().unwrap().status.success());
        dir.join(format!("{name}.crt"))
    };
    let twin = make("twin", "server", "IP:127.0.0.1");
    for (name, subject, known, wanted) in [
        ("right", "IP:127.0.0.1", None, "manifest unknown"),
        ("stranger", "IP:127.0.0.1", Some(&twin), "x509: certificate signed by unknown authority"),
        ("wrong", "DNS:other.example", None, "x509: certificate is not valid for 127.0.0.1"),
    ] {
        // As guides to an own registry have it: one certificate, which is its own authority.
        let certificate = make(name, "server", subject);
        let registry = Registry::of(&world).named(name).with_tls().start();
        let certs = world.dir(format!("certs-{name}"));
        fs::copy(known.unwrap_or(&certificate), certs.join("ca.crt")).unwrap();
        let seen = pull(&world, &[&format!("--cert-dir={}", certs.display())], &format!("{}/x", registry.address()));
        assert!(seen.contains(wanted), "{name}: {seen}");
    }
}

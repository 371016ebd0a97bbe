//! Who is there, what is there, and what is not.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::Service;
use insta::assert_snapshot;

#[test]
fn ping() {
    let service = Service::empty();
    let mut shown = String::new();
    for arguments in [&["-i"][..], &["-I"]] {
        for path in ["/_ping", "/v1.41/_ping", "/libpod/_ping"] {
            let (status, text) = service.curl_with(&[arguments, &[&format!("http://localhost{path}")]].concat());
            assert_eq!(status, 200);
            shown += &format!("{arguments:?} {path}\n{}\n\n", text.replace('\r', ""));
        }
    }
    let mut settings = support::settings();
    settings.add_filter("date: .*", "date: [DATE]");
    settings.bind(|| assert_snapshot!("ping", shown));
}

#[test]
fn version_and_info() {
    let service = Service::empty();
    for path in ["/version", "/v1.24/version", "/v5.0.0/libpod/version"] {
        let version = service.document("GET", path, "");
        assert_eq!((&version["ApiVersion"], &version["MinAPIVersion"]), (&"1.44".into(), &"1.24".into()), "{path}");
        assert_eq!(version["Components"][0]["Name"], "Podling Engine");
    }
    let info = service.document("GET", "/info", "");
    assert_eq!((&info["Containers"], &info["Images"], &info["Driver"]), (&0.into(), &0.into(), &"overlay".into()));
    let root = service.world.data().join("podling").display().to_string();
    assert_eq!(info["DockerRootDir"], root);
    let libpod = service.document("GET", "/v5.0.0/libpod/info", "");
    assert_eq!((&libpod["store"]["graphRoot"], &libpod["host"]["security"]["rootless"]), (&root.into(), &true.into()));
}

#[test]
fn images() {
    let service = Service::new();
    let all = service.document("GET", "/v1.41/images/json", "");
    assert_eq!(all[0]["RepoTags"][0], "localhost/busybox:latest");
    let id = all[0]["Id"].as_str().unwrap();
    for name in ["busybox", "localhost/busybox", "localhost/busybox:latest", "localhost%2Fbusybox", id, &id[7..20]] {
        let image = service.document("GET", &format!("/images/{name}/json"), "");
        assert_eq!((&image["Id"], &image["Config"]["Cmd"][0]), (&id.into(), &"/bin/sh".into()), "{name}");
        let image = service.document("GET", &format!("/v5.0.0/libpod/images/{name}/json"), "");
        assert_eq!(image["Id"], id[7..], "{name}");
    }
    let count = |filters: &str| {
        service.document("GET", &format!("/images/json?filters={filters}"), "").as_array().unwrap().len()
    };
    let filters = [
        r#"{"reference":["localhost/busybox"]}"#,
        r#"{"reference":{"localhost/busybox":true}}"#,
        r#"{"label":["made-by=tar"]}"#,
        r#"{"dangling":["true"]}"#,
        r#"{"label":["no"]}"#,
    ];
    assert_eq!(filters.map(|text| count(&encoded(text))), [1, 1, 1, 0, 0]);
    let (status, _) = service.curl("POST", "/images/busybox/tag?repo=localhost/other&tag=1", "");
    assert_eq!(status, 201);
    assert_eq!(
        service.document("DELETE", "/images/localhost/other:1", ""),
        serde_json::json!([{ "Untagged": "localhost/other:1" }])
    );
    let removed = service.document("DELETE", "/v5.0.0/libpod/images/busybox", "");
    assert_eq!(removed["Deleted"][0], id[7..]);
    assert_eq!(service.get("/v5.0.0/libpod/images/busybox/exists").0, 404);
}

/// What a prune removes, by both APIs; and a store at another place is the processes' too that the service starts.
#[test]
fn prunes() {
    let world = support::World::new();
    let archive = support::busybox_archive(&world);
    let root = world.root().join("home/elsewhere").display().to_string();
    world.command("rest").args(["load", "-q", "--root", &root, "-i"]).arg(archive).assert().success();
    let service = Service::start(world, &["--time", "0", "--root", &root]);
    for prefix in ["", "/v5.0.0/libpod"] {
        service.document("POST", "/volumes/create", r#"{"Name": "data"}"#);
        let id = service.container("box", &["true"]);
        let removed = service.document("POST", &format!("{prefix}/volumes/prune"), "").to_string();
        assert!(removed.contains("data"), "{removed}");
        let removed = service.document("POST", &format!("{prefix}/containers/prune"), "").to_string();
        assert!(removed.contains(&id), "{removed}");
        let removed = service.document("POST", &format!("{prefix}/images/prune"), "").to_string();
        assert!(!removed.contains("sha256"), "{removed}");
    }
    let all = encoded(r#"{"dangling":["false"]}"#);
    let removed = service.document("POST", &format!("/images/prune?filters={all}"), "");
    assert_eq!(removed["ImagesDeleted"].as_array().unwrap().len(), 1);
    assert!(!service.world.data().join("podling").exists());
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whatever Podman answers is answered, or refused by its name.
#[test]
fn what_is_not_there() {
    let service = Service::empty();
    let mut absent = String::new();
    for (method, path, here) in rest::routes::all() {
        if here {
            continue;
        }
        let asked = path.replace(['{', '}'], "").replace('*', "x");
        let method = if method == "ANY" { "POST" } else { method };
        for prefix in ["", "/v1.41"] {
            let arguments = if method == "HEAD" { vec!["-I"] } else { vec!["-X", method] };
            let (status, text) =
                service.curl_with(&[&arguments[..], &[&format!("http://localhost{prefix}{asked}")]].concat());
            assert_eq!(status, 501, "{method} {asked}: {text}");
            if method != "HEAD" {
                let error: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert!(error["message"].as_str().unwrap().contains(path), "{text}");
                assert_eq!(error["response"], 501);
            }
        }
        absent += &format!("{method} {path}\n");
    }
    assert_snapshot!("absent", absent);
    let answers = [
        ("GET", "/no/such"),
        ("GET", "/v1.41"),
        ("GET", "/v1.41/containers"),
        ("PUT", "/info"),
        ("GET", "/containers/no/json"),
    ];
    let shown = answers.map(|(method, path)| {
        let (status, text) = service.curl_with(&["-X", method, &format!("http://localhost{path}")]);
        format!("{method} {path}\n{status} {text}")
    });
    assert_snapshot!("wrong", shown.concat());
}

/// The list that this is measured against is Podman's own: no route is lost from it.
#[test]
fn every_route_of_podman_is_known() {
    let all = rest::routes::all();
    let podman = include_str!("podman-routes.txt").lines().filter_map(|line| line.split_once(' '));
    let missing: Vec<_> =
        podman.filter(|route| !all.iter().any(|(method, path, _)| (*method, *path) == *route)).collect();
    assert_eq!(missing, []);
}

/// Docker's client writes first and reads then: when it cannot write, it does not look for the answer.
#[test]
fn who_asks_for_what_is_not_there_may_finish_the_question() {
    let service = Service::empty();
    let mut client = UnixStream::connect(&service.socket).unwrap();
    client.write_all(b"POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n").unwrap();
    // Long enough for an answer that waits for nothing.
    std::thread::sleep(Duration::from_millis(200));
    client.write_all(b"{}").unwrap();
    let mut line = String::new();
    BufReader::new(client).read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 501 Not Implemented\r\n");
}

//! The life of a container, by curl and by the clients that people have.

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use common::{Service, docker, frames, text};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::observe;

/// The same life by the paths of both APIs.
#[test]
fn a_life() {
    let service = Service::new();
    for prefix in ["", "/v1.41", "/v5.0.0/libpod"] {
        let libpod = prefix.ends_with("libpod");
        let body = match libpod {
            true => {
                json!({ "name": "web", "image": "busybox", "command": ["sh", "-c", "echo out; echo err >&2; exec cat"], "stdin": true, "env": { "A": "1" } })
            }
            false => {
                json!({ "Image": "busybox", "Cmd": ["sh", "-c", "echo out; echo err >&2; exec cat"], "OpenStdin": true, "Env": ["A=1"] })
            }
        };
        let create = format!("{prefix}/containers/create{}", if libpod { "" } else { "?name=web" });
        let (status, made) = service.curl("POST", &create, &body.to_string());
        assert_eq!(status, 201, "{made}");
        let id = serde_json::from_str::<Value>(&made).unwrap()["Id"].as_str().unwrap().to_string();
        assert_eq!(service.curl("POST", &create, &body.to_string()).0, 409);
        let state = || service.document("GET", &format!("{prefix}/containers/web/json"), "")["State"]["Status"].clone();
        let running = || service.document("GET", &format!("{prefix}/containers/json"), "").as_array().unwrap().len();
        assert_eq!((state(), running()), ("created".into(), 0));
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/web/start"), "").0, 204);
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/{id}/start"), "").0, 304);
        assert_eq!((state(), running()), ("running".into(), 1));
        let log = format!("http://localhost{prefix}/containers/{}/logs?stdout=1&stderr=1", &id[..12]);
        let lines = observe::await_some("its lines", || {
            let output = service
                .world
                .process("curl")
                .args(["-sS", "--unix-socket"])
                .arg(&service.socket)
                .arg(&log)
                .output()
                .unwrap();
            Some(frames(&output.stdout)).filter(|lines| lines.lines().count() == 2)
        });
        assert_eq!(lines, "out: out\nerr: err\n");
        assert_eq!(service.curl("DELETE", &format!("{prefix}/containers/web"), "").0, 409);
        let top = service.document("GET", &format!("{prefix}/containers/web/top"), "");
        assert_eq!(top["Processes"][0][7], "cat");
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/web/kill?signal=NONE"), "").0, 400);
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/web/restart?t=0"), "").0, 204);
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/web/stop?t=0"), "").0, 204);
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/web/stop"), "").0, 304);
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/web/kill"), "").0, 409);
        assert_eq!(state(), "exited");
        let waited = service.document("POST", &format!("{prefix}/containers/web/wait"), "");
        assert_eq!(waited, if libpod { json!(137) } else { json!({ "StatusCode": 137 }) });
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/web/rename?name=other"), "").0, 204);
        assert_eq!(service.curl("POST", &format!("{prefix}/containers/other/rename?name=a/b"), "").0, 400);
        let all = service.document("GET", &format!("{prefix}/containers/json?all=true"), "");
        assert_eq!(all[0]["Names"][0], if libpod { "other" } else { "/other" });
        let (status, _) = service.curl("DELETE", &format!("{prefix}/containers/other"), "");
        assert_eq!(status, if libpod { 200 } else { 204 });
        assert_eq!(service.get(&format!("{prefix}/containers/other/json")).0, 404);
    }
    assert_eq!(service.curl("POST", "/containers/create", r#"{"Image": "no-such-image"}"#).0, 404);
}

/// Who waits for a container that has not started hears of its end, also when the container is gone by then.
#[test]
fn waits() {
    let service = Service::new();
    for (condition, remove) in [("next-exit", false), ("removed", true)] {
        let body = json!({ "Image": "busybox", "Cmd": ["sh", "-c", "exit 7"], "HostConfig": { "AutoRemove": remove } });
        service.document("POST", &format!("/containers/create?name={condition}"), &body.to_string());
        let mut stream = UnixStream::connect(&service.socket).unwrap();
        write!(
            stream,
            "POST /containers/{condition}/wait?condition={condition} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        // The head comes before the start.
        let mut head = [0; 15];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        assert_eq!(service.curl("POST", &format!("/containers/{condition}/start"), "").0, 204);
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.contains(r#"{"StatusCode":7}"#), "{rest}");
    }
    let (status, _) = service.curl("POST", "/containers/next-exit/wait?condition=never", "");
    assert_eq!(status, 400);
}

/// A connection that is made before the start sees all of the output, and types.
#[test]
fn attaches_before_the_start() {
    let service = Service::new();
    let body = json!({ "Image": "busybox", "Cmd": ["sh", "-c", "echo first; exec cat"], "OpenStdin": true });
    service.document("POST", "/containers/create?name=cat", &body.to_string());
    let mut stream = UnixStream::connect(&service.socket).unwrap();
    let path = "/containers/cat/attach?stream=1&stdin=1&stdout=1&stderr=1";
    write!(stream, "POST {path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\ntyped before\n").unwrap();
    assert_eq!(service.curl("POST", "/containers/cat/start", "").0, 204);
    stream.write_all(b"typed after\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(bytes.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&bytes));
    let lines = frames(&bytes[end..]).replace("out: ", "");
    assert_eq!(lines, "first\ntyped before\ntyped after\n");
}

/// A client that leaves takes its program along, and leaves nothing.
#[test]
fn who_leaves_leaves_nothing() {
    let service = Service::new();
    service.container("box", &["sleep", "1000"]);
    assert_eq!(service.curl("POST", "/containers/box/start", "").0, 204);
    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", service.child.id())).unwrap().count();
    let children = || observe::children(service.child.id()).len();
    let round = || {
        let made = service.document(
            "POST",
            "/containers/box/exec",
            r#"{"Cmd": ["sleep", "999"], "AttachStdout": true, "AttachStdin": true}"#,
        );
        for path in [
            format!("/exec/{}/start", made["Id"].as_str().unwrap()),
            "/containers/box/attach?stream=1&stdout=1".to_string(),
        ] {
            let mut stream = UnixStream::connect(&service.socket).unwrap();
            write!(stream, "POST {path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{{}}").unwrap();
            let mut head = [0; 12];
            stream.read_exact(&mut head).unwrap();
            assert_eq!(&head, b"HTTP/1.1 101");
        }
        let mut log = UnixStream::connect(&service.socket).unwrap();
        write!(log, "GET /containers/box/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n").unwrap();
        log.read_exact(&mut [0; 12]).unwrap();
    };
    round();
    observe::await_some("the first one's end", || (children() == 0).then_some(()));
    let before = descriptors();
    (0..5).for_each(|_| round());
    observe::await_some("the end of all", || (children() == 0 && descriptors() <= before).then_some(()));
}

#[test]
fn execs() {
    let service = Service::new();
    service.container("box", &["sleep", "1000"]);
    let asked =
        json!({ "Cmd": ["sh", "-c", "echo out; echo err >&2; exit 3"], "AttachStdout": true, "AttachStderr": true });
    assert_eq!(service.curl("POST", "/containers/box/exec", &asked.to_string()).0, 409);
    assert_eq!(service.curl("POST", "/containers/box/start", "").0, 204);
    let made = service.document("POST", "/containers/box/exec", &asked.to_string());
    let id = made["Id"].as_str().unwrap();
    assert_eq!(service.document("GET", "/containers/box/json", "")["ExecIDs"][0], id);
    let start = ["-X", "POST", "-d", "{}", &format!("http://localhost/exec/{id}/start")].map(str::to_string);
    let output =
        service.world.process("curl").args(["-sS", "--unix-socket"]).arg(&service.socket).args(start).output().unwrap();
    let mut lines: Vec<String> = frames(&output.stdout).lines().map(str::to_string).collect();
    lines.sort();
    assert_eq!(lines, ["err: err", "out: out"]);
    let after = service.document("GET", &format!("/exec/{id}/json"), "");
    assert_eq!((&after["ExitCode"], &after["Running"]), (&json!(3), &json!(false)));
    assert_eq!(service.curl("POST", &format!("/exec/{id}/start"), "{}").0, 409);
    assert_eq!(service.curl("POST", "/exec/no/start", "{}").0, 404);
    for body in [json!({ "Cmd": [] }), json!({ "Cmd": ["x"], "Env": ["A"] })] {
        assert_eq!(service.curl("POST", "/containers/box/exec", &body.to_string()).0, 400);
    }
    assert_eq!(service.curl("POST", "/containers/box/exec", r#"{"Cmd": ["x"], "Privileged": true}"#).0, 501);
}

/// As a person types it, with the Docker client of the distribution, and with another one when it is there.
#[test]
fn dockers_own_client() {
    for docker in docker() {
        let service = Service::new();
        let mut shown = String::new();
        let mut run = |words: &[&str]| {
            let output = service.client(&docker, words);
            shown += &format!("$ docker {}\n{}", words.join(" "), text(&output));
        };
        run(&["run", "--rm", "busybox", "echo", "hello"]);
        run(&["run", "--rm", "busybox", "sh", "-c", "exit 3"]);
        run(&[
            "run",
            "--rm",
            "-e",
            "A=b",
            "-w",
            "/tmp",
            "-u",
            "1234",
            "-h",
            "host",
            "busybox",
            "sh",
            "-c",
            "echo $A; pwd; id -u; hostname",
        ]);
        run(&["run", "--rm", "--privileged", "busybox", "true"]);
        run(&["run", "-d", "--name", "web", "-l", "a=b", "busybox", "sh", "-c", "echo out; exec sleep 1000"]);
        run(&["ps", "--format", "{{.Names}} {{.Image}} {{.State}} {{.Label \"a\"}}"]);
        run(&["logs", "web"]);
        run(&["exec", "web", "sh", "-c", "echo inside; exit 4"]);
        run(&["exec", "web", "no-such-program"]);
        run(&["inspect", "-f", "{{.Name}} {{.State.Status}} {{.Config.Cmd}}", "web"]);
        run(&["rename", "web", "site"]);
        run(&["stop", "-t", "0", "site"]);
        run(&["ps", "-a", "--format", "{{.Names}} {{.State}}"]);
        run(&["rm", "site"]);
        run(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        run(&["tag", "busybox", "localhost/other"]);
        run(&["rmi", "localhost/other"]);
        run(&["volume", "create", "data"]);
        run(&["run", "--rm", "-v", "data:/data", "busybox", "sh", "-c", "echo kept >/data/file"]);
        run(&["run", "--rm", "-v", "data:/data", "busybox", "cat", "/data/file"]);
        run(&["volume", "rm", "data"]);
        run(&["network", "create", "mine"]);
        run(&["pull", "127.0.0.1:1/no"]);
        let version = service.client(&docker, &["version", "-f", "{{.Server.Version}} {{.Client.APIVersion}}"]);
        assert!(text(&version).starts_with(env!("CARGO_PKG_VERSION")), "{}", text(&version));
        // What the two say in words of their own: where to find help, how an error is logged, and a full stop.
        let own =
            |line: &&str| line.is_empty() || ["See '", "Run '", "time="].iter().any(|word| line.starts_with(word));
        let lines = shown.lines().filter(|line| !own(line));
        let shown =
            lines.map(|line| line.strip_suffix("podling.").map_or(line.into(), |line| format!("{line}podling")));
        let shown = shown.collect::<Vec<String>>().join("\n");
        support::settings().bind(|| assert_snapshot!("docker", shown));
        assert_eq!(service.client(&docker, &["rm", "site"]).status.code(), Some(1));
        for (words, status) in [
            (["run", "--rm", "busybox", "no-such-program"], 127),
            (["run", "--rm", "busybox", "/etc/passwd"], 126),
            (["run", "--rm", "127.0.0.1:1/no", "x"], 125),
        ] {
            assert_eq!(service.client(&docker, &words).status.code(), Some(status), "{words:?}");
        }
        let mut cat = service.command(&docker);
        cat.args(["run", "--rm", "-i", "busybox", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut cat = cat.spawn().unwrap();
        cat.stdin.take().unwrap().write_all(b"through\n").unwrap();
        assert_eq!(cat.wait_with_output().unwrap().stdout, b"through\n");
    }
}

/// Podman's client, which speaks the other API.
#[test]
fn podmans_own_client() {
    let service = Service::new();
    let podman = |words: &[&str]| {
        let url = format!("unix://{}", service.socket.display());
        let words = [&["--remote", "--url", &url], words].concat();
        text(&service.client("/usr/bin/podman".as_ref(), &words))
    };
    let mut shown = String::new();
    for words in [
        &["run", "--rm", "busybox", "echo", "hello"][..],
        &["run", "--rm", "busybox", "sh", "-c", "exit 3"],
        &["run", "-d", "--name", "web", "busybox", "sleep", "1000"],
        &["ps", "--format", "{{.Names}} {{.Image}}"],
        &["exec", "web", "echo", "inside"],
        &["inspect", "--format", "{{.Name}} {{.State.Status}}", "web"],
        &["stop", "-t", "0", "web"],
        &["rm", "web"],
        &["images", "--format", "{{.Repository}}:{{.Tag}}"],
        &["pod", "create"],
    ] {
        shown += &format!("$ podman --remote {}\n{}", words.join(" "), podman(words));
    }
    support::settings().bind(|| assert_snapshot!("podman", shown));
}

/// The description names the routes that are answered, and no other; and answers are what it says.
#[test]
fn the_description_is_true() {
    let service = Service::new();
    service.container("box", &["sleep", "1000"]);
    assert_eq!(service.curl("POST", "/containers/box/start", "").0, 204);
    service.document("POST", "/volumes/create", r#"{"Name": "data"}"#);
    let described = service.document("GET", "/openapi.json", "");
    assert_eq!(described["openapi"], "3.1.0");
    let mut routes = Vec::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        routes.extend(item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let mut here: Vec<_> = rest::routes::all()
        .into_iter()
        .filter(|(.., here)| *here)
        .map(|(method, path, _)| (method.to_string(), path.to_string()))
        .collect();
    routes.sort();
    here.sort();
    assert_eq!(routes, here);
    let mut checked = 0;
    for (method, path) in &routes {
        let asked = match path.as_str() {
            "/libpod/images/{name}/json" | "/images/{name}/json" | "/libpod/images/{name}/exists" => {
                path.replace("{name}", "busybox")
            }
            path if path.contains("/volumes/") => path.replace("{name}", "data"),
            path => path.replace("{name}", "box"),
        };
        let with_streams = path.ends_with("/logs")
            || path.ends_with("/events")
            || path.contains("/exec/")
            || path.contains("/networks/");
        if method != "GET" || with_streams {
            continue;
        }
        let operation = &described["paths"][path]["get"];
        let (status, text) = service.get(&asked);
        let answer = &operation["responses"][status.to_string()];
        assert!(answer.is_object(), "GET {asked}: {status} is not described: {text}");
        if let Some(schema) = answer.pointer("/content/application~1json/schema") {
            let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {asked}: {error}: {text}"));
            fits(&document, schema, &described, &asked);
            checked += 1;
        }
        // What is not described is refused.
        let (status, text) = service.get(&format!("{asked}?unheard=of"));
        assert_eq!(status, 501, "GET {asked}: {text}");
    }
    assert!(checked > 15, "{checked}");
    for (_, path) in &routes {
        for (_, operation) in described["paths"][path].as_object().unwrap() {
            resolve_all(operation, &described);
        }
    }
}

/// Whether a document is what its schema says; fields that it does not name are none.
fn fits(document: &Value, schema: &Value, all: &Value, place: &str) {
    let schema = resolve(schema, all);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        // A part of a whole does not name the other parts' fields.
        for name in resolve(part, all)["required"].as_array().into_iter().flatten() {
            assert!(document.get(name.as_str().unwrap()).is_some(), "{place}: no {name}");
        }
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let chosen = choices.iter().find(|choice| (choice["type"] == "null") == document.is_null());
        return fits(document, chosen.unwrap_or_else(|| panic!("{place}: {document}")), all, place);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let kind = match document {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(
        kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number")),
        "{place}: {document} is no {kinds:?}"
    );
    for (number, item) in document.as_array().into_iter().flatten().enumerate() {
        fits(item, &schema["items"], all, &format!("{place}[{number}]"));
    }
    let (Some(fields), Some(known)) = (document.as_object(), schema["properties"].as_object()) else { return };
    for (name, value) in fields {
        let schema = known.get(name).unwrap_or_else(|| panic!("{place}: {name} is not described"));
        fits(value, schema, all, &format!("{place}.{name}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(fields.contains_key(name), "{place}: no {name}");
    }
}

/// What a reference leads to.
fn resolve<'a>(schema: &'a Value, all: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            all.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
        None => schema,
    }
}

/// Every reference leads somewhere.
fn resolve_all(value: &Value, all: &Value) {
    resolve(value, all);
    for inner in
        value.as_array().into_iter().flatten().chain(value.as_object().into_iter().flat_map(|fields| fields.values()))
    {
        resolve_all(inner, all);
    }
}

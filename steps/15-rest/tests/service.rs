//! The service itself: who reaches it, what it refuses, and when it goes.

mod common;

use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;
use std::time::Duration;

use common::{Service, text};
use insta::assert_snapshot;
use support::{World, observe};

#[test]
fn nobody_else_reaches_the_socket() {
    let world = World::new();
    // A careless user: everything that is made is open to all.
    let program = world.process("rest").get_program().to_os_string();
    let mut command = world.process("sh");
    command.args(["-c", "umask 0; exec \"$0\" system service --time 0"]).arg(program);
    let mut child = command.spawn().unwrap();
    let socket = world.run().join("podling/podling.sock");
    observe::await_some("the socket", || socket.exists().then_some(()));
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_goes_when_nobody_is_there() {
    let mut service = Service::start(World::new(), &["--time", "1"]);
    assert_eq!(service.get("/_ping").0, 200);
    // A connection is somebody, also without a request.
    let held = UnixStream::connect(&service.socket).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(service.child.try_wait().unwrap().is_none());
    drop(held);
    assert_eq!(observe::await_some("its end", || service.child.try_wait().unwrap()).code(), Some(0));
    assert!(!service.socket.exists());
}

#[test]
fn it_goes_when_it_is_told_to_and_the_next_one_comes() {
    let mut service = Service::empty();
    let pid = service.child.id();
    assert!(std::process::Command::new("kill").arg(pid.to_string()).status().unwrap().success());
    assert_eq!(observe::await_some("its end", || service.child.try_wait().unwrap()).code(), Some(0));
    assert!(!service.socket.exists());
    // One that was killed leaves its socket.
    let mut killed = service.world.process("rest").args(["system", "service", "-t", "0"]).spawn().unwrap();
    observe::await_some("the socket", || UnixStream::connect(&service.socket).ok());
    // Two cannot have one socket.
    let second = service.world.process("rest").args(["system", "service"]).output().unwrap();
    support::settings().bind(|| assert_snapshot!("second", text(&second)));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(service.socket.exists());
    let mut next = service.world.process("rest").args(["system", "service", "-t", "0"]).spawn().unwrap();
    observe::await_some("the next one", || UnixStream::connect(&service.socket).ok());
    next.kill().unwrap();
    next.wait().unwrap();
}

#[test]
fn systemd_passes_a_socket() {
    let world = World::new();
    let path = world.run().join("passed.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let program = world.process("rest").get_program().to_os_string();
    let mut command = world.process("sh");
    // As systemd does it: descriptor 3, and the process that it is for.
    command.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" system service --time 1 3<&0 </dev/null"]).arg(program);
    let mut child = command.stdin(Stdio::from(OwnedFd::from(listener))).spawn().unwrap();
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("OK"), "{answer}");
    assert_eq!(observe::await_some("its end", || child.try_wait().unwrap()).code(), Some(0));
    // It is systemd's.
    assert!(path.exists());
    let mut other = world.process("sh");
    let program = world.process("rest").get_program().to_os_string();
    other.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" system service 3<&0"]).arg(program).stdin(Stdio::null());
    assert_snapshot!("passed_no_socket", text(&other.output().unwrap()));
}

#[test]
fn wrong_command_lines() {
    let world = World::new();
    let run =
        |arguments: &[&str]| text(&world.process("rest").args(["system", "service"]).args(arguments).output().unwrap());
    let all = [&["http://localhost"][..], &["--time", "soon"], &["tcp:nowhere.invalid:1"], &["--help"]].map(run);
    let nowhere =
        world.process("rest").args(["system", "service"]).env("XDG_RUNTIME_DIR", "/nowhere").output().unwrap();
    support::settings().bind(|| assert_snapshot!("command_lines", all.concat() + &text(&nowhere)));
}

/// What arrives is written as it is, and the answer's head comes back.
fn raw(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0; 64 << 10];
    let count = stream.read(&mut answer).unwrap_or(0);
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    format!("{} {}", head.lines().next().unwrap_or("closed"), body.trim_end())
}

#[test]
fn a_browser_is_refused() {
    let mut service = Service::start(World::new(), &["--time", "0"]);
    let world = &service.world;
    let mut tcp = world.process("rest");
    tcp.args(["system", "service", "--time", "0", "tcp:127.0.0.1:0"]).stderr(Stdio::piped());
    let mut tcp = tcp.spawn().unwrap();
    // The warning says which port it is.
    let mut warning = String::new();
    std::io::BufReader::new(tcp.stderr.take().unwrap()).read_line(&mut warning).unwrap();
    let (_, rest) = warning.split_once("127.0.0.1:").unwrap();
    let port: u16 = rest.split_whitespace().next().unwrap().parse().unwrap();
    let mut shown = warning.replace(&port.to_string(), "[PORT]");
    for headers in [
        "Host: localhost",
        "Host: 127.0.0.1:[PORT]",
        "Host: evil.example",
        "Host: evil.example:[PORT]",
        "Host: localhost\r\nOrigin: http://evil.example",
        "Host: localhost\r\nOrigin: null",
        "Host: localhost\r\nSec-Fetch-Site: cross-site",
        "",
    ] {
        for method in ["GET /_ping", "POST /containers/create", "OPTIONS /containers/create"] {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let lines = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") }
                .replace("[PORT]", &port.to_string());
            let request =
                format!("{method} HTTP/1.1\r\n{lines}Content-Length: 2\r\nContent-Type: text/plain\r\n\r\n{{}}");
            let answer = raw(&mut stream, &request);
            shown += &format!("{method}, {headers:?}\n    {answer}\n");
        }
    }
    tcp.kill().unwrap();
    tcp.wait().unwrap();
    // Nobody may use such a page's socket either.
    let (status, _) = service.curl_with(&["-H", "Origin: http://evil.example", "http://localhost/_ping"]);
    assert_eq!(status, 403);
    let (_, head) = service.curl_with(&["-i", "http://localhost/_ping"]);
    assert!(!head.to_ascii_lowercase().contains("access-control"), "{head}");
    assert!(service.child.try_wait().unwrap().is_none());
    assert_snapshot!("browser", shown);
}

#[test]
fn nonsense_is_refused_and_harms_nobody() {
    let mut service = Service::empty();
    let mut shown = String::new();
    for request in [
        "GET http://other/_ping HTTP/1.1\r\nHost: d\r\n\r\n",
        "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n",
        "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: -1\r\n\r\n",
        "GET /containers/../../etc/json HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/%2e%2e%2f%2e%2e/json HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /images/%2e%2e/json HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/a%0d%0aSet-Cookie:%20x/json HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/a%00b/json HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/%ff/json HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/json?filters=%7B HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/json?all=maybe HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/json?limit=99999999999999999999 HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /containers/json?unheard=of HTTP/1.1\r\nHost: d\r\n\r\n",
        "GET /version?unheard=0 HTTP/1.1\r\nHost: d\r\nX: \r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let mut stream = UnixStream::connect(&service.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut answer = raw(&mut stream, request);
        if request.starts_with("GET /version") {
            answer.truncate("HTTP/1.1 200 OK".len());
        }
        shown += &format!("{request:?}\n    {answer}\n");
    }
    for body in [
        "[",
        "\"\"",
        "[]",
        "{\"Image\": 1}",
        "{\"Image\": \"x\", \"Image\": \"y\"}",
        "{\"HostConfig\": {\"Memory\": 1e99}}",
    ] {
        let (status, text) = service.curl("POST", "/containers/create", body);
        shown += &format!("{body}\n    {status} {text}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let (status, _) = service.curl_with(&[
        "-d",
        &format!("@{}", service.world.write("deep", deep).display()),
        "http://localhost/containers/create",
    ]);
    assert_eq!(status, 400);
    let large = service.world.write("large", vec![b' '; 5 << 20]);
    for path in ["/containers/create", "/v5.0.0/libpod/containers/create"] {
        let (status, text) =
            service.curl_with(&["--data-binary", &format!("@{}", large.display()), &format!("http://localhost{path}")]);
        assert_eq!(status, 413, "{text}");
    }
    // Nobody sees it panic, and it answers on.
    assert_eq!(service.get("/_ping"), (200, "OK".to_string()));
    service.child.kill().unwrap();
    let mut said = String::new();
    service.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    assert_snapshot!("nonsense", shown);
}

/// The obvious way has the holes that ours has not.
#[test]
fn naive() {
    let world = World::new();
    let archive = support::busybox_archive(&world);
    world.command("rest").args(["load", "-q", "-i"]).arg(archive).assert().success();
    let program = world.process("rest").get_program().to_os_string();
    let mut child = world.process("rest-naive").arg("127.0.0.1:0").arg(program).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = vec![0; 256];
    let count = child.stdout.as_mut().unwrap().read(&mut line).unwrap();
    let address = String::from_utf8_lossy(&line[..count]).trim().to_string();
    let ask = |image: &str, headers: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let request = format!("POST /containers/create?image={image} HTTP/1.1\r\n{headers}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.lines().next().unwrap_or_default().to_string()
    };
    let page = ask("busybox", "Host: evil.example\r\nOrigin: http://evil.example");
    let flag = ask("--help", "Host: localhost");
    child.kill().unwrap();
    child.wait().unwrap();
    // It holds when it says so: there is a container now, and it was a page that made it.
    let all = world.process("rest").args(["ps", "-aq", "--no-trunc"]).output().unwrap();
    assert_eq!(text(&all), format!("{page}\n"));
    support::settings()
        .bind(|| assert_snapshot!("naive", format!("from a page: {page}\na flag for an image: {flag}\n")));
}

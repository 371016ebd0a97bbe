//! On the reader's machine: a registry, an image, a container and all that can be done with it.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::process::Stdio;
use std::time::Instant;

use story::{Teller, nginx};
use support::observe::{await_end, await_some, mounts_below, processes_of};
use support::pty::Terminal;
use support::{Registry, World, settings};

/// Ports that are free now.
fn ports() -> [String; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port().to_string())
}

pub fn tell(world: &World) {
    let archive = nginx(world);
    let registry = Registry::of(world).with_password("ann", "secret").start();
    registry.trust(world);
    registry.push(world, &archive, "nginx:latest");

    let mut teller = Teller::here(world);
    let [web, udp, host] = ports();
    for (name, value) in [("R", &registry.address()), ("PORT", &web), ("UDP", &udp), ("HOST", &host)] {
        teller.set(name, value);
    }
    pull(&mut teller);
    background(&mut teller, world, &registry.address(), &web);
    look(&mut teller, world);
    end_and_begin(&mut teller);
    volumes(&mut teller);
    by_itself(&mut teller);
    networks(&mut teller);
    without_pasta(&mut teller);
    events(&mut teller);
    command_line(&mut teller);

    teller.act("When nothing runs, no process of ours runs");
    teller.says("podling ps -aq; podling volume ls -q", "");
    drop(registry);
    for pid in processes_of(world.root()) {
        await_end(pid);
    }
    assert_eq!(mounts_below(world.root()), [""; 0].map(std::path::PathBuf::from));

    let mut settings = settings();
    for (value, name) in [(&registry_name(&teller), "$R"), (&web, "$PORT"), (&udp, "$UDP"), (&host, "$HOST")] {
        settings.add_filter(&format!(r"\b{value}\b"), name.replace('$', "$$"));
    }
    settings.add_filter(r"\[\d\d/\w+/\d{4}:[0-9:]+ \+0000\]", "[[TIME]]");
    settings.add_filter(r"(?m) +$", "");
    settings.add_filter(r"  +", "  ");
    settings.add_filter(r"(Less than a second|\d+ seconds?|About a minute|\d+ minutes?)( ago)?", "a moment$2");
    settings.add_filter(r"sha256:\[ID\]", "[DIGEST]");
    settings.bind(|| insta::assert_snapshot!("host", teller.transcript()));
}

fn registry_name(teller: &Teller) -> String {
    teller.variable("R").to_string()
}

fn pull(teller: &mut Teller) {
    teller.act("An image, from a registry with a password");
    teller.run("podling login -u ann -p guessed $R").exits(125).has("invalid username/password");
    teller.run("podling pull $R/nginx").exits(125).has("unauthorized").has("Hint: podling login");
    teller.run("podling login -u ann --password-stdin $R <<<secret").exits(0).has("Login Succeeded!");
    teller.run("podling pull $R/nginx:new").exits(125).has("manifest unknown");
    let id = teller.ok("podling pull -q $R/nginx");
    assert_eq!(id.len(), 64, "{id}");
    teller.says("podling images --format '{{.Repository}}:{{.Tag}}' | sed s/$R/REGISTRY/", "REGISTRY/nginx:latest");
}

/// Started on a terminal that closes.
fn background(teller: &mut Teller, world: &World, registry: &str, port: &str) {
    teller.act("In the background");
    let mut terminal = Terminal::spawn(world, "bash", &["--norc", "-i"]);
    let podling = world.process("podling").get_program().display().to_string();
    let line = format!("run -d --name web -p {port}:80 {registry}/nginx");
    let began = Instant::now();
    // What it prints is the id; `=` is not what was typed.
    terminal.send(&format!("{podling} {line} >~/id; echo status=$?\r"));
    terminal.expect("status=0");
    let milliseconds = began.elapsed().as_millis();
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("(in {milliseconds} ms)\n").as_bytes());
    teller.note(&format!("$ podling {line}\n{}", std::fs::read_to_string(world.root().join("home/id")).unwrap()));
    drop(terminal);
    teller.note("(the terminal closes)\n");
    teller.comes("curl -s http://127.0.0.1:$PORT/", "Hello from nginx");
    teller.run("podling ps").exits(0).has("nginx -g daemon off;").has("->80/tcp").has("  web");
}

fn look(teller: &mut Teller, world: &World) {
    teller.act("Look at it");
    teller.run("podling logs web | sed -n 1p").exits(0).has("GET / HTTP/1.1\" 200 17");
    // Followed by somebody else while we ask for the page.
    let mut follower = teller.beside("exec podling logs -f --tail 0 web").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    std::thread::scope(|scope| {
        let line = scope.spawn(move || lines.next().unwrap().unwrap());
        // The follower may be late.
        await_some("a line of the log", || {
            teller.quietly("curl -s -o /dev/null http://127.0.0.1:$PORT/?followed");
            line.is_finished().then_some(())
        });
        let line = line.join().unwrap();
        teller.note(&format!("$ podling logs -f --tail 0 web\n{line}\n"));
        assert!(line.contains("GET /?followed HTTP/1.1\" 200"), "{line}");
    });
    follower.kill().unwrap();
    follower.wait().unwrap();

    teller.says("podling exec web id -un", "root");
    teller.says("podling exec -u www-data -e WORD=hello web sh -c 'id -un; echo $WORD'", "www-data\nhello");
    // Whoever it runs as can open what it writes to.
    let open =
        "podling run --rm --network none -u www-data $R/nginx sh -c 'echo out >/dev/stdout; echo err >/dev/stderr'";
    teller.says(open, "out\nerr");
    teller.run("podling exec web sh -c 'exit 7'").exits(7);
    teller.run("podling exec web no-such-program").exits(127);
    let mut terminal = Terminal::spawn(world, "podling", &["exec", "-it", "web", "sh"]);
    terminal.expect("#");
    terminal.send("stty size; tty; exit $((20+3))\r");
    terminal.expect("24 80");
    assert_eq!(terminal.wait().code(), Some(23));
    teller.note("$ podling exec -it web sh\n(24 rows of 80 columns; its exit status is 23)\n");

    teller.says(
        "podling inspect --format '{{.State.Status}} {{.Config.StopSignal}} {{.Name}}' web",
        "running SIGQUIT web",
    );
    teller.run("podling inspect web | jq -c '.[0].NetworkSettings.Ports'").exits(0).has("80/tcp");
    teller.run("podling port web").exits(0).has("80/tcp -> 0.0.0.0:");
    teller.run("podling inspect no-such-container").exits(125).has("no such object");
}

fn end_and_begin(teller: &mut Teller) {
    let curl = "curl -s http://127.0.0.1:$PORT/";
    teller.act("End it, and begin again");
    teller.says("podling stop web", "web");
    teller.run("curl -s http://127.0.0.1:$PORT/").exits(7);
    teller.says("podling ps -q", "");
    teller.says("podling ps -a --format '{{.Names}} {{.State}} {{.ExitCode}}'", "web exited 0");
    teller.says("podling start web", "web");
    teller.comes(curl, "Hello from nginx");
    teller.says("podling restart web", "web");
    teller.comes(curl, "Hello from nginx");
    teller.run("podling rm web").exits(2).has("cannot remove container");
    teller.says("podling kill web", "web");
    teller.says("podling wait web", "137");
    teller.says("podling start web", "web");
    teller.says("podling rm -f web", "web");
    teller.run("podling stop web").exits(125).has("no container with name or ID \"web\" found: no such container");
}

fn volumes(teller: &mut Teller) {
    teller.act("Data outlives its container");
    teller.says("podling volume create pages", "pages");
    teller.ok("podling run --rm -v pages:/pages $R/nginx sh -c 'echo My own page >/pages/index.html'");
    teller.ok("podling run -d --name web -p $PORT:80 -v pages:/usr/share/nginx/html:ro $R/nginx");
    let curl = "curl -s http://127.0.0.1:$PORT/";
    teller.comes(curl, "My own page");
    teller.run("podling volume rm pages").exits(2).has("volume is being used");
    teller.says("podling rm -f web", "web");
    teller.says("podling volume ls --format '{{.Driver}} {{.Name}}'", "local pages");
    teller.says("podling run --rm -v pages:/pages:ro $R/nginx cat /pages/index.html", "My own page");
    teller.says("podling volume rm pages", "pages");
}

fn by_itself(teller: &mut Teller) {
    teller.act("It goes, or it starts again, by itself");
    teller.run("podling run --rm --name short --network none $R/nginx sh -c 'exit 3'").exits(3);
    teller
        .ok("podling run -d --name stubborn --restart on-failure:2 --network none $R/nginx sh -c 'echo again; exit 3'");
    teller.says("podling wait stubborn", "3");
    teller.says("podling logs stubborn", "again\nagain\nagain");
    teller.says("podling inspect -f '{{.RestartCount}} {{.State.ExitCode}}' stubborn", "2 3");
    teller.says("podling rm stubborn", "stubborn");
}

fn networks(teller: &mut Teller) {
    teller.act("Other networks");
    teller.says("podling run --rm --network none $R/nginx ls /sys/class/net", "lo");
    teller.ok(
        "podling run -d --name here --network host $R/nginx sh -c \"echo from the host\\'s network | nc -l -p $HOST\"",
    );
    teller.says(
        "until exec 3<>/dev/tcp/127.0.0.1/$HOST; do sleep 0.1; done 2>/dev/null; cat <&3",
        "from the host's network",
    );
    teller.says("podling rm -f -t 0 here", "here");

    // With the gateway mapped to the host, for the host to be somebody to a pasta of 2023.
    teller.ok("podling run -d --name udp --network pasta:--map-gw -p $UDP:9/udp $R/nginx socat -u UDP-RECV:9 STDOUT");
    let port: u16 = teller.variable("UDP").parse().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    await_some("a datagram in the log", || {
        // The first ones may come before anybody listens; one that was refused is an error of the next.
        let _ = socket.send_to(b"a datagram\n", ("127.0.0.1", port));
        let (text, _) = teller.quietly("podling logs udp");
        text.contains("a datagram").then_some(())
    });
    teller.run("podling logs udp | sed -n 1p").exits(0).has("a datagram");
    teller.says("podling rm -f -t 0 udp", "udp");
}

fn without_pasta(teller: &mut Teller) {
    teller.act("A machine without pasta");
    // In a mount namespace in which an empty file is in its place. There we are root, but for the kernel's eyes.
    let hide = "for dir in /usr/bin /bin /usr/local/bin; do test -e $dir/pasta && mount --bind /dev/null $(realpath $dir/pasta); \
                done; exec podling --root $XDG_DATA_HOME/podling \"$@\"";
    teller.set("HIDE", hide);
    let hidden = "unshare --map-root-user --map-auto --mount bash -c \"$HIDE\" podling";
    teller.run(&format!("{hidden} run --rm $R/nginx true")).exits(125).has("pasta").has("passt").has("--network");
    teller.says(&format!("{hidden} run --rm --network none $R/nginx echo works"), "works");
}

fn events(teller: &mut Teller) {
    teller.act("What happened");
    let events =
        "podling events --stream=false --since 10m --filter container=stubborn --format '{{.Type}} {{.Status}}'";
    let told = teller.ok(events);
    let started = told.lines().filter(|line| *line == "container start").count();
    let died = told.lines().filter(|line| *line == "container died").count();
    assert_eq!((started, died), (3, 3), "{told}");
    assert!(told.starts_with("container create\n") && told.ends_with("\ncontainer remove"), "{told}");
}

fn command_line(teller: &mut Teller) {
    teller.act("The command line knows itself");
    teller.run("podling pod ps").exits(125).has("pod");
    teller.run("podling runn").exits(125).has("run");
    teller.run("podling run --help | head -n 3").exits(0).has("Run a command in a new container");
    teller.says("podling completion bash | bash -n && echo it is bash", "it is bash");
    teller.ok("podling man ~/man >/dev/null; test -s ~/man/podling-run.1");
}

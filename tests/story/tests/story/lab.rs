//! On a whole system: limits, labels, services that systemd keeps up and brings up to date, and the API.

use std::fs;
use std::path::Path;

use story::{Teller, nginx, nginx_saying};
use support::World;
use support::lab::{Lab, Who};

const REGISTRY: &str = "127.0.0.1:5000";

pub fn tell(world: &World) {
    let images = [
        nginx(world),
        nginx_saying(
            world,
            "newer",
            &[("usr/share/nginx/html/index.html", "Newer\n")],
            r#""Cmd":["nginx","-g","daemon off;"]"#,
        ),
        nginx_saying(
            world,
            "newest",
            &[("usr/share/nginx/html/index.html", "Newest\n")],
            r#""Cmd":["nginx","-g","daemon off;"]"#,
        ),
        nginx_saying(world, "broken", &[], r#""Cmd":["no-such-program"]"#),
    ];
    let lab = Lab::own("story", "permissive");
    let [first, newer, newest, broken] = images.map(|archive| lab.put(&archive));
    registry(world, &lab);
    let mut teller = Teller::in_lab(&lab);
    teller.set("R", REGISTRY);

    teller.act("In the lab: an image");
    push(&lab, &first);
    teller.run("podling pull -q $R/nginx").exits(125).has("unauthorized");
    // Kept where a reboot leaves it.
    teller.says(
        "podling login --authfile ~/.config/containers/auth.json -u ann --password-stdin $R <<<secret",
        "Login Succeeded!",
    );
    teller.ok("podling pull -q $R/nginx");

    limits(&mut teller);
    labels(&mut teller);
    service(&mut teller, &lab);
    by_generate_systemd(&mut teller);
    reboot(&mut teller, &lab);
    push(&lab, &newer);
    update(&mut teller);
    push(&lab, &broken);
    roll_back(&mut teller);
    push(&lab, &newest);
    timer(&mut teller);
    over_http(&mut teller);
    by_docker(&mut teller);
    idle(&mut teller);
    end(&mut teller);
    drop(teller);
    lab.down();
}

/// A registry with a password, which is one of the user's services.
fn registry(world: &World, lab: &Lab) {
    let mut htpasswd = world.command("htpasswd");
    let users = htpasswd.args(["-Bbn", "ann", "secret"]).output().unwrap().stdout;
    let users = world.write("tmp/users", users);
    fs::set_permissions(&users, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let users = lab.put(&users);
    let _ = lab.ok(
        Who::Tester,
        &format!(
            "mkdir -p ~/registry ~/.config/containers/{{registries.conf.d,systemd}} ~/.config/systemd/user
            cp {users} ~/registry/users
            cat >~/registry/config.yml <<END
version: 0.1
storage: {{filesystem: {{rootdirectory: $HOME/registry/data}}}}
http: {{addr: {REGISTRY}}}
auth: {{htpasswd: {{realm: story, path: $HOME/registry/users}}}}
END
            cat >~/.config/systemd/user/registry.service <<END
[Service]
ExecStart=/usr/bin/docker-registry serve %h/registry/config.yml
[Install]
WantedBy=default.target
END
            printf '[[registry]]\\nlocation = \"{REGISTRY}\"\\ninsecure = true\\n' >~/.config/containers/registries.conf.d/story.conf
            for unit in /podling/steps/*/units/*; do
                sed 's|@PODLING@|/usr/local/bin/podling|' $unit >~/.config/systemd/user/$(basename $unit)
            done
            systemctl --user daemon-reload
            systemctl --user enable --now registry
            for i in $(seq 100); do curl -s http://{REGISTRY}/v2/ && break; sleep 0.1; done"
        ),
    );
    // Podman is there, too: its generator is replaced in the way systemd has for that, and so is the unit that waits for
    // a network which nobody here ever calls online. The program is there before the first user's service.
    let _ = lab.ok(
        Who::Root,
        "mkdir -p /etc/systemd/user-generators /etc/systemd/system/user@1000.service.d
        ln -sf /podling/target/debug/podling /etc/systemd/user-generators/podman-user-generator
        cp /podling/steps/14-systemd/src/quadlet/wait-online.service /etc/systemd/user/podman-user-wait-network-online.service
        printf '[Unit]\\nAfter=lab-root.service\\n' >/etc/systemd/system/user@1000.service.d/lab.conf
        systemctl daemon-reload",
    );
}

fn push(lab: &Lab, archive: &str) {
    let name = Path::new(archive).file_stem().unwrap().to_str().unwrap();
    let _ = lab.ok(
        Who::Tester,
        &format!(
            "skopeo copy -q --insecure-policy --dest-tls-verify=false --dest-creds ann:secret docker-archive:{archive} \
                docker://{REGISTRY}/nginx || {{ echo cannot push {name} >&2; exit 1; }}"
        ),
    );
}

fn limits(teller: &mut Teller) {
    teller.act("Limits, seen from outside");
    teller
        .ok("podling run -d --name limited --memory 64m --cpus 0.5 --pids-limit 50 --network none $R/nginx sleep 1000");
    let cgroup = "cd /sys/fs/cgroup$(cut -d : -f 3 /proc/$(podling inspect -f '{{.State.Pid}}' limited)/cgroup)";
    teller.says(&format!("{cgroup}; cat memory.max cpu.max pids.max"), "67108864\n50000 100000\n50");
    teller.says("podling rm -f -t 0 limited", "limited");
}

fn labels(teller: &mut Teller) {
    teller.act("Labels");
    let mut label = |name: &str, flags: &str| {
        teller.ok(&format!("podling run -d --name {name} --network none {flags} $R/nginx sleep 1000"));
        teller.ok(&format!("tr -d '\\0' </proc/$(podling inspect -f '{{{{.State.Pid}}}}' {name})/attr/current"))
    };
    let (one, two, none) = (label("one", ""), label("two", ""), label("open", "--security-opt label=disable"));
    for label in [&one, &two] {
        assert!(label.contains(":container_t:s0:c"), "{label}");
    }
    assert_ne!(one, two);
    assert!(!none.contains("container_t"), "{none}");
    teller.says("podling inspect -f '{{.ProcessLabel}}' one", &one);
    teller.ok("podling rm -f -t 0 one two open");
}

const CURL: &str = "curl -s http://127.0.0.1:8080/";

fn service(teller: &mut Teller, _lab: &Lab) {
    teller.act("A service");
    teller.ok("cat >~/.config/containers/systemd/web.container <<END
[Container]
Image=127.0.0.1:5000/nginx:latest
ContainerName=web
PublishPort=8080:80
AutoUpdate=registry

[Service]
Restart=always
RestartSec=100ms

[Install]
WantedBy=default.target
END
systemctl --user daemon-reload
systemctl --user start web");
    teller.says("systemctl --user is-active web", "active");
    teller.says("systemctl --user show -P Type -P NotifyAccess web", "notify\nall");
    teller.comes(CURL, "Hello from nginx");
    teller.comes("journalctl --user -u web -o cat | grep -q 'GET / HTTP/1.1. 200 17' && echo logged", "logged");
    // The service's main process is the monitor.
    teller.ok("kill -KILL $(systemctl --user show -P MainPID web)");
    teller.comes("systemctl --user show -P NRestarts -P ActiveState web", "1\nactive");
    teller.comes(CURL, "Hello from nginx");
    teller.says("podling ps -a --format '{{.Names}} {{.State}}'", "web running");
}

fn by_generate_systemd(teller: &mut Teller) {
    teller.act("A service of a container that is there");
    teller.ok("podling run -d --name hand -p 8081:80 $R/nginx");
    teller.ok("cd ~/.config/systemd/user && podling generate systemd --new --name --files hand && podling rm -f hand");
    teller.ok("systemctl --user daemon-reload && systemctl --user enable --now container-hand");
    teller.says("systemctl --user is-active container-hand", "active");
    teller.comes("curl -s http://127.0.0.1:8081/", "Hello from nginx");
}

fn reboot(teller: &mut Teller, lab: &Lab) {
    teller.act("After a reboot");
    lab.reboot();
    for unit in ["registry", "web", "container-hand"] {
        teller.comes(&format!("systemctl --user is-active {unit}"), "active");
    }
    teller.comes(CURL, "Hello from nginx");
    teller.comes("curl -s http://127.0.0.1:8081/", "Hello from nginx");
    teller.ok("systemctl --user disable --now container-hand");
    teller.says("podling ps -a --format '{{.Names}} {{.State}}'", "web running");
}

fn update(teller: &mut Teller) {
    teller.act("A newer image");
    let columns = "--format '{{.Unit}} {{.Policy}} {{.Updated}}'";
    teller.says(&format!("podling auto-update --dry-run {columns} 2>/dev/null"), "web.service registry pending");
    teller.says(&format!("podling auto-update {columns} 2>/dev/null"), "web.service registry true");
    teller.comes(CURL, "Newer");
}

fn roll_back(teller: &mut Teller) {
    teller.act("A broken image");
    teller.says("podling auto-update --format '{{.Unit}} {{.Updated}}' 2>/dev/null", "web.service rolled back");
    teller.comes(CURL, "Newer");
    teller.says("systemctl --user is-active web", "active");
}

fn timer(teller: &mut Teller) {
    teller.act("By its timer, which is shown an early day");
    teller.ok(
        "mkdir -p ~/.config/systemd/user/podling-auto-update.timer.d
printf '[Timer]\\nOnCalendar=\\nRandomizedDelaySec=0\\nOnActiveSec=1s\\nAccuracySec=100ms\\n' >~/.config/systemd/user/podling-auto-update.timer.d/soon.conf
systemctl --user daemon-reload
systemctl --user enable --now podling-auto-update.timer",
    );
    teller.comes(CURL, "Newest");
    teller
        .comes("journalctl --user -u podling-auto-update -o cat | grep -q '(web) .* true' && echo updated", "updated");
}

/// A request over the socket; `HTTP 204` and the like is told last.
fn ask(method: &str, path: &str, body: &str) -> String {
    let data =
        if body.is_empty() { String::new() } else { format!(" -H 'Content-Type: application/json' -d '{body}'") };
    format!("curl -s -X {method}{data} -w '\\nHTTP %{{http_code}}\\n' --unix-socket $S http://podling{path}")
}

/// By the paths of Docker, and by those of libpod.
fn over_http(teller: &mut Teller) {
    teller.act("Over HTTP");
    teller.set("S", "/run/user/1000/podling/podling.sock");
    teller.ok("systemctl --user enable --now podling.socket");
    teller.run("systemctl --user is-active podling.service").exits(3).has("inactive");
    teller.says(&ask("GET", "/_ping", ""), "OK\nHTTP 200");
    teller.run("curl -s --unix-socket $S http://podling/v1.41/version | jq -r .Components[0].Name").exits(0);
    teller.run("curl -s --unix-socket $S http://podling/v5.0.0/libpod/info | jq -r .host.os").exits(0).has("linux");
    teller.says(
        "curl -s --unix-socket $S http://podling/openapi.json | jq -r '.paths | has(\"/containers/json\")'",
        "true",
    );
    teller.run(&ask("GET", "/v5.0.0/libpod/pods/json", "")).has("HTTP 501").has("pods");
    let kinds = [
        (
            "/v1.41/containers",
            "8082",
            r#"{"Image":"127.0.0.1:5000/nginx","HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"8082"}]}}}"#,
        ),
        (
            "/v5.0.0/libpod/containers",
            "8083",
            r#"{"image":"127.0.0.1:5000/nginx","name":"api8083","portmappings":[{"container_port":80,"host_port":8083}]}"#,
        ),
    ];
    for (path, port, body) in kinds {
        let name = format!("api{port}");
        // libpod has the name in the body.
        let query = if body.contains("\"name\"") { String::new() } else { format!("?name={name}") };
        teller.run(&ask("POST", &format!("{path}/create{query}"), body)).has("HTTP 201").has("Id");
        teller.run(&ask("POST", &format!("{path}/{name}/start"), "")).has("HTTP 204");
        teller.comes(&format!("curl -s http://127.0.0.1:{port}/"), "Newest");
        let logs = format!(
            "curl -s --output - --unix-socket $S 'http://podling{path}/{name}/logs?stdout=true' | tr -cd '[:print:]'"
        );
        teller.run(&logs).exits(0).has("GET / HTTP/1.1");
        let list =
            format!("curl -s --unix-socket $S http://podling{path}/json | jq -r '.[].Names[0]' | tr -d / | sort");
        teller.says(&list, &format!("{name}\nweb"));
        teller.run(&ask("POST", &format!("{path}/{name}/stop"), "")).has("HTTP 204");
        teller.run(&ask("DELETE", &format!("{path}/{name}"), "")).has("HTTP 20");
        teller.run(&ask("GET", &format!("{path}/{name}/json"), "")).has("HTTP 404").has("no such container");
    }
}

/// Debian's docker, which does not know whom it speaks to.
fn by_docker(teller: &mut Teller) {
    teller.act("By Docker's client");
    teller.set("DOCKER_HOST", "unix:///run/user/1000/podling/podling.sock");
    teller.ok("export DOCKER_HOST; docker version --format '{{.Server.Os}}'");
    let docker = "export DOCKER_HOST; docker";
    teller.says(&format!("{docker} run --rm $R/nginx echo hello"), "hello");
    teller.run(&format!("{docker} run --rm $R/nginx sh -c 'exit 3'")).exits(3);
    teller.run(&format!("{docker} run --rm $R/nginx no-such-program")).exits(127);
    teller.ok(&format!("{docker} run -d --name dock -p 8084:80 $R/nginx"));
    teller.comes("curl -s http://127.0.0.1:8084/", "Newest");
    teller.says(&format!("{docker} ps --format '{{{{.Names}}}}' | sort"), "dock\nweb");
    teller.run(&format!("{docker} logs dock")).exits(0).has("GET / HTTP/1.1\" 200");
    teller.says(&format!("{docker} exec dock id -un"), "root");
    teller.run(&format!("{docker} exec dock sh -c 'exit 7'")).exits(7);
    teller.says(&format!("{docker} stop dock"), "dock");
    teller.says(&format!("{docker} rm dock"), "dock");
    teller.run(&format!("{docker} rm dock")).exits(1).has("o such container");
    teller.run(&format!("{docker} images")).exits(0).has("127.0.0.1:5000/nginx");
    teller.run(&format!("{docker} pull $R/nginx")).exits(0).has("127.0.0.1:5000/nginx:latest");
    teller.run(&format!("{docker} pull $R/nginx:none")).exits(1).has("manifest unknown");
}

fn idle(teller: &mut Teller) {
    teller.act("Nobody calls");
    teller.comes("systemctl --user is-active podling.service || true", "inactive");
    teller.says("pgrep -f 'podling system service'; podling ps --format '{{.Names}}'", "web");
    teller.says(&ask("GET", "/_ping", ""), "OK\nHTTP 200");
}

fn end(teller: &mut Teller) {
    teller.act("The end");
    teller.ok("systemctl --user disable --now podling.socket podling-auto-update.timer
rm ~/.config/containers/systemd/web.container
systemctl --user stop web podling.service
systemctl --user daemon-reload");
    teller.says("podling ps -aq", "");
    teller.comes("pgrep -f 'podling (monitor|system)|pasta' || echo nobody", "nobody");
}

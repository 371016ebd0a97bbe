//! A service's life under a real systemd, in the lab, in one boot and a reboot: ready, killed, stopped, up again, updated, and
//! taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::image::busybox_and;
use support::{Lab, Who, World, observe};

/// The user's registry, in the lab.
const REGISTRY: &str = "127.0.0.1:5014";

/// An image of which we see the version.
fn image(world: &World, version: &str, config: &str) -> PathBuf {
    busybox_and(world, version, config, |dir| {
        fs::write(dir.join("version"), format!("{version}\n")).unwrap();
        // As process 1, it ends when it is asked to.
        let script =
            "#!/bin/sh\ntrap 'echo bye; exit 0' TERM\necho version $(cat /version) runs\nwhile :; do sleep 0.1; done\n";
        fs::write(dir.join("serve"), script).unwrap();
        fs::set_permissions(dir.join("serve"), fs::Permissions::from_mode(0o755)).unwrap();
    })
}

/// What is in the lab for this test alone, and goes when it ends.
struct Service {
    lab: &'static Lab,
}

impl Service {
    fn new() -> Service {
        let lab = Lab::shared();
        let service = Service { lab };
        service.clean();
        // Podman is there, too: its generator is replaced in the way systemd has for that, and so is the unit that waits for
        // a network which nobody here ever calls online. The program is there before the first user's service.
        service.root(
            "mkdir -p /etc/systemd/user-generators /etc/systemd/system/user@1000.service.d
             ln -sf /podling/target/debug/podling /etc/systemd/user-generators/podman-user-generator
             cp /podling/steps/14-systemd/src/quadlet/wait-online.service \
                 /etc/systemd/user/podman-user-wait-network-online.service
             printf '[Unit]\\nAfter=lab-root.service\\n' >/etc/systemd/system/user@1000.service.d/lab.conf
             systemctl daemon-reload",
        );
        service
    }

    fn run(&self, script: &str) -> String {
        self.lab.ok(Who::Tester, script)
    }

    fn root(&self, script: &str) -> String {
        self.lab.ok(Who::Root, script)
    }

    fn clean(&self) {
        let script =
            "systemctl --user stop unit-web unit-box unit-registry container-unit-hand podling-auto-update.timer
            rm -f ~/.config/containers/systemd/unit-* ~/.config/systemd/user/{container-unit-hand.service,podling-*}
            rm -rf ~/unit-registry ~/.config/systemd/user/*.wants $XDG_RUNTIME_DIR/container-unit-*
            systemctl --user daemon-reload; systemctl --user reset-failed
            podling rm -f -a -t 0; podling rmi -f -a";
        let _ = self.lab.run(Who::Tester, script);
        let script = "rm -f /etc/systemd/user-generators/podman-user-generator \
            /etc/systemd/user/podman-user-wait-network-online.service /etc/systemd/system/user@1000.service.d/lab.conf
            systemctl daemon-reload";
        let _ = self.lab.run(Who::Root, script);
    }

    /// A property of a unit.
    fn show(&self, unit: &str, property: &str) -> String {
        self.run(&format!("systemctl --user show -P {property} {unit}")).trim().to_string()
    }

    /// Waits for a start that is not `former`, and returns it.
    fn await_start(&self, unit: &str, former: &str) -> String {
        self.run(&format!(
            "for i in $(seq 300); do
                 set -- $(systemctl --user show -P ActiveState -P InvocationID {unit})
                 [ \"$1\" = active ] && [ \"$2\" != '{former}' ] && echo $2 && exit
                 sleep 0.1
             done
             systemctl --user status {unit} >&2; exit 1"
        ))
        .trim()
        .to_string()
    }

    /// The version of the image that runs.
    fn version(&self) -> String {
        self.run("podling exec unit-web cat /version").trim().to_string()
    }

    /// Pushes an image as `web:latest`.
    fn push(&self, archive: &Path) {
        let archive = self.lab.put(archive);
        self.run(&format!(
            "skopeo copy -q --dest-tls-verify=false docker-archive:{archive} docker://{REGISTRY}/web:latest"
        ));
    }

    /// The columns of `auto-update`.
    fn update(&self, flags: &str) -> Vec<String> {
        let table = self.run(&format!("podling auto-update {flags}"));
        let mut lines = table.lines();
        let head: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        assert_eq!(head, ["UNIT", "CONTAINER", "IMAGE", "POLICY", "UPDATED"], "{table}");
        let row = lines.next().unwrap().split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        row.map(str::to_string).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log =
                self.lab.run(Who::Tester, "systemctl --user --no-pager status 'unit-*' | tail -n 60; podling ps -a");
            eprintln!("{}{}", log.stdout, log.stderr);
        }
        self.clean();
    }
}

const WEB: &str = "[Container]
Image=127.0.0.1:5014/web:latest
ContainerName=unit-web
AutoUpdate=registry
Volume=unit-pages.volume:/pages

[Service]
Restart=always
RestartSec=100ms

[Install]
WantedBy=default.target
";

#[test]
fn the_life_of_a_service() {
    let world = World::new();
    let service = Service::new();
    let serve = r#""Cmd":["/serve"],"Env":["PATH=/bin"]"#;
    let (one, two) = (image(&world, "one", serve), image(&world, "two", serve));
    let broken = image(&world, "broken", r#""Cmd":["/no-such-program"]"#);

    // A registry, which is a service of the user's as well.
    service.run(&format!(
        "mkdir -p ~/unit-registry ~/.config/containers/systemd ~/.config/containers/registries.conf.d ~/.config/systemd/user
         printf 'version: 0.1\\nstorage:\\n  filesystem:\\n    rootdirectory: %s\\nhttp:\\n  addr: {REGISTRY}\\n' ~/unit-registry/data \
             >~/unit-registry/config.yml
         printf '[Service]\\nExecStart=/usr/bin/docker-registry serve %%h/unit-registry/config.yml\\n[Install]\\nWantedBy=default.target\\n' \
             >~/.config/systemd/user/unit-registry.service
         printf '[[registry]]\\nlocation = \"{REGISTRY}\"\\ninsecure = true\\n' >~/.config/containers/registries.conf.d/unit.conf
         systemctl --user daemon-reload
         systemctl --user enable --now unit-registry
         for i in $(seq 100); do curl -s http://{REGISTRY}/v2/ && break; sleep 0.1; done"
    ));
    service.push(&one);

    starts(&service);
    is_kept_up(&service);
    by_generate_systemd(&service);
    is_up_after_a_reboot(&service);
    is_updated(&service, &two, &broken);
    ends(&service);
}

/// A Quadlet file is a service: enabled by what it says itself, and ready when the container runs.
fn starts(service: &Service) {
    service.run(&format!(
        "printf '{}' >~/.config/containers/systemd/unit-web.container
         printf '[Volume]\\nVolumeName=unit-pages\\n' >~/.config/containers/systemd/unit-pages.volume
         systemctl --user daemon-reload
         systemctl --user start unit-web",
        WEB.replace('\n', "\\n")
    ));
    assert_eq!(service.show("unit-web", "ActiveState"), "active");
    assert_eq!(service.show("unit-web", "UnitFileState"), "generated");
    assert!(service.show("default.target", "Wants").contains("unit-web.service"));
    assert_eq!(service.version(), "one");
    // The service's main process is the monitor, which `run` left behind.
    let main = service.show("unit-web", "MainPID");
    let name = service.run(&format!("tr '\\0' ' ' </proc/{main}/cmdline"));
    assert!(name.contains(" monitor "), "{name}");
    // The container is in a cgroup of its own within the service's.
    let cgroup = service.run("cat /proc/$(podling inspect -f '{{.State.Pid}}' unit-web)/cgroup");
    assert!(cgroup.contains("/unit-web.service/"), "{cgroup}");
    let journal = service.run("journalctl --user -u unit-web -o cat");
    assert!(journal.contains("version one runs"), "{journal}");
    assert_eq!(service.run("podling volume ls -q").trim(), "unit-pages");
}

/// Whatever ends it, systemd starts it again; and what is stopped stays so.
fn is_kept_up(service: &Service) {
    let first = service.show("unit-web", "InvocationID");
    service.run("podling kill unit-web");
    let second = service.await_start("unit-web", &first);
    service.run("kill -KILL $(systemctl --user show -P MainPID unit-web)");
    service.await_start("unit-web", &second);
    assert_eq!(service.show("unit-web", "NRestarts"), "2");
    assert_eq!(service.run("podling ps -a -q | wc -l").trim(), "1");

    service.run("systemctl --user stop unit-web");
    assert_eq!(service.show("unit-web", "ActiveState"), "inactive");
    assert_eq!(service.show("unit-web", "Result"), "success");
    assert_eq!(service.run("podling ps -a -q; pgrep -f 'podling monitor' || echo none").trim(), "none");
    service.run("systemctl --user start unit-web");
}

/// The other way to a unit: of a container that was tried by hand.
fn by_generate_systemd(service: &Service) {
    service.run(&format!(
        "podling run -d --network none --name unit-hand -e WORD='a b$c%d' {REGISTRY}/web /serve >/dev/null"
    ));
    service.run(
        "cd ~/.config/systemd/user
         podling generate systemd --new --name --files unit-hand 2>/dev/null
         podling rm -f -t 0 unit-hand
         systemctl --user daemon-reload
         systemctl --user enable --now container-unit-hand",
    );
    assert_eq!(service.show("container-unit-hand", "ActiveState"), "active");
    assert_eq!(service.run("podling exec unit-hand sh -c 'echo \"$WORD\"'").trim(), "a b$c%d");
    let first = service.show("container-unit-hand", "InvocationID");
    // It restarts on failure only: being killed is one.
    service.run("podling kill unit-hand");
    service.await_start("container-unit-hand", &first);
}

fn is_up_after_a_reboot(service: &Service) {
    service.lab.reboot();
    for unit in ["unit-web", "container-unit-hand"] {
        service.await_start(unit, "");
        assert_eq!(service.show(unit, "NRestarts"), "0", "{unit}");
    }
    assert_eq!(service.version(), "one");
    // Nobody waited for a network that nobody makes.
    let waited = "podman-user-wait-network-online";
    assert_eq!(service.show(waited, "Result"), "success");
    service.run("systemctl --user disable --now container-unit-hand");
    assert_eq!(service.run("podling ps --format '{{.Names}}'").trim(), "unit-web");
}

/// The registry has a newer image; then one that does not start.
fn is_updated(service: &Service, two: &Path, broken: &Path) {
    let shown = ["unit-web.service", &format!("{REGISTRY}/web:latest"), "registry"].map(str::to_string);
    let check = |row: Vec<String>, updated: &str| {
        let [unit, container, image, policy, last] = row.try_into().unwrap();
        assert!(container.ends_with(" (unit-web)"), "{container}");
        assert_eq!(([unit, image, policy], last.as_str()), (shown.clone(), updated));
    };
    check(service.update(""), "false");
    service.push(two);
    check(service.update("--dry-run"), "pending");
    assert_eq!(service.version(), "one");
    check(service.update(""), "true");
    assert_eq!(service.version(), "two");

    service.push(broken);
    check(service.update(""), "rolled back");
    assert_eq!(service.version(), "two");
    assert_eq!(service.show("unit-web", "ActiveState"), "active");
    // Without a way back it is as broken as its image, and says so.
    let output = service.lab.run(Who::Tester, "podling auto-update --rollback=false --format '{{.Unit}} {{.Updated}}'");
    assert_eq!((output.status, output.stdout.as_str()), (125, "unit-web.service failed\n"), "{}", output.stderr);
    assert!(output.stderr.contains("Error: restarting unit unit-web.service during update: "), "{}", output.stderr);

    // Once a day by itself: here at once.
    service.push(two);
    service.run(&format!(
        "for unit in /podling/steps/14-systemd/units/*; do
             sed 's|@PODLING@|/usr/local/bin/podling|' $unit >~/.config/systemd/user/$(basename $unit)
         done
         podling pull -q {REGISTRY}/web >/dev/null
         systemctl --user daemon-reload
         systemctl --user reset-failed unit-web
         systemctl --user start unit-web
         systemctl --user enable --now podling-auto-update.timer",
    ));
    assert!(service.run("systemctl --user list-timers").contains("podling-auto-update.service"));
    service.run("systemctl --user start podling-auto-update.service");
    // What a service writes reaches the journal on its own way, which may be longer than the word that it has ended; and of a
    // process that has ended meanwhile the journal knows the name alone, not whose unit it was.
    observe::await_some("what it did in the journal", || {
        let journal = service.run("journalctl --user -t podling -o cat");
        (journal.contains("UNIT") && journal.contains("(unit-web)")).then_some(())
    });
}

/// Without its file there is no service any more.
fn ends(service: &Service) {
    service.run(
        "rm ~/.config/containers/systemd/unit-web.container
         systemctl --user stop unit-web
         systemctl --user daemon-reload",
    );
    assert_eq!(service.show("unit-web", "LoadState"), "not-found");
    assert_eq!(service.run("podling ps -a -q; pgrep -f 'podling monitor' || echo none").trim(), "none");
}

//! What a person reads, and the exit status.

use std::net::TcpListener;

use insta::assert_snapshot;
use network::{Network, Port, ports};
use support::image::podman;
use support::{World, settings};

/// The command's output as a person sees it, and its exit status.
fn shown(world: &World, args: &[&str]) -> String {
    let output = world.command("network").args(args).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    format!("$ network {}\n{text}[exit {}]\n", args.join(" "), output.status.code().unwrap())
}

/// `run` with these flags, of a root that is never looked at.
fn refused(flags: &[&str]) -> String {
    let world = World::new();
    let rootfs = world.dir("rootfs");
    let args = [&["run", "--rootfs", rootfs.to_str().unwrap()], flags, &["true"]].concat();
    let text = shown(&world, &args);
    assert!(!text.contains("[exit 0]") && !text.contains("not found in $PATH"), "{text}");
    text.replace(&format!("--rootfs {} ", rootfs.display()), "")
}

/// What this step adds.
#[test]
fn help() {
    let text = shown(&World::new(), &["run", "--help"]);
    let ours = text.find("  -p, --publish").expect("--publish is there");
    settings().bind(|| assert_snapshot!("help", &text[ours..]));
}

#[test]
fn wrong_networks() {
    let all = [
        "bridge",
        "mine",
        "slirp4netns",
        "container:web",
        "container:",
        "ns:/proc/1/ns/net",
        "host:x",
        "none:x",
        "private:x",
    ];
    let mut text: String = all.map(|mode| refused(&["--network", mode])).concat();
    text += &refused(&["--network", "none", "--network", "host"]);
    settings().bind(|| assert_snapshot!("wrong_networks", text));
}

#[test]
fn wrong_names_and_addresses() {
    let all: [&[&str]; 18] = [
        &["--dns", "x"],
        &["--dns", "none", "--dns", "1.1.1.1"],
        &["--dns", "none", "--dns-search", "x"],
        &["--network", "none", "--dns", "1.1.1.1"],
        &["--dns-search", "a\nnameserver 1.2.3.4"],
        &["--add-host", "foo"],
        &["--add-host", "foo:1"],
        &["--add-host", ":1.2.3.4"],
        &["--add-host", "a\n1.1.1.1 b:1.2.3.4"],
        &["--no-hosts", "--add-host", "foo:1.2.3.4"],
        &["--network", "none", "--add-host", "foo:host-gateway"],
        &["--ip", "10.0.0.2"],
        &["--ip6", "::2"],
        &["--mac-address", "02:00:00:00:00:01"],
        &["--network-alias", "x"],
        &["--expose", "x"],
        &["--expose", "80/x"],
        &["-p", "8080-8082:80-82", "-p", "8081:90"],
    ];
    let text: String = all.map(refused).concat();
    settings().bind(|| assert_snapshot!("wrong_names_and_addresses", text));
}

#[test]
fn a_port_that_cannot_be_had() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    let text = [format!("{port}:80"), "198.51.100.7:8080:80".into(), "80:80/sctp".into()];
    let text: String = text.iter().map(|publish| refused(&["-p", publish])).collect();
    settings().bind(|| assert_snapshot!("a_port_that_cannot_be_had", text.replace(&port, "PORT")));
    let text = refused(&["-p", "80:80"]);
    if first.trim().parse::<u16>().unwrap() > 80 {
        let text = text.replace(&format!("from {} on", first.trim()), "from 1024 on");
        settings().bind(|| assert_snapshot!("a_privileged_port", text));
    }
}

#[test]
fn without_pasta() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    let bin = world.dir("few");
    for program in ["newuidmap", "newgidmap"] {
        let found = ["/usr/bin", "/bin"]
            .map(|dir| format!("{dir}/{program}"))
            .into_iter()
            .find(|path| std::fs::exists(path).unwrap());
        std::os::unix::fs::symlink(found.unwrap(), bin.join(program)).unwrap();
    }
    let run = |flags: &[&str]| {
        // No pasta either where it is installed: in a mount namespace in which an empty file is in its place.
        let script = r#"for dir in /usr/bin /bin /usr/local/bin; do
            test -e $dir/pasta && mount --bind /dev/null $(realpath $dir/pasta); done
            exec "$0" "$@""#;
        let network = world.process("network").get_program().to_owned();
        let mut command = world.command("unshare");
        command.args(["--map-root-user", "--map-auto", "--mount", "sh", "-c", script]).arg(network);
        let output = command.args(["run", "--rootfs"]).arg(&rootfs).args(flags).arg("true").output().unwrap();
        format!("{}[exit {}]\n", String::from_utf8_lossy(&output.stderr), output.status.code().unwrap())
    };
    let text = format!(
        "{}--network none\n{}--network host\n{}",
        run(&[]),
        run(&["--network", "none"]),
        run(&["--network", "host"])
    );
    settings().bind(|| assert_snapshot!("without_pasta", text));
}

#[test]
fn there_are_no_shared_networks() {
    let world = World::new();
    let lines: [&[&str]; 6] = [
        &["network", "ls"],
        &["network", "ls", "-q"],
        &["network", "ls", "--format", "json"],
        &["network", "inspect", "mine"],
        &["network", "exists", "mine"],
        &["network", "create", "mine"],
    ];
    settings()
        .bind(|| assert_snapshot!("there_are_no_shared_networks", lines.map(|line| shown(&world, line)).concat()));
}

/// Every form of `--publish`: Podman accepts what we accept, and answers what we answer.
#[test]
fn ports_as_podman_reads_them() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    for text in [
        "::80",
        "80:",
        "0",
        "65536",
        "80-70",
        "80-80",
        "8080:80-81",
        "x:80",
        "8080:x",
        "1.2.3:80:80",
        "[::1]:80",
        "::1:8080:80",
        "8080:80/x",
        "8080:80/",
        "8080:80/tcp/udp",
        "[::1]8080:80",
        "1:2:3:4:5",
        "-80",
        "80-",
        "65530-65540:1-11",
        "1-2-3",
        "[::1]:1:2:3",
        "a]b]c",
        "::1]:80:80",
    ] {
        let ours = Port::parse(text).unwrap_err().to_string();
        let output =
            podman(&world).args(["create", &format!("--publish={text}"), "--rootfs"]).arg(&rootfs).arg("sh").output();
        let theirs = String::from_utf8(output.unwrap().stderr).unwrap();
        let theirs =
            theirs.lines().find_map(|line| line.strip_prefix("Error: ")).unwrap_or_else(|| panic!("{text}: {theirs}"));
        assert_eq!(ours, theirs.replace("strconv.Atoi: ", ""), "{text}");
    }
}

/// The columns and the JSON of a container, beside Podman's.
#[test]
fn ports_as_podman_shows_them() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    for texts in [
        &["8081:81", "8080:80", "5353:53/udp", "8082:82", "8090:83"][..],
        &["127.0.0.1:9090:90"],
        &["[::1]:9000:9000"],
        &["8000-8002:80-82"],
        &["8080:80/udp"],
        &["8080:80", "8081:80"],
    ] {
        let mut network =
            Network { ports: texts.iter().flat_map(|text| Port::parse(text).unwrap()).collect(), ..Network::default() };
        network.choose_ports(&[]).unwrap();
        let name = format!("box{}", texts[0].split(':').next_back().unwrap().replace(['/', '-'], ""));
        let publish = texts.iter().map(|text| format!("--publish={text}"));
        podman(&world)
            .args(["create", "--name", &name])
            .args(publish)
            .arg("--rootfs")
            .arg(&rootfs)
            .arg("sh")
            .assert()
            .success();
        let told = |args: &[&str]| String::from_utf8(podman(&world).args(args).output().unwrap().stdout).unwrap();
        let filter = format!("name=^{name}$");
        assert_eq!(
            ports::column(&network),
            told(&["ps", "-a", "--filter", &filter, "--format", "{{.Ports}}"]).trim_end()
        );
        let json = told(&["inspect", &name, "--format", "{{json .NetworkSettings.Ports}}"]);
        let mut theirs: serde_json::Value = serde_json::from_str(&json).unwrap();
        for host in theirs.as_object_mut().unwrap().values_mut().flat_map(|list| list.as_array_mut().unwrap()) {
            // Newer releases than Debian's say it.
            if host["HostIp"] == "" {
                host["HostIp"] = "0.0.0.0".into();
            }
        }
        assert_eq!(ports::settings(&network), theirs);
        assert_eq!(ports::bindings(&network), theirs);
    }
}

#[test]
fn ports_of_one_container() {
    let ports = ["8080-8081:80-81", "[::1]:53:53/udp"].iter().flat_map(|text| Port::parse(text).unwrap()).collect();
    let mut network = Network { ports, ..Network::default() };
    network.choose_ports(&["80/tcp".into(), "90".into(), "91-92/udp".into()]).unwrap();
    let all = ports::lines(&network, None).unwrap();
    assert_eq!(all, ["80/tcp -> 0.0.0.0:8080", "81/tcp -> 0.0.0.0:8081", "53/udp -> [::1]:53"]);
    assert_eq!(ports::lines(&network, Some("80")).unwrap(), ["0.0.0.0:8080"]);
    assert_eq!(ports::lines(&network, Some("53/udp")).unwrap(), ["[::1]:53"]);
    let missing = ports::lines(&network, Some("90")).unwrap_err().to_string();
    assert_eq!(missing, "failed to find published port \"90\"");
    assert_eq!(ports::column(&network), "0.0.0.0:8080-8081->80-81/tcp, ::1:53->53/udp, 90/tcp, 91/udp, 92/udp");
    assert_eq!(ports::settings(&network)["90/tcp"], serde_json::Value::Null);
}

#[test]
fn all_exposed_ports_are_published() {
    let ports = Port::parse("18080:80").unwrap();
    let mut network = Network { publish_all: true, ports, ..Network::default() };
    network.choose_ports(&["80/tcp".into(), "90/udp".into()]).unwrap();
    let found: Vec<_> = network.ports.iter().map(|port| (port.container_port, port.host_port > 0)).collect();
    assert_eq!(found, [(80, true), (90, true)]);
    // In its record it is what it was.
    let text = serde_json::to_string(&network).unwrap();
    assert_eq!(serde_json::from_str::<Network>(&text).unwrap(), network);
    // What a record of an older release does not say is as it is by default.
    assert_eq!(serde_json::from_str::<Network>("{}").unwrap(), Network::default());
}

#[test]
fn ports_without_a_network_of_pasta_are_dropped_and_podman_says_so() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    for mode in ["none", "host"] {
        let mut network = Network { ports: Port::parse("8080:80").unwrap(), ..Network::default() };
        assert_eq!(network.notice(), None);
        network.mode = network::Mode::parse(mode).unwrap();
        let notice = network.notice().unwrap();
        let mut theirs = podman(&world);
        let output =
            theirs.args(["create", "--network", mode, "-p", "8080:80", "--rootfs"]).arg(&rootfs).arg("sh").output();
        assert!(String::from_utf8_lossy(&output.unwrap().stderr).contains(notice));
        network.choose_ports(&[]).unwrap();
        assert_eq!((network.ports.len(), network.notice()), (0, None));
    }
}

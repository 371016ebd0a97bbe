//! Attacks that once worked on others, each beside the same without our defence.

mod container;

use std::time::{SystemTime, UNIX_EPOCH};

use container::{Container, Peer, free_port, gateway, outward};
use support::observe::cmdline;

/// Services that trust whoever comes over the loopback interface: neither at the gateway's address, nor at those that
/// other engines map to it, nor at the host's own. The same by the gateway with `--map-gw`: `talk.rs`.
#[test]
fn what_listens_on_the_hosts_loopback_is_not_reached() {
    let container = Container::start(&[]);
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let _tcp = Peer::on_host(&container.world, &["listen-tcp", &address]).ready();
    let _udp = Peer::on_host(&container.world, &["listen-udp", &address]).ready();
    assert!(Peer::on_host(&container.world, &["ask-tcp", &address]).told().starts_with("tcp from "));
    let hosts = [gateway().to_string(), outward().to_string()];
    let others = ["127.0.0.1", "10.0.2.2", "169.254.1.2"].map(str::to_owned);
    let asked = hosts.into_iter().chain(others).flat_map(|host| [("ask-tcp", host.clone()), ("ask-udp", host)]);
    // All at once: from some of them no answer comes at all.
    let asked: Vec<_> =
        asked.map(|(kind, host)| (kind, container.peer(&[kind, &format!("{host}:{port}")]), host)).collect();
    for (kind, peer, host) in asked {
        let told = peer.told();
        assert!(!told.contains(" from "), "{kind} {host}: {told}");
    }
}

/// Sockets without a path belong to the network namespace (CVE-2020-15257).
#[test]
fn abstract_sockets_of_the_host_are_not_reached() {
    let container = Container::start(&[]);
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let name = format!("podling-test-{}-{moment}", std::process::id());
    let _server = Peer::on_host(&container.world, &["listen-abstract", &name]).ready();
    let refused = container.ask(&["ask-abstract", &name]);
    assert!(refused.contains("refused"), "{refused}");

    let open = Container::start(&["--network", "host"]);
    let seen =
        |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/net/unix")).unwrap().contains(&format!("@{name}"));
    assert_eq!((seen(open.pid), seen(container.pid)), (true, false));
    // We have none ourselves that a container with the host's network could find (CVE-2020-15257).
    let ours = std::fs::read_to_string("/proc/net/unix").unwrap();
    let mut names = ours.lines().filter_map(|line| line.split('@').nth(1)).filter(|found| *found != name);
    assert_eq!(names.find(|name| name.contains("podling") && !name.starts_with("podling-test")), None);
}

/// What the program listens on does not appear on the host, unless it is published; and nothing of the host's appears inside.
#[test]
fn no_port_leads_anywhere_by_itself() {
    let container = Container::start(&[]);
    let (inside, outside) = (free_port(), free_port());
    let _inside = container.peer(&["listen-tcp", &format!("0.0.0.0:{inside}")]).ready();
    let _outside = Peer::on_host(&container.world, &["listen-tcp", &format!("0.0.0.0:{outside}")]).ready();
    assert!(container.ask(&["ask-tcp", &format!("127.0.0.1:{inside}")]).starts_with("tcp from "));
    for host in ["127.0.0.1".to_string(), outward().to_string()] {
        let told = Peer::on_host(&container.world, &["ask-tcp", &format!("{host}:{inside}")]).told();
        assert!(told.contains("refused"), "{told}");
    }
    assert!(container.ask(&["ask-tcp", &format!("127.0.0.1:{outside}")]).contains("refused"));
}

/// pasta has no socket of its own by which somebody could make it do something (CVE-2021-4024).
#[test]
fn pasta_listens_on_nothing_but_the_published_ports() {
    let port = free_port();
    let container = Container::start(&["-p", &format!("{port}:80")]);
    let pasta = container.pasta();
    let args = cmdline(pasta);
    assert!(args.contains(&"--no-map-gw".to_string()), "{args:?}");
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pasta}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()?.to_str().map(str::to_owned))
        .collect();
    let listening = |table: &str| -> Vec<u16> {
        let text = std::fs::read_to_string(format!("/proc/net/{table}")).unwrap();
        let fields = text.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let ours = fields.filter(|field| field[3] == "0A" && sockets.contains(&format!("socket:[{}]", field[9])));
        ours.map(|field| u16::from_str_radix(field[1].rsplit(':').next().unwrap(), 16).unwrap()).collect()
    };
    let mut all = [listening("tcp"), listening("tcp6")].concat();
    all.dedup();
    assert_eq!(all, [port]);
    // Of unix(7), a listening socket has this flag.
    let unix = std::fs::read_to_string(format!("/proc/{pasta}/net/unix")).unwrap();
    let listens = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields[3] == "00010000" && sockets.contains(&format!("socket:[{}]", fields[6]))
    };
    assert_eq!(unix.lines().skip(1).find(listens), None);
}

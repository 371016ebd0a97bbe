//! Flags of `run` that ask for what the walls do not allow, or that nobody understands.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::Podling;
use crate::{of, provoke, provoke_by};

#[test]
fn a_program_that_cannot_be_started() {
    let podling = Podling::new();
    let run = ["run", "--rm", "--network", "none", "busybox"];
    let with = |words: &[&'static str]| [&run, words].concat();
    provoke(
        &podling.world,
        &[
            ("P0151", &["run", "--entrypoint", "", "--network", "none", "hello"]),
            ("P0608", &[&["--runtime", "nobody"], &with(&["true"])[..]].concat()),
            ("P0609", &[&["--runtime", "/bin/false"], &with(&["true"])[..]].concat()),
            ("P0601", &with(&["no-such-program"])),
            ("P0601", &with(&["/no/such/program"])),
            ("P0602", &with(&["/etc"])),
        ],
    );
    let foreign = podling.world.write("bin/foreign", b"\x7fELF\x02\x01\x01 of another machine");
    fs::set_permissions(&foreign, fs::Permissions::from_mode(0o755)).unwrap();
    let volume = format!("{}:/foreign", foreign.display());
    let words = ["run", "--rm", "--network", "none", "-v", &volume, "busybox", "/foreign"];
    assert_eq!(of(&podling.world, &words), "P0603");
}

#[test]
fn a_wall_that_does_not_open() {
    let podling = Podling::new();
    provoke_by(
        &podling.world,
        &[
            ("P0155", &["--init", "--init-path", "/no/such"]),
            ("P0205", &["--user", "1000000"]),
            ("P0206", &["--userns", "keep-id:nobody=1"]),
            ("P0206", &["--uidmap", "x"]),
            ("P0207", &["--userns", "auto:size=1000000000"]),
            ("P0208", &["-v", "/tmp:/x:idmap"]),
            ("P0208", &["--device-cgroup-rule", "c 1:3 r"]),
            ("P0209", &["--pid", "nobody"]),
            ("P0210", &["--pid", "ns:/no/such"]),
            ("P0211", &["--uts", "host", "--hostname", "x"]),
            ("P0211", &["--ipc", "host", "--shm-size", "1m"]),
            ("P1101", &["--pid", "container:nobody"]),
            ("P0302", &["-v", "/no/such/place:/x"]),
            ("P0303", &["-v", "a:b:c:d"]),
            ("P0303", &["-v", "/tmp:/x:nobody"]),
            ("P0303", &["--mount", "type=nobody"]),
            ("P0304", &["-v", "/tmp:/x", "-v", "/tmp:/x"]),
            ("P0305", &["-v", "/tmp:/"]),
            ("P0306", &["--tmpfs", "/x:size=nothing"]),
            ("P0310", &["--device", "/no/such"]),
            ("P0310", &["--device", "/etc/passwd"]),
            ("P0311", &["--device", "/dev/null:a:b:c"]),
            ("P0406", &["--cgroup-parent", "../../.."]),
            ("P0401|P0402|P0403", &["--cpus", "1"]),
            ("P0404", &["--memory-swap", "1g"]),
            ("P0404", &["--memory", "much"]),
            ("P0405", &["--memory-swappiness", "1"]),
            ("P0502", &["--ulimit", "nofile=2147483584:2147483584"]),
            ("P0503", &["--cap-add", "nobody"]),
            ("P0504", &["--security-opt", "nobody=1"]),
            ("P0505", &["--security-opt", "seccomp=/no/such"]),
            ("P0506", &["--sysctl", "kernel.hostname=x"]),
            ("P0507", &["--ulimit", "nofile=2:1"]),
            ("P0508", &["--user", "nobodyhere"]),
            ("P0509", &["-v", "/etc:/x:U"]),
            // Where AppArmor is on, it does not know the profile.
            ("P0510|P0501|P0001|P0002|P0013|P0022", &["--security-opt", "apparmor=nobody"]),
            ("P1603", &["--cgroups", "disabled", "--memory", "1g"]),
        ],
    );
    podling.assert_clean();
}

#[test]
fn a_network_that_is_none() {
    let podling = Podling::new();
    let run = |flags: &[&'static str]| [&["run", "--rm"], flags, &["busybox", "true"]].concat();
    let port = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let publish = format!("{}:80", port.local_addr().unwrap().port());
    provoke(
        &podling.world,
        &[
            ("P1003", &["run", "--rm", "-p", &publish, "busybox", "true"]),
            ("P1006", &run(&["--network", "nobody"])),
            ("P1007", &run(&["-p", "x"])),
            ("P1007", &run(&["-p", "80-70:80-70"])),
            // An address for documents (RFC 5737), which no machine has.
            ("P1008", &run(&["-p", "203.0.113.1:8080:80"])),
            ("P1009", &run(&["--dns", "x"])),
            ("P1009", &run(&["--add-host", "x"])),
            ("P1603", &run(&["--network", "none", "--dns", "1.1.1.1"])),
            ("P1605", &run(&["--network", "bridge"])),
        ],
    );
    let first: u16 =
        fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap().trim().parse().unwrap();
    if first > 1 {
        assert_eq!(of(&podling.world, &run(&["-p", "1:80"])), "P1004");
    }
    podling.assert_clean();
}

//! Walls of a container that are moved by wish: devices, settings of the kernel, a process 1 of ours, no walls at all.

mod common;

use std::fs;

use common::Podling;
use support::pty::Terminal;
use support::{observe, settings};

#[test]
fn devices() {
    let podling = Podling::new();
    // The host's node, by number, under whatever name.
    let node = |path: &str, flags: &[&str]| podling.out(flags, &["stat", "-c", "%F %t:%T", path]);
    assert_eq!(node("/dev/net/tun", &["--device", "/dev/net/tun"]), "character special file a:c8\n");
    assert_eq!(node("/dev/mine", &["--device", "/dev/net/tun:/dev/mine:rw"]), "character special file a:c8\n");
    let all = podling.out(&["--device", "/dev/net:/dev/nets"], &["ls", "/dev/nets"]);
    assert_eq!(all, "tun\n");
    let mut shown = String::new();
    for device in ["/dev/nowhere", "/etc/passwd", "/dev/net/tun:x", "/dev/net/tun:/dev/a:rwx", "dev/net/tun"] {
        shown += &podling.run(&["--device", device], &["true"]);
    }
    settings().bind(|| insta::assert_snapshot!("devices", shown));
    podling.assert_clean();
}

/// The kernel keeps keys by session, and a container has a session of its own: with the host's programs, and without a filter
/// that would be in the way, it cannot read the caller's.
#[test]
fn keys_stay_outside() {
    let podling = Podling::new();
    let program = podling.world.process("podling").get_program().display().to_string();
    let host = ["/usr", "/lib", "/lib64"].map(|path| format!("-v {path}:{path}:ro")).join(" ");
    let inside = format!(
        "{program} run --rm --network none --security-opt seccomp=unconfined {host} busybox /usr/bin/keyctl print"
    );
    let script = format!("key=$(keyctl add user podling-secret value @s); keyctl print $key; {inside} $key");
    let mut command = podling.world.command("keyctl");
    let output = command.args(["session", "-", "sh", "-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "value\n", "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("keyctl_read_alloc: Permission denied"), "{said}");
}

#[test]
fn settings_of_the_kernel() {
    let podling = Podling::new();
    let before = fs::read_to_string("/proc/sys/net/ipv4/ip_forward").unwrap();
    let other = if before == "0\n" { "1" } else { "0" };
    let set = format!("net.ipv4.ip_forward={other}");
    let flags = ["--network=none", "--sysctl", &set, "--sysctl", "kernel.msgmax=4096"];
    let files = ["/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax"];
    assert_eq!(podling.out(&flags, &["cat", files[0], files[1]]), format!("{other}\n4096\n"));
    assert_eq!(fs::read_to_string(files[0]).unwrap(), before);
    let mut shown = String::new();
    // The last ones are CVE-2022-0811: what a separator smuggles in.
    for sysctl in
        ["kernel.core_pattern=|/x", "vm.swappiness=1", "net.ipv4.ip_forward", "net.x=1\nkernel.core_pattern=x"]
    {
        shown += &podling.run(&["--sysctl", sysctl], &["true"]);
    }
    shown += &podling.run(&["--network=host", "--sysctl", "net.ipv4.ip_forward=1"], &["true"]);
    settings().bind(|| insta::assert_snapshot!("sysctls", shown));
}

#[test]
fn an_init() {
    let podling = Podling::new();
    // Process 1 is ours, and the program its child, which hears the signals that a process 1 is spared.
    let mut cat = podling.cat(&["--init", "--network=none"]);
    let init = *observe::status(cat.pid)["PPid"].parse::<u32>().as_ref().unwrap();
    assert_eq!(observe::status(init)["NSpid"], format!("{init} 1"));
    assert_eq!(observe::cmdline(init), ["/run/podling-init", "--", "cat"]);
    // Held open: cat would end by itself at the end of its input.
    let input = cat.child.stdin.take();
    observe::kill(cat.child.id(), 15);
    assert_eq!(cat.child.wait_with_output().unwrap().status.code(), Some(143));
    drop(input);

    // An orphan's end is taken note of: nothing is left of it, while the program has children of its own.
    let script = "(sh -c 'sleep 0.1 & echo $!' >/pid); while kill -0 $(cat /pid) 2>/dev/null; do :; done; \
                  cat /proc/[0-9]*/stat | grep -c ') Z '; exit 7";
    let output = podling.run(&["--init", "--network=none"], &["sh", "-c", script]);
    assert!(output.ends_with("\n0\n[exit 7]\n\n"), "{output}");

    let mut terminal = Terminal::spawn(
        &podling.world,
        "podling",
        &["run", "--rm", "-it", "--init", "--network=none", "busybox", "sh"],
    );
    terminal.expect("#");
    // Its keys are for the program: ^C ends what the shell runs, and not the shell.
    terminal.send("sleep 4260\n");
    let _ = observe::await_program(terminal.pid(), &["sleep", "4260"]);
    terminal.send("\x03");
    terminal.send("echo $((6*7)); exit 5\n");
    terminal.expect("42");
    assert_eq!(terminal.wait().code(), Some(5));
    podling.assert_clean();
}

#[test]
fn no_walls() {
    let podling = Podling::new();
    let cat = podling.cat(&["--privileged", "--network=none"]);
    let root = observe::status(cat.pid);
    let last: u32 = fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap().trim().parse().unwrap();
    let all = &format!("{:016x}", (1_u64 << (last + 1)) - 1);
    assert_eq!((&root["CapEff"], &root["CapBnd"], root["Seccomp"].as_str()), (all, all, "0"));
    let mounts = observe::mountinfo(cat.pid).into_iter().map(|mount| mount.point);
    let masks: Vec<_> = mounts.filter(|point| point.starts_with("/proc") && !point.ends_with("proc")).collect();
    assert!(masks.is_empty(), "{masks:?}");
    cat.end();
    // Another user gets nothing but the limit (CVE-2018-10856, CVE-2021-20188).
    let cat = podling.cat(&["--privileged", "--network=none", "-u", "1000"]);
    let user = observe::status(cat.pid);
    for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
        assert_eq!(user[set], "0000000000000000", "{set}");
    }
    assert_eq!(&user["CapBnd"], all);
    cat.end();
    assert_eq!(
        podling.out(&["--privileged"], &["sh", "-c", "mkdir /m; mount -t tmpfs t /m && echo mounted"]),
        "mounted\n"
    );
    // Those that the user has not may be there, but are still not its own.
    let flags = ["--privileged", "--network=none"];
    assert_eq!(
        podling.out(&flags, &["sh", "-c", "test -c /dev/net/tun && echo there; ls /dev | grep -c tty"]),
        "there\n1\n"
    );
}

#[test]
fn sizes_and_places_to_write() {
    let podling = Podling::new();
    let size = |flags: &[&str]| podling.out(flags, &["sh", "-c", "df -k /dev/shm | tail -n 1 | awk '{print $2}'"]);
    assert_eq!([size(&[]), size(&["--shm-size=1m"])], ["65536\n", "1024\n"]);
    let write = |flags: &[&str], path: &str| {
        let script =
            format!("mkdir -p {path} 2>/dev/null; echo x >{path}/x 2>/dev/null && echo written || echo refused");
        podling.out(flags, &["sh", "-c", &script])
    };
    for place in ["/tmp", "/run", "/var/tmp"] {
        assert_eq!(write(&["--read-only"], place), "written\n", "{place}");
        assert_eq!(write(&["--read-only", "--read-only-tmpfs=false"], place), "refused\n", "{place}");
    }
    assert_eq!(write(&["--read-only"], "/etc"), "refused\n");
    assert!(podling.run(&["--shm-size=lots"], &["true"]).ends_with("[exit 125]\n\n"));
}

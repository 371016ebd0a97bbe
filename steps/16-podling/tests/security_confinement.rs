//! What a container asks the kernel for, and what of the kernel's files it sees.

mod common;

use std::fs;
use std::path::Path;

use common::cage::Cage;
use support::image::BUSYBOX;
use support::settings;

/// CVE-2026-31431: the kernel's cryptography, the virtual machine's host and rings of requests are nobody's namespace, and
/// 32-bit calls are no way around. Where there is no filter the kernel itself answers.
#[test]
fn doors_of_the_kernel_are_closed() {
    let cage = Cage::new();
    let image = cage.probe();
    let calls = |words: &[&str]| {
        let said = cage.typed(&[words, &["/bin/probe", "calls"]].concat());
        said.lines().map(|line| format!("{line}\n")).collect::<String>()
    };
    cage.typed(&["run", "-d", "--network=none", "--name=up", &image, "sleep", "1000"]);
    let default = calls(&["run", "--rm", "--network=none", &image]);
    assert_eq!(default, calls(&["exec", "up"]));
    assert_eq!(default, calls(&["run", "--rm", "--network=host", "--user=1000", &image]));
    assert_eq!(default, calls(&["run", "--rm", "--network=none", "--cap-add=SYS_ADMIN,NET_ADMIN", &image]));
    let open = calls(&["run", "--rm", "--network=none", "--security-opt=seccomp=unconfined", &image]);
    assert!(!open.contains("AF_VSOCK: Operation not permitted"), "{open}");
    let expected = "AF_INET: done\nAF_UNIX: done\nAF_ALG: Operation not permitted\nAF_ALG with high bits: Operation not permitted\n\
                    AF_VSOCK: Operation not permitted\nio_uring_setup: Function not implemented\n";
    assert!(default.starts_with(expected), "{default}");
    for line in default.lines().skip(6) {
        assert!(line.ends_with("Operation not permitted") || line.ends_with("Function not implemented"), "{line}");
    }
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
}

/// CVE-2022-0492.
#[test]
fn no_cgroups_of_ones_own() {
    let cage = Cage::new();
    let image = cage.probe();
    let default = cage.typed(&["run", "--rm", "--network=none", &image, "/bin/probe", "cgroups"]);
    let all = ["unshare", "unshare of mounts", "mount of version 1", "mount of rdma", "mount of version 2"];
    let refused: String = all.iter().map(|what| format!("{what}: Operation not permitted\n")).collect();
    assert!(default.starts_with(&refused) && !default.contains("done"), "{default}");
    // Without these walls it comes further, and not to the program of the host's.
    let open = cage.typed(&["run", "--rm", "--network=none", "--privileged", &image, "/bin/probe", "cgroups"]);
    assert!(open.starts_with("unshare: done\n") && !open.contains("release_agent: done"), "{open}");
    assert!(!open.contains("of the system: done"), "{open}");
}

/// CVE-2018-10892, CVE-2020-8694 and their family, for who is there first and for who comes later; and the mask is not to be
/// taken away.
#[test]
fn what_is_hidden_stays_hidden() {
    let cage = Cage::new();
    let hidden: Vec<_> = confinement::mask::masked().into_iter().filter(|path| path.exists()).collect();
    assert!(hidden.len() > 3, "{hidden:?}");
    let mut script = String::new();
    for path in &hidden {
        let (path, parent) = (path.display(), path.parent().unwrap_or(Path::new("/")).display());
        script += &format!(
            "test -z \"$(ls -A {path} | grep -vx {path}; cat {path} 2>/dev/null)\" || echo {path} is seen\n\
             umount {path} 2>/dev/null && echo {path} is uncovered\n\
             umount -l {path} 2>/dev/null && echo {path} is uncovered lazily\n\
             mv {parent} {parent}x 2>/dev/null && echo {parent} is moved\n\
             (echo 1 >{path}/x) 2>/dev/null && echo {path} is written\n\
             mount -t proc proc /tmp 2>/dev/null && echo another proc\n"
        );
    }
    script += "(echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && echo a setting\n\
               (echo x >/proc/sysrq-trigger) 2>/dev/null && echo a key\n\
               mount -o remount,bind,rw /proc/sys 2>/dev/null && echo remounted\necho end";
    for flags in [
        &["--network=none"][..],
        &["--network=host"],
        &["--network=none", "--user=1000"],
        &["--network=none", "--read-only"],
    ] {
        let run = [&["run", "--rm"], flags, &[BUSYBOX, "sh", "-c", &script]].concat();
        assert_eq!(cage.typed(&run), "end\n", "{flags:?}");
        cage.typed(&[&["run", "-d", "--name=up"], flags, &[BUSYBOX, "sleep", "1000"]].concat());
        assert_eq!(cage.typed(&["exec", "up", "sh", "-c", &script]), "end\n", "{flags:?}");
        cage.typed(&["rm", "-f", "-t", "0", "up"]);
    }
    // One that is asked for is seen, and no other.
    let look = "for f in /proc/interrupts /proc/timer_list; do test -n \"$(cat $f)\" && echo $f; done; true";
    let flags = ["run", "--rm", "--network=none", "--security-opt=unmask=/proc/interrupts", BUSYBOX, "sh", "-c", look];
    assert_eq!(cage.typed(&flags), "/proc/interrupts\n");
}

/// CVE-2022-0811: what a separator smuggles, a path that leads elsewhere, and what is the host's.
#[test]
fn one_setting_is_one_setting() {
    let cage = Cage::new();
    let host = || {
        ["kernel/core_pattern", "kernel/shm_rmid_forced", "net/ipv4/ip_forward", "vm/swappiness"]
            .map(|name| fs::read_to_string(format!("/proc/sys/{name}")).unwrap())
    };
    let before = host();
    let mut shown = String::new();
    for sysctl in [
        "net.ipv4.ip_forward=1+kernel.core_pattern=|/x",
        "net.ipv4.ip_forward=1,kernel.core_pattern=|/x",
        "net.ipv4.ip_forward=1\nkernel.core_pattern=|/x",
        "net.ipv4.ip_forward=1\rkernel.core_pattern=|/x",
        "net.ipv4.ip_forward+kernel.core_pattern=|/x",
        "net/../kernel/core_pattern=|/x",
        "net.ipv4./../../kernel/core_pattern=|/x",
        "net/ipv4/../../kernel.core_pattern=|/x",
        "fs.mqueue.../../kernel/core_pattern=|/x",
        "/kernel/core_pattern=|/x",
        "kernel.core_pattern=|/x",
        "kernel/core_pattern=|/x",
        "Kernel.core_pattern=|/x",
        "vm.swappiness=1",
        "kernel.shm_rmid_forced",
        "=1",
    ] {
        let said = cage.typed(&["run", "--rm", "--network=none", "--sysctl", sysctl, BUSYBOX, "true"]);
        assert!(said.ends_with("[exit 125]\n"), "{sysctl}: {said}");
        shown += &said;
    }
    for (flag, sysctl) in [
        ("--network=host", "net.ipv4.ip_forward=1"),
        ("--ipc=host", "kernel.shm_rmid_forced=1"),
        ("--ipc=host", "fs.mqueue.msg_max=11"),
        ("--uts=host", "kernel.domainname=x"),
    ] {
        let said = cage.typed(&["run", "--rm", flag, "--sysctl", sysctl, BUSYBOX, "true"]);
        assert!(said.contains("Namespace set to host") && said.ends_with("[exit 125]\n"), "{said}");
    }
    assert_eq!(before, host());
    settings().bind(|| insta::assert_snapshot!("smuggled", shown));
}

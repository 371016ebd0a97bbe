//! `confinement run`, seen from inside and from outside.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Child, Stdio};

use insta::assert_snapshot;
use support::observe::{await_program, mountinfo, status};
use support::{World, settings};

/// The eleven.
const DEFAULT: &str = "00000000800405fb";
const NONE: &str = "0000000000000000";

/// Output, errors and exit status of `confinement run --rootfs DIR` with these arguments.
fn run(world: &World, args: &[&str]) -> String {
    let rootfs = world.busybox_rootfs();
    let output = world.command("confinement").args(["run", "--rootfs"]).arg(rootfs).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    let end = if code == 0 { String::new() } else { format!("[exit {code}]\n") };
    format!("{}{}{end}", text(output.stdout), text(output.stderr))
}

/// A container that sleeps until it is dropped.
struct Sleeper(Child, u32);

impl Sleeper {
    fn start(world: &World, args: &[&str]) -> Sleeper {
        let rootfs = world.busybox_rootfs();
        let mut command = world.process("confinement");
        command.args(["run", "--rootfs"]).arg(rootfs).args(args).args(["sleep", "1000"]).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        let program = await_program(child.id(), &["sleep", "1000"]);
        Sleeper(child, program)
    }

    fn status(&self) -> BTreeMap<String, String> {
        status(self.1)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn help() {
    let world = World::new();
    let help = world.command("confinement").args(["run", "--help"]).output().unwrap();
    settings().bind(|| assert_snapshot!("help_run", String::from_utf8(help.stdout).unwrap()));
}

#[test]
fn what_a_program_sees_of_its_confinement() {
    let world = World::new();
    let script = "id; umask; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status";
    let all: String = [
        &["sh", "-c", script][..],
        &["--user", "2000:3000", "sh", "-c", script],
        &["--security-opt", "no-new-privileges", "--cap-drop", "all", "--cap-add", "chown", "sh", "-c", script],
        &["--security-opt", "seccomp=unconfined", "--user=2000", "--cap-add=NET_RAW", "sh", "-c", script],
    ]
    .map(|args| format!("$ {}\n{}\n", args[..args.len() - 3].join(" "), run(&world, args)))
    .concat();
    settings().bind(|| assert_snapshot!("inside", all));
}

#[test]
fn what_the_kernel_says_of_it_from_outside() {
    let world = World::new();
    let sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"];
    for (args, expected) in [
        (&[][..], [NONE, DEFAULT, DEFAULT, DEFAULT, NONE, "0", "2"]),
        (&["--user", "2000"], [NONE, NONE, NONE, DEFAULT, NONE, "0", "2"]),
        (&["--security-opt=no-new-privileges", "--user=2000"], [NONE, NONE, NONE, DEFAULT, NONE, "1", "2"]),
        (&["--cap-drop=ALL"], [NONE, NONE, NONE, NONE, NONE, "0", "2"]),
        (&["--security-opt=seccomp=unconfined"], [NONE, DEFAULT, DEFAULT, DEFAULT, NONE, "0", "0"]),
    ] {
        let status = Sleeper::start(&world, args).status();
        assert_eq!(sets.map(|name| status[name].as_str()), expected, "{args:?}");
    }
    let all = Sleeper::start(&world, &["--cap-add=all"]).status();
    let last: u32 = fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap().trim().parse().unwrap();
    assert_eq!(all["CapBnd"], format!("{:016x}", (1_u64 << (last + 1)) - 1));
    assert_eq!(all["CapInh"], NONE);
}

#[test]
fn proc_shows_no_more_than_was_asked_for() {
    let world = World::new();
    let option = "--security-opt=proc-opts=hidepid=2,subset=pid";
    let proc =
        |sleeper: &Sleeper| mountinfo(sleeper.1).into_iter().find(|mount| mount.point.ends_with("proc")).unwrap();
    let mount = proc(&Sleeper::start(&world, &[option]));
    assert!(mount.super_options.ends_with("hidepid=invisible,subset=pid"), "{mount:?}");
    assert!(["nosuid", "nodev", "noexec"].iter().all(|word| mount.has(word)), "{mount:?}");
    let mount = proc(&Sleeper::start(&world, &[]));
    assert!(!mount.super_options.contains("hidepid"), "{mount:?}");
    assert_eq!(run(&world, &[option, "sh", "-c", "test -e /proc/cpuinfo || cat /proc/self/comm"]), "cat\n");
}

/// CVE-2022-2989: the primary group has to be among the supplementary ones as well.
#[test]
fn groups_that_deny_keep_denying() {
    let world = World::new();
    assert_eq!(run(&world, &["--user", "2000:3000", "id", "-G"]), "3000\n");
    let status = Sleeper::start(&world, &["--user", "2000:3000"]).status();
    assert_eq!(status["Groups"].split_whitespace().count(), 1, "{}", status["Groups"]);
}

#[test]
fn the_kernels_files_are_hidden_or_read_only() {
    let world = World::new();
    let script = "wc -c < /proc/interrupts; ls -A /sys/firmware; echo x > /proc/sys/kernel/domainname; \
                  umount /proc/interrupts; mv /proc/sys /proc/x; rmdir /sys/firmware; echo x > /sys/firmware/x";
    settings().bind(|| assert_snapshot!("hidden", run(&world, &["sh", "-c", script])));

    let mounts = mountinfo(Sleeper::start(&world, &[]).1);
    let at = |point: &str| mounts.iter().rfind(|mount| mount.point.as_os_str() == point).unwrap();
    assert!(at("/proc/sys").has("ro"));
    assert_eq!(at("/proc/interrupts").root.file_name().unwrap(), "null");
    assert_eq!((at("/sys/firmware").kind.as_str(), at("/sys/firmware").has("ro")), ("tmpfs", true));
}

#[test]
fn masks_are_as_asked() {
    let world = World::new();
    let script = "wc -c < /proc/interrupts | grep -qx 0 && echo hidden; ls -A /etc; wc -c < /bin/vi";
    let hidden = |options: &[&str]| run(&world, &[options, &["sh", "-c", script]].concat());
    let list = "group\nhostname\nhosts\npasswd\n";
    let size = fs::metadata(world.busybox_rootfs().join("bin/busybox")).unwrap().len();
    assert_eq!(hidden(&[]), format!("hidden\n{list}{size}\n"));
    assert_eq!(hidden(&["--security-opt=unmask=ALL"]), format!("{list}{size}\n"));
    assert_eq!(hidden(&["--security-opt=unmask=/proc/*"]), format!("{list}{size}\n"));
    assert_eq!(hidden(&["--security-opt=unmask=/proc/inter"]), format!("hidden\n{list}{size}\n"));
    assert_eq!(hidden(&["--security-opt=mask=/etc:/no/such/path"]), format!("hidden\n{size}\n"));
    assert_eq!(hidden(&["--network=host"]), format!("hidden\n{list}{size}\n"));
}

/// CVE-2025-31133: what is mounted over hidden files must be the null device and nothing else.
#[test]
fn a_false_null_device_is_refused() {
    for kind in ["file", "link", "link to a file of the kernel", "nothing", "pipe"] {
        let world = World::new();
        let dev = world.dir("dev");
        let null = dev.join("null");
        match kind {
            "file" => fs::write(&null, "not null").unwrap(),
            "link" => symlink("/etc/hostname", &null).unwrap(),
            "link to a file of the kernel" => symlink("/proc/sys/kernel/core_pattern", &null).unwrap(),
            "pipe" => nix::unistd::mkfifo(&null, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            _ => {}
        }
        let volume = format!("{}:/dev", dev.display());
        let answer = run(&world, &["--volume", &volume, "true"]);
        assert!(answer.contains("/dev/null in the container"), "{kind}: {answer}");
        assert!(answer.ends_with("[exit 125]\n"), "{kind}: {answer}");
    }
}

/// Each of these works without this step's wall.
#[test]
fn what_needs_more_than_a_program_should_have_is_refused() {
    let world = World::new();
    let script =
        "mount -t tmpfs none /tmp; unshare -U true; unshare -m true; mknod /tmp/disk b 8 0; ip link add x type dummy";
    let open = ["--cap-add=ALL", "--security-opt=seccomp=unconfined"];
    let mut all = format!("$ confined\n{}", run(&world, &["sh", "-c", script]));
    all += &format!(
        "$ confined, but with every capability\n{}",
        run(&world, &["--cap-add=ALL", "sh", "-c", "unshare -Um true; mount -t tmpfs none /tmp && echo mounted"])
    );
    all += &format!(
        "$ unconfined\n{}",
        run(
            &world,
            &[&open[..], &["sh", "-c", "unshare -Um true && mount -t tmpfs none /tmp && echo mounted"]].concat()
        )
    );
    settings().bind(|| assert_snapshot!("refused", all));
}

#[test]
fn limits_are_set() {
    let world = World::new();
    let limits =
        run(&world, &["--ulimit=nofile=100:200", "--ulimit=core=0", "sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c"]);
    assert_eq!(limits, "100\n200\n0\n");
}

#[test]
fn wrong_command_lines() {
    let world = World::new();
    let users = ["1:", ":1", "+1", "-1", "1x", "4294967295", "4294967296", "root", ""];
    let lines = users.map(|user| vec!["--user", user]).into_iter().chain([
        vec!["--user", "99999999"],
        vec!["--cap-add", "everything"],
        vec!["--cap-drop", "chown", "--cap-add", "CAP_CHOWN"],
        vec!["--cap-drop", "all", "--cap-add", "all"],
        vec!["--security-opt", "secomp=unconfined"],
        vec!["--security-opt", "mask=proc"],
        vec!["--ulimit", "nofile=2:1"],
        vec!["--ulimit", "files=1"],
        vec!["--ulimit", "nofile"],
    ]);
    let all: String = lines
        .map(|line| format!("$ run {}\n{}\n", line.join(" "), run(&world, &[&line[..], &["true"]].concat())))
        .collect();
    settings().bind(|| assert_snapshot!("wrong_command_lines", all));
}

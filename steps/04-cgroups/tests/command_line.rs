//! The command line, and what it answers where there are no cgroups to be had.

use support::{World, settings};

/// Standard output and error, and the status unless it is 0.
fn run(world: &World, arguments: &[&str]) -> String {
    let rootfs = world.busybox_rootfs();
    let output = world.command("cgroups").args(["run", "--rootfs"]).arg(rootfs).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}status {}\n", code.unwrap_or(-1)),
    }
}

#[test]
fn help() {
    let world = World::new();
    let text = world.command("cgroups").args(["run", "--help"]).output().unwrap().stdout;
    settings().bind(|| insta::assert_snapshot!("help", String::from_utf8_lossy(&text)));
}

#[test]
fn what_is_no_limit_is_refused_everywhere() {
    let world = World::new();
    let text = [
        &["--memory", "12x"][..],
        &["--memory-swap", "12m"],
        &["--memory", "64m", "--memory-swap", "12m"],
        &["--memory", "1m", "--memory-reservation", "2m"],
        &["--cpus", "1", "--cpu-period", "1000"],
        &["--cpus", "x"],
        &["--cpus", "-1"],
        &["--pids-limit", "x"],
        &["--cgroups", "foo"],
        &["--cgroups", "disabled", "--memory", "1g"],
        &["--cgroup-conf", "memory.high"],
    ]
    .map(|words| format!("{}\n{}", words.join(" "), run(&world, &[words, &["true"]].concat())));
    settings().bind(|| insta::assert_snapshot!("refused_everywhere", text.concat()));
}

/// As on a machine with cgroup v1: what is at /sys/fs/cgroup is not a cgroup2.
#[test]
fn without_version_two_it_runs_and_a_limit_is_an_error() {
    let world = World::new();
    let rootfs = world.busybox_rootfs();
    let program = world.process("cgroups").get_program().to_owned();
    let tried = |arguments: &str| {
        let script = format!(r#"mount -t tmpfs none /sys/fs/cgroup; "$0" run --rootfs "$1" {arguments} echo runs"#);
        let mut command = world.command("unshare");
        command.args(["--map-root-user", "--map-auto", "--mount", "sh", "-c", &script]).arg(&program).arg(&rootfs);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        format!("{arguments}\n{text}status {}\n", output.status.code().unwrap_or(-1))
    };
    let text =
        ["", "--pids-limit -1", "--cgroups split", "--memory 32m", "--cgroup-conf cgroup.max.depth=3"].map(tried);
    settings().bind(|| insta::assert_snapshot!("version_one", text.concat()));
}

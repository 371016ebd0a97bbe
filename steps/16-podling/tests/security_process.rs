//! What a container gets from those who start its processes: descriptors, directories, memory, a terminal.

mod common;

use common::cage::Cage;
use common::{Podling, text};
use support::image::BUSYBOX;
use support::observe;
use support::pty::Terminal;

/// How far descriptors are tried. More are never open.
const DESCRIPTORS: std::ops::Range<u32> = 3..24;

/// podling, started by a shell that has the canary's directory open as 7 and a program of the host's as 9, neither of
/// them close-on-exec.
fn with_a_leak(cage: &Cage, words: &[&str]) -> String {
    let bin = cage.podling.world.process("podling").get_program().to_owned();
    let script = r#"exec 7<"$0" 9</bin/sh; exec "$@""#;
    let mut command = cage.podling.world.command("/bin/sh");
    let report = text(command.args(["-c", script]).arg(&cage.canary).arg(bin).args(words).output().unwrap());
    cage.check(&report);
    report
}

/// CVE-2024-21626, by flag, by a link of the image, and by a link that the container made itself.
#[test]
fn no_directory_leads_out() {
    let cage = Cage::new();
    let image = cage.image("links", "", |dir, _| {
        for fd in DESCRIPTORS {
            common::cage::link(format!("/proc/self/fd/{fd}"), &dir.join(format!("w{fd}")));
        }
    });
    let up = ["run", "-d", "--network=none", "--name=up", &image, "sh", "-c"];
    let script = "for fd in 3 4 5 6 7 8 9; do ln -s /proc/self/fd/$fd /x$fd; done; sleep 1000";
    cage.typed(&[&up[..], &[script]].concat());
    let refused = |directory: &str, said: String| {
        assert!(said.ends_with("[exit 126]\n") && !said.contains("secret"), "{directory}: {said}");
    };
    for fd in DESCRIPTORS {
        for directory in [format!("/proc/self/fd/{fd}"), format!("/w{fd}"), format!("/proc/thread-self/fd/{fd}/..")] {
            let run = ["run", "--rm", "--network=none", "-w", &directory, &image, "sh", "-c", "pwd; ls; ls .."];
            refused(&directory, with_a_leak(&cage, &run));
            refused(&directory, with_a_leak(&cage, &["exec", "-w", &directory, "up", "sh", "-c", "pwd; ls; ls .."]));
        }
        if fd < 10 {
            let directory = format!("/x{fd}");
            refused(&directory, with_a_leak(&cage, &["exec", "-w", &directory, "up", "ls"]));
        }
    }
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
    cage.podling.assert_clean();
}

/// The same as a program, and as the program of a script.
#[test]
fn no_program_of_the_host_is_executed() {
    let cage = Cage::new();
    let image = cage.image("scripts", "", |dir, _| {
        for fd in DESCRIPTORS {
            common::cage::file(&dir.join(format!("s{fd}")), &format!("#!/proc/self/fd/{fd} -c id\n"), 0o755);
        }
    });
    cage.typed(&["run", "-d", "--network=none", "--name=up", &image, "sleep", "1000"]);
    for fd in DESCRIPTORS {
        for program in [format!("/proc/self/fd/{fd}"), format!("/s{fd}")] {
            for words in [&["run", "--rm", "--network=none", &image][..], &["exec", "up"]] {
                let said = with_a_leak(&cage, &[words, &[&program, "-c", "id"]].concat());
                let refused = said.ends_with("[exit 126]\n") || said.ends_with("[exit 127]\n");
                assert!(refused && !said.contains("uid="), "{program}: {said}");
            }
        }
    }
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
}

#[test]
fn only_the_standard_descriptors_are_inherited() {
    let cage = Cage::new();
    cage.typed(&["run", "-d", "--network=none", "--name=up", BUSYBOX, "sleep", "1000"]);
    for words in [&["run", "--rm", "--network=none", BUSYBOX][..], &["exec", "up"]] {
        let said = with_a_leak(&cage, &[words, &["sh", "-c", "echo /proc/self/fd/*"]].concat());
        // The fourth is the one by which the shell reads the directory.
        assert_eq!(said, "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n");
    }
    cage.typed(&["rm", "-f", "-t", "0", "up"]);
}

/// CVE-2016-9962: until it executes the program, whoever enters a container is still one of us, with the caller's
/// environment and what is open for us.
#[test]
fn who_enters_is_not_looked_at() {
    let cage = Cage::new();
    let image = cage.probe();
    let ways = [&[][..], &["--cap-add=SYS_PTRACE"], &["--privileged"], &["--userns=keep-id", "-u0", "--cap-add=all"]];
    for flags in ways {
        let run = ["run", "-d", "--network=none", "--name=up"];
        cage.typed(&[&run[..], flags, &[&image, "/bin/probe", "watch", "60"]].concat());
        observe::await_some("the watch", || cage.typed(&["logs", "up"]).contains("watching").then_some(()));
        let comes = |words: &[&str]| {
            let mut command = cage.podling.world.command("podling");
            command.env("TOKEN", "sesame").args(words).assert().success();
        };
        for _ in 0..30 {
            comes(&["exec", "-u0", "up", "/bin/true"]);
        }
        // Another container in the same PID namespace comes from the host's files, and who may trace it may follow it there.
        for _ in 0..10 {
            if flags.is_empty() {
                comes(&["run", "--rm", "--network=none", "--pid=container:up", BUSYBOX, "/bin/true"]);
            }
        }
        let said = cage.typed(&["logs", "up"]);
        assert!(!said.contains("environment") && !said.contains("descriptor"), "{flags:?}: {said}");
        // Who may trace everybody in the user's namespace does see them come, so the others would have as well.
        assert_eq!(said.contains("seen"), !matches!(flags, [] | ["--userns=keep-id", ..]), "{flags:?}: {said}");
        cage.typed(&["rm", "-f", "-t", "0", "up"]);
    }
}

/// CVE-2017-5226.
#[test]
fn nothing_is_typed_into_the_callers_terminal() {
    let cage = Cage::new();
    let image = cage.probe();
    let bin = cage.podling.world.process("podling").get_program().to_str().unwrap().to_owned();
    let script = format!(
        "'{bin}' run --rm -i --network=none {image} /bin/probe type; \
         '{bin}' run -d --name up --network=none {image} sleep 1000 >/dev/null; \
         '{bin}' exec -i up /bin/probe type; '{bin}' rm -f -t 0 up >/dev/null; read line; echo \"read: $line\""
    );
    let mut terminal = Terminal::spawn(&cage.podling.world, "/bin/sh", &["-c", &script]);
    for _ in 0..2 {
        for place in ["stdin", "stdout", "stderr"] {
            terminal.expect(&format!("/dev/{place}: Operation not permitted"));
        }
        terminal.expect("/dev/tty: No such device or address");
    }
    terminal.send("mine\r");
    terminal.expect("read: mine\n");
    assert!(terminal.wait().success());
}

/// A filter's profile is a file of the host's, also for a process that comes later: the container's file of that name
/// is nobody's order.
#[test]
fn the_profile_of_a_later_process_is_the_hosts() {
    let podling = Podling::new();
    let profile = podling.world.write(
        "profile.json",
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}"#,
    );
    let option = format!("--security-opt=seccomp={}", profile.display());
    let run = ["run", "-d", "--network=none", "--name=up", &option, BUSYBOX, "sleep", "1000"];
    podling.shown(&run);
    // Without that name in the container, and with it.
    let said = podling.shown(&["exec", "up", "mkdir", "/a"]);
    assert!(said.contains("Operation not permitted") && said.contains("[exit 1]"), "{said}");
    let volume = podling.world.write("inside/profile.json", r#"{"defaultAction": "SCMP_ACT_ALLOW"}"#);
    let volume = format!("{}:{}", volume.display(), profile.display());
    let run = ["run", "-d", "--network=none", "--name=two", &option, "-v", &volume, BUSYBOX, "sleep"];
    podling.shown(&[&run[..], &["1000"]].concat());
    let said = podling.shown(&["exec", "two", "mkdir", "/a"]);
    assert!(said.contains("Operation not permitted"), "{said}");
    podling.shown(&["rm", "-f", "-t", "0", "up", "two"]);
}

//! Passwords: asked for, proven, kept, forgotten; and the same for Podman.

mod fake;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

use fake::output;
use nix::sys::termios::{LocalFlags, tcgetattr};
use support::pty::Terminal;
use support::{Registry, World, busybox_archive};

#[test]
fn podman_reads_what_we_write_and_we_what_podman_writes() {
    let world = World::new();
    let registry = Registry::of(&world).with_password("ann", "secret").start();
    registry.trust(&world);
    let address = registry.address();
    let ours = |words: &[&str]| output(world.command("registry").args(words));
    assert_eq!(
        ours(&["login", "-v", "-u", "ann", "-p", "secret", &address]),
        format!("Used: {}\nLogin Succeeded!\nstatus 0\n", world.run().join("containers/auth.json").display())
    );
    let file = world.run().join("containers/auth.json");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&file), mode(file.parent().unwrap())], [0o600, 0o700]);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(
        text.replace(&address, "REGISTRY"),
        "{\n\t\"auths\": {\n\t\t\"REGISTRY\": {\n\t\t\t\"auth\": \"YW5uOnNlY3JldA==\"\n\t\t}\n\t}\n}"
    );
    let podman = |words: &[&str]| {
        let seen = output(support::image::podman(&world).args(words));
        let warning = |line: &&str| !line.starts_with("time=");
        seen.lines().filter(warning).map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(podman(&["login", "--get-login", &address]), "ann\nstatus 0\n");
    assert!(podman(&["logout", &address]).ends_with("status 0\n"));
    assert_eq!(ours(&["login", "--get-login", &address]), format!("Error: not logged into {address}\nstatus 125\n"));
    assert!(podman(&["login", "-u", "ann", "-p", "secret", &address]).ends_with("status 0\n"));
    assert_eq!(ours(&["login", "--get-login", &address]), "ann\nstatus 0\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "the same to the byte");
    assert_eq!(ours(&["logout", "--all"]), "Removed login credentials for all registries\nstatus 0\n");
    assert_eq!(podman(&["login", "--get-login", &address]), format!("Error: not logged into {address}\nstatus 125\n"));
}

#[test]
fn a_password_comes_by_standard_input_or_by_hand() {
    let world = World::new();
    let registry = Registry::of(&world).with_password("ann", "secret").start();
    registry.trust(&world);
    let address = registry.address();
    let login = |words: &[&str], input: &str| {
        output(world.command("registry").arg("login").args(words).arg(&address).write_stdin(input))
            .replace(&address, "R")
    };
    assert_eq!(login(&["-u", "ann", "--password-stdin"], "secret\n"), "Login Succeeded!\nstatus 0\n");
    assert_eq!(
        login(&["-u", "ann", "--password-stdin"], "other"),
        "Error: logging into \"R\": invalid username/password\nstatus 125\n"
    );
    assert_eq!(login(&["--password-stdin"], "x"), "Error: must provide --username with --password-stdin\nstatus 125\n");
    assert_eq!(
        login(&["-u", "a", "-p", "b", "--password-stdin"], "x"),
        "Error: can't specify both --password-stdin and --password\nstatus 125\n"
    );
    assert!(output(world.command("registry").arg("logout").arg(&address)).ends_with("status 0\n"));
    assert_eq!(login(&[], "ann\nsecret\n"), "Username: Password: \nLogin Succeeded!\nstatus 0\n");
    assert!(output(world.command("registry").arg("logout").arg(&address)).ends_with("status 0\n"));
    let seen = login(&[], "");
    assert_eq!(seen, "Error: getting username and password: reading username: EOF\nUsername: status 125\n");
}

#[test]
fn what_is_typed_is_not_shown() {
    let world = World::new();
    let registry = Registry::of(&world).with_password("ann", "secret").start();
    registry.trust(&world);
    let mut terminal = Terminal::spawn(&world, "registry", &["login", &registry.address()]);
    terminal.expect("Username: ");
    terminal.send("ann\r");
    terminal.expect("Password: ");
    terminal.send("wrong\x15secrex\x7ft\r");
    terminal.expect("Login Succeeded!");
    assert!(terminal.wait().success());
    assert!(!terminal.screen().contains("secre"), "{}", terminal.screen());
    // Ctrl-C leaves a terminal that shows what is typed.
    let program = world.process("registry").get_program().to_str().unwrap().to_string();
    let script = "trap : INT; \"$0\" login -u bob \"$1\"; echo ended; read line";
    let mut terminal = Terminal::spawn(&world, "/bin/sh", &["-c", script, &program, &registry.address()]);
    terminal.expect("Password: ");
    let shell = terminal.pid();
    let echoes = || {
        let input = File::open(format!("/proc/{shell}/fd/0")).unwrap();
        tcgetattr(input).unwrap().local_flags.contains(LocalFlags::ECHO)
    };
    support::observe::await_some("silence", || (!echoes()).then_some(()));
    terminal.send("\x03");
    terminal.expect("ended");
    assert!(echoes());
    terminal.send("\r");
    terminal.wait();
}

#[test]
fn files_of_others_are_read_and_left_alone() {
    let world = World::new();
    let registry = Registry::of(&world).with_password("ann", "secret").start();
    registry.trust(&world);
    let address = registry.address();
    let docker =
        format!("{{\"auths\":{{\"https://{address}/v1/\":{{\"auth\":\"YW5uOnNlY3JldA==\"}}}},\"psFormat\":\"x\"}}");
    world.write("home/.docker/config.json", &docker);
    let run = |words: &[&str]| output(world.command("registry").args(words)).replace(&address, "R");
    assert_eq!(run(&["login", "--get-login", &address]), "ann\nstatus 0\n");
    let seen = run(&["logout", &address]);
    assert!(
        seen.starts_with(
            "Error: Not logged into R with current tool. Existing credentials were established via docker login."
        ),
        "{seen}"
    );
    // In a file of ours, the rest is left as it is, and parts of a registry may have their own.
    let file = world.write("mine.json", "{\"other\": [1, 2]}");
    let flag = format!("--authfile={}", file.display());
    assert!(run(&["login", &flag, "-u", "ann", "-p", "secret", &format!("{address}/team")]).ends_with("status 0\n"));
    registry.push(&world, &busybox_archive(&world), "team/x:latest");
    registry.push(&world, &busybox_archive(&world), "x:latest");
    assert!(run(&["pull", "-q", &flag, &format!("{address}/team/x")]).ends_with("status 0\n"));
    let seen = run(&["pull", "-q", &flag, &format!("{address}/x")]);
    assert!(seen.contains("unauthorized: authentication required\nHint: podling login R\n"), "{seen}");
    assert!(fs::read_to_string(&file).unwrap().contains("\"other\": [\n\t\t1,\n\t\t2\n\t]"));
    // A damaged file is an error, and its content is in no message.
    world.write("mine.json", "{\"auths\": {\"x\": {\"auth\": \"c2VjcmV0\"");
    let seen = run(&["pull", "-q", &flag, &format!("{address}/x")]);
    assert!(seen.contains("is not JSON: line 1") && !seen.contains("c2VjcmV0"), "{seen}");
}

#[test]
fn a_terminal_shows_a_bar_for_each_layer() {
    let world = World::new();
    let registry = Registry::of(&world).start();
    registry.trust(&world);
    registry.push(&world, &busybox_archive(&world), "x:latest");
    let mut terminal = Terminal::spawn(&world, "registry", &["pull", &format!("{}/x", registry.address())]);
    terminal.expect("Writing manifest to image destination");
    assert!(terminal.wait().success());
    let screen = terminal.screen();
    assert!(screen.contains("Copying blob ") && screen.contains("done"), "{screen}");
    let last = screen.trim().lines().last().unwrap_or_default();
    assert!(
        last.len() >= 64 && last.trim_end().chars().rev().take(64).all(|digit| digit.is_ascii_hexdigit()),
        "{screen}"
    );
}

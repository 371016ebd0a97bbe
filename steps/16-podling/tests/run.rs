//! What a person types and sees.

mod common;

use std::os::unix::fs::MetadataExt;

use common::Podling;
use insta::assert_snapshot;
use support::image::BUSYBOX;
use support::{literal, settings, user};

#[test]
fn a_container_sees_itself_alone() {
    let podling = Podling::new();
    let all = [
        podling.run(&[], &["id"]),
        podling.run(&[], &["ps", "-o", "pid,user,args"]),
        podling.run(&[], &["hostname"]),
        podling.run(
            &["--name", "it", "--hostname", "box"],
            &["sh", "-c", "hostname; cat /etc/hostname; grep -c box /etc/hosts"],
        ),
        podling.run(&["--hostname", ""], &["sh", "-c", "test $(hostname) = $(cat /etc/hostname) && echo the default"]),
        podling.run(&[], &["sh", "-c", "echo $PWD $$ $PPID"]),
        podling.run(&[], &["ls", "/"]),
    ]
    .concat();
    settings().bind(|| assert_snapshot!("alone", all));
    podling.assert_clean();
}

#[test]
fn its_mounts() {
    let podling = Podling::new();
    let output = podling.out(&[], &["cat", "/proc/self/mountinfo"]);
    // Where, what, and the options that are ours and not the host's.
    let ours = ["ro", "rw", "nosuid", "nodev", "noexec"];
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let kind = fields.iter().skip_while(|field| **field != "-").nth(1).unwrap();
        let kind = if fields[3].contains("containers/") { "file of ours" } else { kind };
        // These are there or not, as the host's kernel was built.
        let options: Vec<&str> = fields[5].split(',').filter(|word| ours.contains(word)).collect();
        format!("{} ({kind}) {}\n", fields[4], options.join(","))
    };
    let optional = |line: &String| ["/proc/", "/sys/", "/dev/"].iter().all(|place| !line.starts_with(place));
    let mounts: String = output.lines().map(line).filter(optional).collect();
    settings().bind(|| assert_snapshot!("mounts", mounts));
    assert!(!output.contains("shared:") && !output.contains(" /home "), "{output}");
}

#[test]
fn its_environment() {
    let podling = Podling::new();
    let env = |flags: &[&str]| {
        let mut command = podling.world.command("podling");
        command.args(["run", "--rm"]).args(flags).args([BUSYBOX, "env"]).env("B", "the caller's").env("C", "unasked");
        let output = command.output().unwrap();
        let mut lines: Vec<String> = common::text(output).lines().map(str::to_string).collect();
        lines.sort();
        format!("$ podling run --rm {} env\n{}\n\n", [flags, &["busybox"]].concat().join(" "), lines.join("\n"))
    };
    let all = [
        env(&[]),
        env(&["-e", "A=1", "-e", "B", "-e", "NONE"]),
        env(&["-e", "A=1", "-e", "A=2=3", "-e", "EMPTY=", "-e", "PATH=/bin", "-e", "HOME=/x"]),
        env(&["-u", "user"]),
        env(&["-e", "=1"]),
        env(&["-e", ""]),
    ];
    settings().bind(|| assert_snapshot!("environment", all.concat()));
    podling.assert_clean();
}

#[test]
fn its_user() {
    let podling = Podling::new();
    let users = [
        "1000",
        "user",
        "user:wheel",
        "2000:3000",
        "0:10",
        "nobody",
        "",
        "1:",
        ":1",
        "+1",
        "-1",
        "1x",
        "1:1:1",
        "4294967295",
        "4294967296",
        "18446744073709551616",
        "stranger",
        "user:strangers",
    ];
    let all: String = users.map(|user| podling.run(&[&format!("--user={user}")], &["id"])).concat();
    literal().bind(|| assert_snapshot!("user", all));
    podling.assert_clean();
}

#[test]
fn its_program_and_where_it_starts() {
    let podling = Podling::new();
    let all = [
        podling.run(&["--entrypoint", "echo"], &["a", "b"]),
        podling.run(&["--entrypoint", r#"["echo", "x y"]"#], &["a"]),
        podling.run(&["--entrypoint", "/bin/echo"], &[]),
        podling.run(&["--entrypoint", ""], &["echo", "a"]),
        podling.run(&["--entrypoint", ""], &[]),
        podling.run(&["-w", "/home/user"], &["pwd"]),
        podling.run(&["-w", "/nowhere"], &["pwd"]),
        podling.run(&["-w", "relative"], &["pwd"]),
        podling.run(&["-w", "/etc/passwd"], &["pwd"]),
    ];
    settings().bind(|| assert_snapshot!("program", all.concat()));
    podling.assert_clean();
}

#[test]
fn its_exit_status() {
    let podling = Podling::new();
    let all = [
        podling.run(&[], &["true"]),
        podling.run(&[], &["sh", "-c", "exit 7"]),
        podling.run(&[], &["sh", "-c", "sh -c 'kill -KILL $$'; exit $?"]),
        podling.run(&[], &["no-such-program"]),
        podling.run(&[], &["/no/such/program"]),
        podling.run(&[], &["/etc"]),
        podling.run(&[], &["/etc/passwd"]),
        podling.run(&["--unknown"], &["true"]),
        podling.run(&["-Z"], &["true"]),
        podling.run(&["-v", "/nonexistent:/x"], &["true"]),
        podling.run(&["-v", "/tmp:x"], &["true"]),
        podling.run(&["-v", "/tmp:/x:bad"], &["true"]),
        podling.run(&["-v", "/tmp:/x", "-v", "/tmp:/x"], &["true"]),
        podling.run(&["--network", "moon"], &["true"]),
        podling.run(&["--name", "a/b"], &["true"]),
        podling.run(&["--name", ""], &["true"]),
        podling.shown(&["run", "--rm", "nosuchimage", "true"]),
        podling.shown(&["run", "--rm", "../../etc", "true"]),
        podling.shown(&["run"]),
        podling.shown(&["fly"]),
        podling.shown(&["rm", "nobody"]),
        podling.shown(&["version", "more"]),
    ];
    settings().bind(|| assert_snapshot!("status", all.concat()));
    podling.assert_clean();
}

#[test]
fn a_name_is_one_containers() {
    let podling = Podling::new();
    let kept = |name: &str| podling.shown(&["run", "--name", name, BUSYBOX, "true"]);
    let all = [kept("web"), kept("web"), podling.shown(&["rm", "web"]), podling.shown(&["rm", "web"]), kept("web")];
    settings().bind(|| assert_snapshot!("name", all.concat()));
    assert_eq!(podling.entries("container-names"), ["web"]);
    assert_eq!(podling.entries("running"), [""; 0]);

    let id = podling.entries("containers").remove(0);
    podling.world.command("podling").args(["rm", &id[..12]]).assert().success();
    podling.assert_clean();

    let running = podling.cat(&["--name", "cat"]);
    let refused = [podling.run(&["--name", "cat"], &["true"]), podling.shown(&["rm", "cat"])];
    settings().bind(|| assert_snapshot!("name_running", refused.concat()));
    running.end();
    podling.assert_clean();
}

#[test]
fn a_volume_is_the_callers_directory() {
    let podling = Podling::new();
    let shared = podling.world.dir("shared");
    podling.world.write("shared/theirs", "from outside\n");
    let volume = |options: &str| format!("{}:/mnt/a b{options}", shared.display());
    let script = "cat '/mnt/a b/theirs'; echo inside > '/mnt/a b/mine'; stat -c '%u %n' '/mnt/a b/'*";
    let all = [
        podling.run(&["-v", &volume("")], &["sh", "-c", script]),
        podling.run(&["-v", &volume(":ro")], &["sh", "-c", "touch '/mnt/a b/no'; rm '/mnt/a b/mine'"]),
    ];
    settings().bind(|| assert_snapshot!("volume", all.concat()));
    let mine = shared.join("mine");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "inside\n");
    assert_eq!(mine.metadata().unwrap().uid(), user().uid);
    assert!(!shared.join("no").exists());

    podling.out(&["-v", &volume(""), "-u", "1000"], &["true"]);
    std::fs::set_permissions(&shared, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    podling.out(&["-v", &volume(""), "-u", "1000"], &["touch", "/mnt/a b/theirs too"]);
    assert_eq!(shared.join("theirs too").metadata().unwrap().uid(), user().subuid.0 + 999);
    podling.assert_clean();
}

#[test]
fn what_is_written_is_gone_with_it() {
    let podling = Podling::new();
    podling.out(&[], &["sh", "-c", "rm -r /home /bin/vi; echo x > /etc/new; chown 1000 /etc/passwd"]);
    assert_eq!(podling.out(&[], &["sh", "-c", "ls -d /home /bin/vi; stat -c %u /etc/passwd"]), "/bin/vi\n/home\n0\n");
    podling.assert_clean();
}

#[test]
fn it_is_part_of_a_pipe() {
    let podling = Podling::new();
    let run = |flags: &[&str]| {
        let mut command = podling.world.command("podling");
        command.args(Podling::words(flags, &["sh", "-c", "wc -c; echo err >&2"])).write_stdin(vec![b'x'; 1 << 20]);
        command.output().unwrap()
    };
    let output = run(&["-i"]);
    assert_eq!((output.stdout, output.stderr), (b"1048576\n".to_vec(), b"err\n".to_vec()));
    assert_eq!(run(&[]).stdout, b"0\n", "without -i nothing is read");
    podling.assert_clean();
}

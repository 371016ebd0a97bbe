//! Layers mounted by a program, fuse-overlayfs: because the user said so, or because the kernel will not.

mod common;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use common::{Podling, text};
use support::image::{BUSYBOX, busybox_and};
use support::observe::{self, Mount};
use support::{settings, user};

/// The kind of the program's mounts.
const KIND: &str = "fuse.fuse-overlayfs";

/// A user who has said who is to mount.
fn podling() -> Podling {
    let podling = Podling::new();
    assert!(Path::new("/usr/bin/fuse-overlayfs").exists(), "fuse-overlayfs is missing; run: scripts/setup --dev");
    let device = fs::metadata("/dev/fuse").expect("/dev/fuse is missing; run: scripts/setup --dev");
    assert_eq!(device.mode() & 0o006, 0o006, "/dev/fuse is closed; run: scripts/setup --dev");
    configure(&podling, "/usr/bin/fuse-overlayfs");
    podling
}

fn configure(podling: &Podling, program: &str) {
    let text = format!("[storage]\ndriver = \"overlay\"\n[storage.options.overlay]\nmount_program = \"{program}\"\n");
    podling.world.dir("home/.config/containers");
    podling.world.write("home/.config/containers/storage.conf", text);
}

/// A container that lasts: its program, and its monitor.
fn begin(podling: &Podling, flags: &[&str]) -> [u32; 2] {
    let words = [&["run", "-d", "--name=c", "--network=none"], flags, &[BUSYBOX, "sleep", "1000"]].concat();
    podling.world.command("podling").args(words).assert().success();
    keepers(podling)
}

fn keepers(podling: &Podling) -> [u32; 2] {
    let words = ["inspect", "--format", "{{.State.Pid}} {{.State.ConmonPid}}", "c"];
    let output = podling.world.command("podling").args(words).output().unwrap();
    let numbers: Vec<u32> = text(output).split_whitespace().map(|word| word.parse().expect("a process id")).collect();
    numbers.try_into().unwrap()
}

/// Who answers for the container's files: children of its monitor.
fn servers(monitor: u32) -> Vec<u32> {
    let is = |pid: &u32| observe::cmdline(*pid).first().is_some_and(|name| name.ends_with("fuse-overlayfs"));
    observe::children(monitor).into_iter().filter(is).collect()
}

fn root(pid: u32) -> Mount {
    observe::mountinfo(pid).into_iter().find(|mount| mount.point == Path::new("/")).unwrap()
}

/// What a script in the container writes; it has to end well.
fn exec(podling: &Podling, script: &str) -> String {
    let output = podling.world.command("podling").args(["exec", "c", "sh", "-c", script]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", text(output));
    text(output)
}

fn end(podling: &Podling) {
    podling.world.command("podling").args(["rm", "-f", "-t0", "c"]).assert().success();
}

fn upper(podling: &Podling) -> PathBuf {
    let id = podling.entries("containers").remove(0);
    podling.world.data().join("podling/containers").join(id).join("upper")
}

#[test]
fn a_program_mounts_the_root_while_the_container_lives() {
    let podling = podling();
    let [pid, monitor] = begin(&podling, &[]);
    assert_eq!((root(pid).kind.as_str(), root(pid).source.as_str()), (KIND, "fuse-overlayfs"));
    let [server] = servers(monitor)[..] else { panic!("{:?}", servers(monitor)) };
    // It is the user's, outside of the container, and has nothing of whoever began all this.
    for kind in ["user", "mnt", "pid"] {
        assert_eq!(observe::namespace(server, kind), observe::namespace(monitor, kind), "{kind}");
    }
    assert_eq!(observe::namespace(server, "pid"), observe::namespace(std::process::id(), "pid"));
    for entry in fs::read_dir(format!("/proc/{server}/fd")).unwrap() {
        let open = fs::read_link(entry.unwrap().path()).unwrap();
        let known = ["/dev/null", "/dev/fuse"].map(Path::new).contains(&&*open);
        // Its pipe to itself, and its complaints.
        let own = known || open.to_str().unwrap().starts_with("pipe:[");
        assert!(own || open.starts_with(podling.world.data()), "{}", open.display());
    }
    // A file of the image is copied up, another one is deleted.
    assert_eq!(exec(&podling, "echo more >>/etc/passwd; rm /etc/group; mkdir /new; tail -n1 /etc/passwd"), "more\n");
    let upper = upper(&podling);
    assert!(fs::read_to_string(upper.join("etc/passwd")).unwrap().ends_with("more\n"));
    assert!(fs::symlink_metadata(upper.join("etc/group")).unwrap().file_type().is_char_device());
    assert!(upper.join("new").is_dir());
    // Who asks all processes of a service to end, does not mean this one.
    for signal in [1, 2, 15] {
        observe::kill(server, signal);
    }
    assert_eq!(exec(&podling, "tail -n1 /etc/passwd; ls -d /new"), "more\n/new\n");
    podling.world.command("podling").args(["stop", "-t0", "c"]).assert().success();
    observe::await_end(server);
    assert_eq!(podling.entries("running"), [""; 0]);
    // What was written is there when it begins again.
    podling.world.command("podling").args(["start", "c"]).assert().success();
    let [_, monitor] = keepers(&podling);
    assert_eq!(servers(monitor).len(), 1);
    assert_eq!(exec(&podling, "tail -n1 /etc/passwd; test -e /etc/group || echo none"), "more\nnone\n");
    end(&podling);
    observe::await_some("the end of all", || observe::processes_of(podling.world.root()).is_empty().then_some(()));
    podling.assert_clean();
}

#[test]
fn whoever_is_killed_the_next_command_works() {
    let podling = podling();
    let [pid, monitor] = begin(&podling, &[]);
    let server = servers(monitor)[0];
    observe::kill(monitor, 9);
    observe::await_end(server);
    observe::await_end(pid);
    assert_eq!(podling.shown(&["start", "c"]), "$ podling start c\nc\n\n");
    assert_eq!(exec(&podling, "echo kept >/file; cat /file"), "kept\n");
    // Without who answers for them, the files are gone, and the container is still there.
    let [pid, monitor] = keepers(&podling);
    observe::kill(servers(monitor)[0], 9);
    observe::await_some("the end", || servers(monitor).is_empty().then_some(()));
    let mut report = podling.shown(&["exec", "c", "cat", "/file"]);
    report += &podling.shown(&["exec", "-u", "7", "c", "/bin/cat", "/file"]);
    assert!(observe::runs(pid));
    report += &podling.shown(&["stop", "-t0", "c"]);
    report += &podling.shown(&["inspect", "--format", "{{.State.Status}}: {{.State.Error}}", "c"]);
    report += &podling.shown(&["start", "c"]);
    report += &podling.shown(&["exec", "c", "cat", "/file"]);
    settings().bind(|| insta::assert_snapshot!("fuse_killed", report));
    end(&podling);
    podling.assert_clean();
}

#[test]
fn everything_that_is_layered_is_the_programs() {
    let podling = podling();
    let here = podling.world.dir("here");
    podling.world.write("here/file", "the host's\n");
    let over = format!("{}:/x:O", here.display());
    let flags =
        ["-v", &over, "--mount", "type=image,src=busybox,dst=/y,rw=true", "--read-only", "--userns=keep-id", "-u0"];
    let [pid, monitor] = begin(&podling, &flags);
    assert_eq!(servers(monitor).len(), 3);
    let layered: Vec<Mount> = observe::mountinfo(pid).into_iter().filter(|mount| mount.kind == KIND).collect();
    let points: Vec<&str> = layered.iter().map(|mount| mount.point.to_str().unwrap()).collect();
    assert_eq!(points, ["/", "/x", "/y"]);
    assert!(layered[0].has("ro") && layered[1].has("rw"));
    let script = "echo changed >/x/file; cat /x/file; rm /y/bin/sh; test -e /y/bin/sh || echo gone; \
                  touch /new 2>/dev/null || echo read-only; stat -c %u /x/file /bin/sh";
    assert_eq!(exec(&podling, script), format!("changed\ngone\nread-only\n{}\n0\n", user().uid));
    end(&podling);
    assert_eq!(fs::read_to_string(here.join("file")).unwrap(), "the host's\n");
    // What goes with the container need not be waited for; a container without a process 1 of its own ends as others.
    let flags = ["--network=none", "--pid=host"];
    assert_eq!(podling.out(&flags, &["sh", "-c", "echo x >/file; sleep 1000 & cat /file"]), "x\n");
    observe::await_some("the end of all", || observe::processes_of(podling.world.root()).is_empty().then_some(()));
    fs::remove_dir_all(podling.world.data().join("podling/mapped")).unwrap_or_default();
    podling.assert_clean();
}

/// A script that runs where a store can only be on an overlay, on which the kernel lays no other.
fn on_an_overlay(podling: &Podling, script: &str) -> String {
    let root = podling.world.root().display().to_string();
    let program = podling.world.process("podling").get_program().to_str().unwrap().to_string();
    for name in ["lower", "upper", "work", "store"] {
        podling.world.dir(name);
    }
    let layers = format!("lowerdir={root}/lower,upperdir={root}/upper,workdir={root}/work");
    // As podling itself would start it there.
    let script = format!(
        "set -e\nmount -t overlay -o userxattr,{layers} overlay {root}/store\n\
         export XDG_DATA_HOME={root}/store _PODLING_ROOTLESS_UID={}\npodling() {{ {program} \"$@\"; }}\n{script}",
        user().uid
    );
    let mut command = podling.world.command("podling");
    text(command.args(["unshare", "unshare", "-m", "sh", "-c", &script]).output().unwrap())
}

#[test]
fn where_the_kernel_will_not_the_program_does() {
    let podling = podling();
    fs::remove_file(podling.world.root().join("home/.config/containers/storage.conf")).unwrap();
    // The kernel does, here.
    let [pid, monitor] = begin(&podling, &[]);
    assert_eq!((root(pid).kind.as_str(), servers(monitor).len()), ("overlay", 0));
    end(&podling);
    let archive = busybox_and(&podling.world, "less", r#""Cmd":["true"]"#, |above| {
        for (path, content) in
            [("etc/.wh.group", ""), ("home/.wh..wh..opq", ""), ("home/new", "new\n"), ("tmp/.wh.x", "")]
        {
            fs::create_dir_all(above.join(path).parent().unwrap()).unwrap();
            fs::write(above.join(path), content).unwrap();
        }
    });
    let kind = "head -n1 /proc/self/mountinfo | grep -o ' - [^ ]*'";
    let script = format!(
        "podling load -q -i {}\npodling run --name=c --network=none less sh -c \"{kind}; ls /etc /home; \
         rm -f /etc/passwd; rm -r /home; mkdir /home; echo x >/home/x\"\npodling start -a c\n\
         podling doctor --format '{{{{.ID}}}} {{{{.State}}}}' | grep -E 'overlay|fuse'\n\
         podling info --format '{{{{.Store.GraphOptions}}}} {{{{.Store.GraphStatus}}}}' | grep -o 'Executable.*' | head -n1\n\
         podling info --format '{{{{.Store.GraphStatus}}}}'\n\
         podling run --rm --network=none -v {}:/x:O less sh -c 'touch /x/new; ls /x'\n\
         podling rm c; ls {root}/store/podling/containers {root}/store/podling/running\n",
        archive.display(),
        podling.world.dir("here").display(),
        root = podling.world.root().display(),
    );
    let report = on_an_overlay(&podling, &script);
    settings().bind(|| insta::assert_snapshot!("fuse_instead", report));
    podling.assert_clean();
}

#[test]
fn what_is_missing_is_said() {
    let podling = podling();
    let mut report = String::new();
    for program in ["/no/such", "/usr/bin/false", "/usr/bin/sed"] {
        configure(&podling, program);
        report += &podling.run(&["--network=none"], &["true"]);
        podling.assert_clean();
    }
    podling.world.write("home/.config/containers/storage.conf", "[storage");
    report += &podling.run(&["--network=none"], &["true"]);
    fs::remove_file(podling.world.root().join("home/.config/containers/storage.conf")).unwrap();
    report += &on_an_overlay(&podling, "PATH=/sbin; podling run --network=none hello");
    settings().bind(|| insta::assert_snapshot!("fuse_missing", report));
    podling.assert_clean();
}

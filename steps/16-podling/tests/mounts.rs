//! What a container is given to see: all of `--volume`, `--mount`, `--tmpfs`.

mod common;

use std::fs;
use std::os::unix::fs::MetadataExt;

use common::Podling;
use support::image::{BUSYBOX, busybox_and, pack};
use support::{observe, settings, user};

/// The mount at a place of the container, as the kernel has it.
fn mounted(podling: &Podling, flags: &[&str], place: &str) -> observe::Mount {
    let cat = podling.cat(&[&["--network=none"], flags].concat());
    let mounts = observe::mountinfo(cat.pid);
    let found = mounts.into_iter().rfind(|mount| mount.point.to_str() == Some(place));
    cat.end();
    found.unwrap_or_else(|| panic!("nothing is mounted on {place}: {flags:?}"))
}

#[test]
fn words_are_attributes() {
    let podling = Podling::new();
    let here = podling.world.dir("here").display().to_string();
    let volume = |options: &str| format!("{here}:/x{options}");
    for (options, there, not) in [
        ("", &["rw", "nosuid", "nodev"][..], &["noexec"][..]),
        (":ro,noexec", &["ro", "nosuid", "nodev", "noexec"], &[]),
        (":suid,dev,exec", &["rw"], &["nosuid", "nodev", "noexec"]),
        (":bind,nosuid,nodev", &["rw", "nosuid", "nodev"], &[]),
    ] {
        let mount = mounted(&podling, &["-v", &volume(options)], "/x");
        // What the host's mount forbids stays forbidden.
        let host = observe::mountinfo(std::process::id());
        let of = host.iter().filter(|mount| here.starts_with(mount.point.to_str().unwrap()));
        let of = of.max_by_key(|mount| mount.point.components().count()).unwrap();
        assert!(there.iter().all(|word| mount.has(word)), "{options}: {mount:?}");
        assert!(not.iter().all(|word| !mount.has(word) || of.has(word)), "{options}: {mount:?}");
        assert_eq!(mount.propagation, "", "{options}");
    }
    let shared = mounted(&podling, &["-v", &volume(":shared")], "/x");
    assert!(shared.propagation.contains("shared:"), "{shared:?}");
    podling.assert_clean();
}

#[test]
fn proc_shows_less_when_asked() {
    let podling = Podling::new();
    let options = ["--security-opt=proc-opts=hidepid=2,subset=pid"];
    for flags in [&options[..], &["--privileged", options[0]], &["--userns=keep-id", options[0]]] {
        let mount = mounted(&podling, flags, "/proc");
        let words: Vec<&str> = mount.super_options.split(',').collect();
        assert!(words.contains(&"hidepid=invisible") && words.contains(&"subset=pid"), "{flags:?}: {mount:?}");
        assert!(["nosuid", "nodev", "noexec"].iter().all(|word| mount.has(word)), "{flags:?}: {mount:?}");
    }
    // Who is not root there sees nobody else's processes, and nobody sees the kernel's own files.
    let cat = podling.cat(&["--name=cat", "--network=none", options[0]]);
    let script = "test -e /proc/sys || echo no kernel; ls /proc/1/status; cat /proc/self/comm";
    let said = podling.shown(&["exec", "-u", "7", "cat", "sh", "-c", script]);
    cat.end();
    assert!(said.contains("no kernel\ncat\n") && said.contains("ls: /proc/1/status: No such file"), "{said}");
    let mut report = String::new();
    for flags in
        [&["--pid=host", options[0]][..], &["--security-opt=proc-opts=bind"], &["--security-opt=proc-opts=hidepid=9"]]
    {
        report += &podling.run(&[&["--network=none"], flags].concat(), &["true"]);
    }
    settings().bind(|| insta::assert_snapshot!("proc_opts", report));
    podling.assert_clean();
}

/// Also what is mounted below.
#[test]
fn read_only_is_all_of_it() {
    let podling = Podling::new();
    // Here the host has mounts below.
    for (options, read_only) in [("ro", true), ("rw", false)] {
        let cat = podling.cat(&["--network=none", "-v", &format!("/dev:/x:{options}")]);
        let below = |mount: &observe::Mount| mount.point.starts_with("/x/");
        let mounts: Vec<_> = observe::mountinfo(cat.pid).into_iter().filter(below).collect();
        cat.end();
        assert!(!mounts.is_empty() && mounts.iter().any(|mount| mount.has("ro") == read_only), "{mounts:?}");
        assert!(!read_only || mounts.iter().all(|mount| mount.has("ro")), "{mounts:?}");
    }
    podling.assert_clean();
}

#[test]
fn an_overlay_takes_what_is_written() {
    let podling = Podling::new();
    let here = podling.world.dir("here");
    podling.world.write("here/file", "the host's\n");
    let volume = format!("{}:/x:O", here.display());
    let script = "cat /x/file; echo changed >/x/file; touch /x/new; cat /x/file; ls /x";
    for flags in [&["--network=none"][..], &["--network=none", "--userns=keep-id", "-u", "0"]] {
        let flags = [flags, &["-v", &volume]].concat();
        for _ in 0..2 {
            assert_eq!(podling.out(&flags, &["sh", "-c", script]), "the host's\nchanged\nfile\nnew\n");
        }
    }
    assert_eq!(fs::read_to_string(here.join("file")).unwrap(), "the host's\n");
    assert!(!here.join("new").exists());
    let mount = mounted(&podling, &["-v", &volume], "/x");
    assert_eq!(mount.kind, "overlay");
    // A volume, too; the container begins anew with what is there.
    podling.out(&["--network=none", "-v", "data:/x"], &["sh", "-c", "echo kept >/x/file"]);
    let over = ["--network=none", "-v", "data:/x:O"];
    assert_eq!(podling.out(&over, &["sh", "-c", "echo more >>/x/file; cat /x/file"]), "kept\nmore\n");
    assert_eq!(podling.out(&over, &["cat", "/x/file"]), "kept\n");
    podling.shown(&[
        "create",
        "--name=again",
        "--network=none",
        "-v",
        &volume,
        BUSYBOX,
        "sh",
        "-c",
        "ls /x; touch /x/new",
    ]);
    for _ in 0..2 {
        assert_eq!(podling.shown(&["start", "-a", "again"]), "$ podling start -a again\nfile\n\n");
    }
    podling.shown(&["rm", "again"]);
    podling.assert_clean();
}

#[test]
fn an_overlays_layer_can_be_kept() {
    let podling = Podling::new();
    let [here, up, work] = ["here", "up", "work"].map(|name| podling.world.dir(format!("home/{name}")));
    podling.world.write("home/here/file", "the host's\n");
    let kept = |source: &str| format!("{source}:/x:O,upperdir={},workdir={}", up.display(), work.display());
    // Where the caller is.
    let relative = "./here:/x:O,upperdir=up,workdir=./work";
    assert_eq!(
        podling.out(&["--network=none", "-v", relative], &["sh", "-c", "echo more >>/x/file; cat /x/file"]),
        "the host's\nmore\n"
    );
    assert_eq!(
        podling.out(&["--network=none", "-v", &kept(&here.display().to_string())], &["tail", "-n1", "/x/file"]),
        "more\n"
    );
    assert_eq!(fs::read_to_string(up.join("file")).unwrap(), "the host's\nmore\n");
    assert_eq!(fs::read_to_string(here.join("file")).unwrap(), "the host's\n");
    // A volume has the same layer above.
    assert_eq!(podling.out(&["--network=none", "-v", &kept("data")], &["ls", "/x"]), "file\n");
    let mut report = String::new();
    for options in ["upperdir=up,workdir=up", "upperdir=up,workdir=/proc", "upperdir=up", "upperdir=up,workdir=none"] {
        report += &podling.run(&["--network=none", "-v", &format!("./here:/x:O,{options}")], &["true"]);
    }
    settings().bind(|| insta::assert_snapshot!("kept_layers", report));
    fs::remove_dir(work.join("work")).unwrap();
    podling.assert_clean();
}

#[test]
fn memory_is_as_what_it_covers() {
    let podling = Podling::new();
    let archive = busybox_and(&podling.world, "modes", r#""Cmd":["true"]"#, |above| {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir(above.join("closed")).unwrap();
        fs::write(above.join("closed/file"), "").unwrap();
        fs::set_permissions(above.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    });
    podling.load(&archive);
    let words = "create --name c --network none --tmpfs /new --tmpfs /closed --tmpfs /said:mode=751 modes stat -c %a%n /new /closed \
                 /closed/file /said";
    podling.world.command("podling").args(words.split_whitespace()).assert().success();
    // The second time the place is there.
    for _ in 0..2 {
        let said = podling.shown(&["start", "-a", "c"]);
        assert_eq!(said, "$ podling start -a c\n1777/new\n700/closed\n644/closed/file\n751/said\n\n");
    }
    podling.world.command("podling").args(["rm", "c"]).assert().success();
    podling.assert_clean();
}

#[test]
fn what_is_mounted_is_told_where_programs_look() {
    let podling = Podling::new();
    for flags in [&[][..], &["--read-only"], &["--userns=keep-id"]] {
        let flags = [&["--network=none"], flags].concat();
        assert_eq!(podling.out(&flags, &["readlink", "/etc/mtab"]), "/proc/mounts\n", "{flags:?}");
    }
    // An image's own stays.
    let archive = busybox_and(&podling.world, "own", r#""Cmd":["true"]"#, |above| {
        fs::create_dir(above.join("etc")).unwrap();
        fs::write(above.join("etc/mtab"), "its own\n").unwrap();
    });
    podling.load(&archive);
    let output = podling.shown(&["run", "--rm", "--network=none", "own", "cat", "/etc/mtab"]);
    assert!(output.ends_with("its own\n\n"), "{output}");
    podling.assert_clean();
}

#[test]
fn an_image_is_a_mount() {
    let podling = Podling::new();
    let archive = busybox_and(&podling.world, "data", r#""Cmd":["true"]"#, |above| {
        fs::create_dir(above.join("part")).unwrap();
        fs::write(above.join("part/file"), "of the image\n").unwrap();
    });
    podling.load(&archive);
    let flags = |more: &'static str| ["--network=none", "--mount", more];
    let read_only = flags("type=image,src=localhost/data,dst=/x");
    assert_eq!(
        podling.out(&read_only, &["sh", "-c", "cat /x/part/file; touch /x/no 2>/dev/null || echo refused"]),
        "of the image\nrefused\n"
    );
    let write = flags("type=image,src=data,dst=/x,rw=true");
    for _ in 0..2 {
        assert_eq!(podling.out(&write, &["sh", "-c", "ls /x/new 2>/dev/null; touch /x/new; ls /x/new"]), "/x/new\n");
    }
    let part = flags("type=image,src=data,dst=/x,subpath=part");
    assert_eq!(podling.out(&part, &["ls", "/x"]), "file\n");
    let keep = [&part[..], &["--userns=keep-id"]].concat();
    assert_eq!(podling.out(&keep, &["stat", "-c", "%u", "/x/file"]), "0\n");
    assert!(
        podling.run(&["--mount=type=image,src=none-such,dst=/x"], &["true"]).contains("none-such: image not known")
    );
    podling.assert_clean();
}

#[test]
fn a_part_of_a_volume() {
    let podling = Podling::new();
    podling
        .out(&["--network=none", "-v", "data:/x"], &["sh", "-c", "mkdir /x/a; echo in >/x/a/file; ln -s /etc /x/out"]);
    let part = |path: &str| format!("--mount=type=volume,src=data,dst=/x,subpath={path}");
    assert_eq!(podling.out(&["--network=none", &part("a")], &["cat", "/x/file"]), "in\n");
    // The link leads nowhere but into the volume.
    let shown = podling.run(&["--network=none", &part("out")], &["ls", "/x"]);
    assert!(shown.contains("No such file or directory") && shown.ends_with("[exit 125]\n\n"), "{shown}");
    podling.assert_clean();
}

#[test]
fn patterns_terminals_and_memory() {
    let podling = Podling::new();
    for name in ["a1", "a2", "b1"] {
        podling.world.write(name, name);
    }
    let glob = format!("--mount=type=glob,src={}/a*,dst=/x,ro", podling.world.root().display());
    assert_eq!(podling.out(&["--network=none", &glob], &["sh", "-c", "ls /x; cat /x/a1"]), "a1\na2\na1");
    let none = podling.run(&["--mount=type=glob,src=/nowhere/*,dst=/x"], &["true"]);
    assert!(none.contains("no file paths matching glob \"/nowhere/*\"") && none.ends_with("[exit 125]\n\n"), "{none}");
    let terminals = mounted(&podling, &["--mount=type=devpts,dst=/x/pts,mode=0666"], "/x/pts");
    assert_eq!(terminals.kind, "devpts");
    assert!(terminals.super_options.contains("mode=666"), "{terminals:?}");
    let owner = |flags: &[&str]| {
        podling.out(&[&["--network=none", "-u", "1000:1000"], flags].concat(), &["stat", "-c", "%u:%g", "/x"])
    };
    assert_eq!(owner(&["--tmpfs=/x:U"]), "1000:1000\n");
    assert_eq!(owner(&["--tmpfs=/x"]), "0:0\n");
    let shown = podling.run(&["-v", "/tmp:/x:idmap"], &["true"]);
    assert!(shown.contains("for root of the whole machine only") && shown.ends_with("[exit 125]\n\n"), "{shown}");
    // U: all of it becomes the container's user's.
    let mine = podling.world.dir("mine");
    podling.world.write("mine/file", "");
    podling.out(&["--network=none", "-u", "1000", "-v", &format!("{}:/x:U", mine.display())], &["touch", "/x/new"]);
    for name in ["file", "new"] {
        assert_eq!(mine.join(name).metadata().unwrap().uid(), user().subuid.0 + 999);
    }
    podling.assert_clean();
}

/// As many as an overlay is ever asked for: all names of layers have to fit one page where the kernel has no other way.
#[test]
fn an_image_of_127_layers() {
    let podling = Podling::new();
    let world = &podling.world;
    let _ = support::busybox_archive(world);
    let tars: Vec<_> = (1..127)
        .map(|number| {
            let directory = world.dir(format!("layers/{number}"));
            fs::write(directory.join("last"), format!("{number}\n")).unwrap();
            fs::write(directory.join(format!("of-{number}")), "").unwrap();
            let tar = world.root().join(format!("layers/{number}.tar"));
            let words = ["--numeric-owner", "--owner=0", "--group=0", "-cf"];
            let made =
                std::process::Command::new("tar").args(words).arg(&tar).arg("-C").arg(&directory).arg(".").status();
            assert!(made.unwrap().success());
            tar
        })
        .collect();
    let base = world.root().join("busybox-layer.tar");
    let layers: Vec<_> = std::iter::once(&base).chain(&tars).map(|path| path.as_path()).collect();
    let archive = world.root().join("deep.tar");
    pack(world, &archive, "localhost/deep:latest", r#""Cmd":["/bin/sh"]"#, &layers);
    podling.load(&archive);
    for flags in [&[][..], &["--userns=keep-id"]] {
        let words =
            [&["run", "--rm", "--network=none"], flags, &["deep", "sh", "-c", "cat /last; ls / | grep -c ^of-"]];
        let shown = podling.shown(&words.concat());
        assert!(shown.contains("\n126\n126\n"), "{shown}");
    }
    podling.assert_clean();
}

//! Images made to reach out of their containers. A canary stands beside the store; the engine, which runs as the
//! caller, may write to it; nothing of it may change, and nothing of it may be seen inside.

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use common::cage::{Cage, file, link};
use common::{Podling, text};
use support::image::{busybox_and, sha256};
use support::{World, literal, settings};

#[test]
fn the_engines_files_are_not_written_through_links() {
    let cage = Cage::new();
    let look = ["sh", "-c", "cat /etc/hostname; grep -c box /etc/hosts; wc -c </run/.containerenv"];
    let files = ["etc/hostname", "etc/hosts", "etc/resolv.conf", "run/.containerenv"];
    let all = [
        cage.attack("to-a-file", "", &["--hostname", "box"], &look, |dir, canary| {
            files.iter().for_each(|name| link(canary.join("secret"), &dir.join(name)));
        }),
        cage.attack("to-nothing", "", &["--hostname", "box"], &look, |dir, canary| {
            files.iter().for_each(|name| link(canary.join("new/file"), &dir.join(name)));
        }),
        cage.attack("up-and-out", "", &["--hostname", "box"], &look, |dir, canary| {
            let up = format!("../../../../../../../..{}/secret", canary.display());
            files.iter().for_each(|name| link(&up, &dir.join(name)));
        }),
        cage.attack("directories", "", &["--hostname", "box"], &look, |dir, canary| {
            ["etc", "run"].iter().for_each(|name| link(canary.join("directory"), &dir.join(name)));
        }),
        cage.attack("to-itself", "", &["--hostname", "box"], &look, |dir, _| link("hosts", &dir.join("etc/hosts"))),
    ];
    settings().bind(|| insta::assert_snapshot!("files", all.concat()));
}

#[test]
fn the_file_systems_of_the_kernel_are_not_mounted_through_links() {
    let cage = Cage::new();
    let look = ["sh", "-c", "ls -d /proc/self /sys/kernel /dev/null /dev/pts"];
    let mut all = String::new();
    for name in ["proc", "sys", "dev"] {
        all += &cage.attack(&format!("{name}-to-the-canary"), "", &[], &look, |dir, canary| {
            link(canary.join("directory"), &dir.join(name));
        });
        all += &cage.attack(&format!("{name}-to-inside"), "", &[], &look, |dir, _| link("/tmp", &dir.join(name)));
        all += &cage.attack(&format!("{name}-is-a-file"), "", &[], &look, |dir, _| file(&dir.join(name), "", 0o644));
    }
    settings().bind(|| insta::assert_snapshot!("kernel", all));
}

#[test]
fn the_working_directory_is_inside() {
    let cage = Cage::new();
    let mut all = cage.attack("workdir-link", r#""WorkingDir":"/w/new""#, &[], &["pwd"], |dir, canary| {
        link(canary, &dir.join("w"));
    });
    let workdirs = ["/proc/self/fd/7", "/proc/self/cwd", "/proc/1/root", "../../canary", "relative"];
    for (number, workdir) in workdirs.into_iter().enumerate() {
        let config = format!(r#""WorkingDir":"{workdir}""#);
        all += &cage.attack(&format!("workdir{number}"), &config, &[], &["sh", "-c", "pwd; ls | head -1"], |_, _| ());
    }
    for (number, flag) in ["/w", "/w/directory", "/proc/self/fd/7"].into_iter().enumerate() {
        all += &cage.attack(&format!("workdir-flag{number}"), "", &["-w", flag], &["pwd"], |dir, canary| {
            link(canary, &dir.join("w"))
        });
    }
    settings().bind(|| insta::assert_snapshot!("workdir", all));
}

#[test]
fn users_are_found_in_plain_files_inside() {
    let cage = Cage::new();
    let id = ["sh", "-c", "id -u; id -g"];
    let all = [
        cage.attack("passwd-link", "", &["-u", "canary"], &id, |dir, canary| {
            link(canary.join("passwd"), &dir.join("etc/passwd"));
        }),
        cage.attack("passwd-pipe", "", &["-u", "user"], &id, |dir, _| {
            fs::create_dir(dir.join("etc")).unwrap();
            assert!(Command::new("mkfifo").arg(dir.join("etc/passwd")).status().unwrap().success());
        }),
        cage.attack("passwd-directory", "", &["-u", "user"], &id, |dir, _| {
            fs::create_dir_all(dir.join("etc/passwd")).unwrap();
        }),
        cage.attack("passwd-huge", "", &["-u", "user"], &id, |dir, _| {
            file(&dir.join("etc/passwd"), "", 0o644);
            fs::File::options().write(true).open(dir.join("etc/passwd")).unwrap().set_len(64 << 20).unwrap();
        }),
        cage.attack("numbers-as-names", "", &["-u", "1000:2000"], &id, |dir, _| {
            file(&dir.join("etc/passwd"), "1000:x:0:0::/:/bin/sh\n", 0o644);
            file(&dir.join("etc/group"), "2000:x:0:\n", 0o644);
        }),
        cage.attack("image-number-as-name", r#""User":"1000""#, &[], &id, |dir, _| {
            file(&dir.join("etc/passwd"), "1000:x:0:0::/:/bin/sh\n", 0o644);
        }),
        cage.attack("image-number-too-large", r#""User":"4294967296""#, &[], &id, |dir, _| {
            file(&dir.join("etc/passwd"), "4294967296:x:0:0::/:/bin/sh\n", 0o644);
        }),
        cage.attack("no-numbers-in-passwd", "", &["-u", "user"], &id, |dir, _| {
            file(&dir.join("etc/passwd"), "user\nuser:x:-1:0::/:\nuser:x::::\n:x:0:0\n\n", 0o644);
        }),
    ];
    literal().bind(|| insta::assert_snapshot!("passwd", all.concat()));
}

#[test]
fn an_images_variables_are_its_own() {
    let cage = Cage::new();
    let config = r#""Env":["XDG_RUNTIME_DIR","HOME*","*","","=x","A=1","LD_PRELOAD=/evil.so"]"#;
    let report = cage.attack("env", config, &[], &["env"], |_, _| ());
    settings().bind(|| insta::assert_snapshot!("env", report));
}

#[test]
fn a_volume_lands_inside() {
    let cage = Cage::new();
    let shared = cage.podling.world.dir("shared");
    cage.podling.world.write("shared/file", "shared\n");
    let look = ["sh", "-c", "cat /v/deep/file; cat /v/directory/file; cat /mnt/file"];
    let mut all = String::new();
    for (number, place) in ["/v/deep", "/v/directory", "/mnt"].into_iter().enumerate() {
        let volume = format!("{}:{place}", shared.display());
        all += &cage.attack(&format!("volume{number}"), "", &["-v", &volume], &look, |dir, canary| {
            link(canary, &dir.join("v"));
            link(canary.join("directory"), &dir.join("mnt"));
        });
    }
    settings().bind(|| insta::assert_snapshot!("volume_links", all));
    assert_eq!(fs::read_dir(&shared).unwrap().count(), 1);
}

/// The image has the libraries that our program is linked to, and one more, which is loaded first: it keeps the
/// program's file open, and writes to it when this process no longer executes it.
fn plant(world: &World, program: &Path, dir: &Path) {
    let script = "echo evil runs; (echo evil > /proc/self/fd/3) && echo wrote";
    let source = format!(
        "#include <fcntl.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
         __attribute__((constructor)) static void evil(void) {{ unsetenv(\"LD_PRELOAD\");\n\
         dup2(open(\"/proc/self/exe\", O_RDONLY), 3); dup2(1, 2);\n\
         execl(\"/bin/busybox\", \"sh\", \"-c\", \"{script}\", (char *)0); }}\n"
    );
    let source = world.write("evil.c", source);
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(dir.join("evil.so")).arg(source).status();
    assert!(built.unwrap().success());
    let libraries = Command::new("ldd").arg(program).output().unwrap();
    for library in String::from_utf8(libraries.stdout).unwrap().split_whitespace().filter(|word| word.starts_with('/'))
    {
        let inside = dir.join(&library[1..]);
        fs::create_dir_all(inside.parent().unwrap()).unwrap();
        assert!(Command::new("cp").arg("-L").arg(library).arg(inside).status().unwrap().success());
    }
}

#[test]
fn our_own_program_cannot_be_overwritten() {
    let cage = Cage::new();
    let world = &cage.podling.world;
    // A copy that the caller could overwrite.
    let copy = world.root().join("home/podling");
    assert!(Command::new("cp").arg(world.process("podling").get_program()).arg(&copy).status().unwrap().success());
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    let user = support::user();
    std::os::unix::fs::chown(&copy, Some(user.uid), Some(user.gid)).unwrap();
    let before = (sha256(&copy), copy.metadata().unwrap().ctime_nsec());
    let archive = busybox_and(world, "exe", r#""Env":["LD_PRELOAD=/evil.so"]"#, |dir| {
        file(&dir.join("shebang"), "#!/proc/self/exe\n", 0o755);
        plant(world, &copy, dir);
    });
    cage.podling.load(&archive);
    let podling = |entrypoint: &str, words: &[&str]| {
        let output = text(world.command(&copy).args(words).output().unwrap());
        assert_eq!(before, (sha256(&copy), copy.metadata().unwrap().ctime_nsec()), "{entrypoint}: {output}");
        assert!(!output.contains("wrote"), "{output}");
        output
    };
    let run = |entrypoint: &str, word: &str| {
        podling(entrypoint, &["run", "--rm", "--entrypoint", entrypoint, "localhost/exe", word])
    };
    let up = ["run", "-d", "--name=up", "-e", "LD_PRELOAD=", "localhost/exe", "/bin/sleep", "1000"];
    assert_eq!(podling("sleep", &up).trim().len(), 64);
    let exec = |entrypoint: &str, word: &str| {
        podling(entrypoint, &["exec", "-e", "LD_PRELOAD=/evil.so", "up", entrypoint, word])
    };
    run("/shebang", "x");
    run("/proc/1/exe", "run");
    exec("/shebang", "x");
    let refused = "evil runs\nsh: can't create /proc/self/fd/3: Read-only file system\n[exit 1]\n";
    assert_eq!(run("/proc/self/exe", "version"), refused);
    assert_eq!(exec("/proc/self/exe", "version"), refused);
    podling("the end", &["rm", "-f", "-t", "0", "up"]);
    cage.podling.assert_clean();
}

#[test]
fn the_store_is_the_callers_alone_under_any_umask() {
    let world = World::new();
    let archive = support::busybox_archive(&world);
    let bin = world.process("podling").get_program().to_owned();
    let script = r#"umask 0; "$0" load -i "$1" && "$0" run --name kept localhost/busybox true"#;
    world.command("/bin/sh").args(["-c", script]).arg(bin).arg(&archive).assert().success();
    let data = world.data().join("podling");
    assert_eq!(data.metadata().unwrap().mode() & 0o7777, 0o700);
    // The content of layers is the image's, and overlay's work nobody's; nothing else of ours is for others to write.
    let find =
        format!("find {} ( -name diff -o -path *?work?work ) -prune -o ! -type l -perm /022 -print", data.display());
    let words: Vec<&str> = find.split(' ').collect();
    assert_eq!(text(Command::new(words[0]).args(&words[1..]).output().unwrap()), "");
    // What the container wrote is behind a closed door as well.
    let containers = data.join("containers");
    assert_eq!(containers.metadata().unwrap().mode() & 0o7777, 0o700);
    for entry in fs::read_dir(containers).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().mode() & 0o7777, 0o700);
    }
}

#[test]
fn a_hostname_is_one_line() {
    let podling = Podling::new();
    let names = ["a\n1.2.3.4 evil", "a\tb", "a:b", "-a", "a b", "../x"];
    let all = names.map(|name| podling.run(&[&format!("--hostname={name}")], &["hostname"]));
    settings().bind(|| insta::assert_snapshot!("hostname", all.concat()));
}

//! `scripts/install`: what it brings, where, and that it takes all of it away again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::World;

/// The script, in a copy of the checkout's part that it uses, in which the program is built already.
fn script(world: &World) -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let copy = world.dir("checkout");
    let program = world.process("podling").get_program().to_owned();
    for (from, to) in [(checkout.join("scripts/install"), "scripts/install"), (program.into(), "target/bin/podling")] {
        let to = copy.join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
    for step in fs::read_dir(checkout.join("steps")).unwrap().flatten() {
        for unit in fs::read_dir(step.path().join("units")).into_iter().flatten().flatten() {
            let to = copy.join("steps").join(step.file_name()).join("units");
            fs::create_dir_all(&to).unwrap();
            fs::copy(unit.path(), to.join(unit.file_name())).unwrap();
        }
    }
    copy.join("scripts/install")
}

fn run(mut command: Command, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command.args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{text}");
    text
}

/// Files and links below `directory`.
fn files(directory: &Path) -> Vec<String> {
    let output = Command::new("find").arg(directory).args(["!", "-type", "d", "-printf", "%P\n"]).output().unwrap();
    let mut files: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect();
    files.sort();
    files
}

#[test]
fn a_user_installs_and_removes_it() {
    let world = World::new();
    let script = script(&world);
    let home = world.root().join("home");
    let said = run(world.process(&script), &[]);
    assert!(said.starts_with(&format!("installed in {}/.local: podling ", home.display())), "{said}");
    let there = files(&home);
    for file in [
        ".local/bin/podling",
        ".local/share/man/man1/podling.1",
        ".local/share/man/man1/podling-run.1",
        ".local/share/bash-completion/completions/podling",
        ".local/share/zsh/site-functions/_podling",
        ".local/share/fish/vendor_completions.d/podling.fish",
    ] {
        assert!(there.iter().any(|known| known == file), "{file}: {there:?}");
    }
    // Only root can have generators, and no unit still has a name to fill in.
    assert!(!there.iter().any(|file| file.contains("generator")), "{there:?}");
    let grep = Command::new("grep").args(["-r", "@PODLING@"]).arg(&home).output().unwrap();
    assert_eq!(grep.stdout, b"");
    let installed = world.command(home.join(".local/bin/podling")).arg("--version").output().unwrap();
    assert!(installed.status.success());

    // Again is the same, and an old page goes.
    let list = home.join(".local/lib/podling/installed");
    let old = home.join(".local/share/man/man1/podling-old.1");
    fs::write(&old, "").unwrap();
    let more = format!("{}{}\n", fs::read_to_string(&list).unwrap(), old.display());
    fs::write(&list, more).unwrap();
    run(world.process(&script), &[]);
    assert_eq!(files(&home), there);

    // A file of the user's own stays.
    let own = world.write("home/.local/share/man/man1/own.1", "");
    run(world.process(&script), &["--uninstall"]);
    assert_eq!(files(&home), [own.strip_prefix(&home).unwrap().to_str().unwrap()]);
}

#[test]
fn for_everybody_it_brings_generators_too() {
    let world = World::new();
    let script = script(&world);
    let root = world.dir("root");
    let install = || {
        let mut command = world.process(&script);
        command.env("DESTDIR", &root).env("PREFIX", "/usr/local");
        command
    };
    run(install(), &[]);
    for kind in ["user", "system"] {
        let link = root.join(format!("usr/local/lib/systemd/{kind}-generators/podling-{kind}-generator"));
        assert_eq!(fs::read_link(link).unwrap(), Path::new("/usr/local/bin/podling"));
    }
    run(install(), &["--uninstall"]);
    assert_eq!(files(&root), [""; 0]);
}

//! The command line as a whole: what stands before the verb, what Podman has and podling lacks, and what describes it.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use insta::assert_snapshot;
use serde_json::Value;
use support::image::podman;
use support::{World, busybox_archive, settings};

/// The lines of the table: a verb of Podman's, and what follows it.
fn table() -> Vec<(String, String)> {
    let text = include_str!("../src/podman.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let cut = |line: &str| [line.find(" -"), line.find(" =")].into_iter().flatten().min().unwrap_or(line.len());
    lines.map(|line| (line[..cut(line)].to_string(), line[cut(line)..].to_string())).collect()
}

fn run(world: &World, words: &[&str]) -> Output {
    world.command("podling").args(words).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// What a person sees.
fn shown(world: &World, words: &[&str]) -> String {
    let output = run(world, words);
    format!("$ podling {}\n{}[exit {}]\n\n", words.join(" "), text(&output), output.status.code().unwrap_or(-1))
}

fn out(world: &World, words: &[&str]) -> String {
    let output = run(world, words);
    assert!(output.status.success(), "{words:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_is_not_there_yet_says_so() {
    let world = World::new();
    let asked: &[&[&str]] = &[
        &["build", "-t", "x", "."],
        &["pod", "create", "x"],
        &["image", "trust", "show"],
        &["machine", "init"],
        &["biuld"],
        &["run", "--gpus", "all", "x"],
        &["run", "--gpsu", "all", "x"],
        &["run", "--log-level", "debug", "x"],
        &["--remote", "version"],
        &["--url=unix:///x", "version"],
        &["--storage-driver", "vfs", "version"],
        &["--log-level", "loud", "version"],
    ];
    let text: String = asked.iter().map(|words| shown(&world, words)).collect();
    settings().bind(|| assert_snapshot!("absent", text));
}

#[test]
fn every_verb_of_podmans_is_there_or_known_by_name() {
    let world = World::new();
    for (verb, _) in table() {
        let words: Vec<&str> = verb.split(' ').chain(["--help"]).collect();
        let output = run(&world, &words);
        let said = text(&output);
        match output.status.code() {
            Some(0) => assert!(said.contains(&format!("Usage: podling {verb}")), "{verb}: {said}"),
            Some(125) => {
                let parent = verb.rsplit_once(' ').map_or("", |(parent, _)| parent);
                let known = [verb.as_str(), parent].map(|verb| format!("Error: podling {verb}: not there yet"));
                assert!(known.iter().any(|known| said.starts_with(known)), "{verb}: {said}");
            }
            status => panic!("{verb}: {status:?} {said}"),
        }
    }
}

#[test]
fn the_table_knows_the_podman_of_this_machine() {
    let world = World::new();
    let known: BTreeSet<String> = table().into_iter().map(|(verb, _)| verb).collect();
    let help = podman(&world).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let verbs =
        help.lines().skip_while(|line| *line != "Available Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.len() > 40, "{help}");
    for verb in verbs {
        assert!(known.contains(verb), "{verb}");
    }
}

#[test]
fn help_is_a_verb_too() {
    let world = World::new();
    assert_eq!(out(&world, &["help", "system", "info"]), out(&world, &["system", "info", "--help"]));
    assert!(out(&world, &["help"]).contains("\nCommands:\n"));
    let said = shown(&world, &["help", "dance"]);
    assert!(said.contains("Error: unknown help topic: podling dance") && said.contains("[exit 125]"), "{said}");
}

#[test]
fn a_root_may_stand_before_the_verb() {
    let world = World::new();
    let archive = busybox_archive(&world);
    let root = world.root().join("home/elsewhere");
    let root = root.to_str().unwrap();
    out(&world, &["--root", "elsewhere", "load", "-i", archive.to_str().unwrap()]);
    let names = |words: &[&str]| out(&world, words).lines().count();
    assert_eq!(names(&["--root", root, "images", "-q"]), 1);
    assert_eq!(names(&["images", "-q", "--root", root]), 1);
    assert_eq!(names(&["images", "-q"]), 0);
    assert_eq!(out(&world, &["--root", root, "run", "--rm", "busybox", "echo", "here"]), "here\n");
    assert_eq!(out(&world, &["--root", root, "info", "--format", "{{.Store.GraphRoot}}"]), format!("{root}\n"));
}

#[test]
fn what_is_printed_goes_where_out_says() {
    let world = World::new();
    let file = world.root().join("home/file");
    assert_eq!(out(&world, &["--out", "file", "run", "--rm", "hello"]), "");
    assert!(fs::read_to_string(&file).unwrap().starts_with("Hello from podling!"));
    assert_eq!(out(&world, &["--noout", "version"]), "");
    assert!(out(&world, &["--noout=false", "--syslog=true", "--log-level=info", "version"]).starts_with("Client:"));
}

#[test]
fn version_is_podmans_and_ours() {
    let world = World::new();
    assert_eq!(out(&world, &["--version"]), out(&world, &["-v"]));
    assert!(out(&world, &["--version"]).starts_with("podling version "));
    let json: Value = serde_json::from_str(&out(&world, &["version", "--format", "json"])).unwrap();
    let podmans = podman(&world).args(["version", "--format", "json"]).output().unwrap();
    let podmans: Value = serde_json::from_slice(&podmans.stdout).unwrap();
    let fields = |value: &Value| value["Client"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert!(fields(&json).is_superset(&fields(&podmans)), "{json} {podmans}");
    assert_eq!(json["Client"]["OsArch"], podmans["Client"]["OsArch"]);
    for field in ["Client", "Server"] {
        let format = format!("{{{{.{field}.Version}}}}");
        assert_eq!(out(&world, &["version", "-f", &format]).trim_end(), json["Client"]["Version"]);
    }
}

#[test]
fn info_says_of_the_machine_what_podman_says() {
    let world = World::new();
    let ours: Value = serde_json::from_str(&out(&world, &["info", "--format", "json"])).unwrap();
    let podmans = podman(&world).args(["info", "--format", "json"]).output().unwrap();
    let podmans: Value = serde_json::from_slice(&podmans.stdout).unwrap();
    let same = ["arch", "cgroupVersion", "cpus", "distribution", "hostname", "kernel", "memTotal", "os", "swapTotal"];
    for field in same {
        assert_eq!(ours["host"][field], podmans["host"][field], "{field}");
    }
    assert_eq!(ours["host"]["idMappings"], podmans["host"]["idMappings"]);
    assert_eq!(ours["host"]["security"]["rootless"], true);
    // A program finds every field that it knows from Podman, but for what podling is not made of.
    let elsewhere = ["slirp4netns", "configFile"];
    for part in ["host", "store"] {
        for (field, value) in podmans[part].as_object().unwrap() {
            let kind = |value: &Value| std::mem::discriminant(value);
            if !elsewhere.contains(&field.as_str()) {
                assert_eq!(kind(&ours[part][field]), kind(value), "{part}.{field}");
            }
        }
    }
    let text = out(&world, &["system", "info"]);
    assert!(
        text.starts_with("host:\n  arch: ") && text.contains("\nstore:\n  containerStore:\n    number: 0\n"),
        "{text}"
    );
    assert_eq!(out(&world, &["info", "-f", "{{.Host.OCIRuntime.Name}} {{.Host.Security.Rootless}}"]), "podling true\n");
}

#[test]
fn bash_completes_verbs_and_flags() {
    let world = World::new();
    let script = world.root().join("home/completion");
    out(&world, &["completion", "bash", "-f", "completion"]);
    let complete = |words: &str| {
        let run = format!(
            r#"source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); word=${{COMP_WORDS[-1]}}
            _podling podling "$word" "${{COMP_WORDS[-2]}}"; printf '%s\n' "${{COMPREPLY[@]}}""#,
            script.display()
        );
        let output = Command::new("bash").args(["-c", &run]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        let found = String::from_utf8(output.stdout).unwrap();
        found.lines().map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(complete("podling vers"), ["version"]);
    assert_eq!(complete("podling run --volu"), ["--volume"]);
    assert!(complete("podling system ''").contains(&"info".to_string()));
    assert!(complete("podling completion ''").contains(&"fish".to_string()));
    // Neither what is for ourselves nor what is not there.
    assert_eq!(complete("podling --hooks"), [""]);
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(out(&world, &["completion", shell]).contains("auto"), "{shell}");
    }
}

#[test]
fn every_verb_has_a_manual_page() {
    let world = World::new();
    out(&world, &["man", "pages"]);
    let pages = world.root().join("home/pages");
    let help = out(&world, &["--help"]);
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.contains(&"run"), "{help}");
    for verb in verbs {
        assert!(pages.join(format!("podling-{verb}.1")).exists(), "{verb}");
    }
    assert!(pages.join("podling-system-info.1").exists());
    // Nothing that is for ourselves.
    assert!(!pages.join("podling-monitor.1").exists());
    let page = fs::read_to_string(pages.join("podling-completion.1")).unwrap();
    settings().bind(|| assert_snapshot!("man", page));
}

#[test]
fn whoever_reads_may_have_had_enough() {
    let world = support::World::new();
    let mut child = world.process("podling");
    let child =
        child.args(["completion", "bash"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = child.spawn().unwrap();
    // Longer than what a pipe holds, so it cannot be over yet.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(141), &b""[..]));
}

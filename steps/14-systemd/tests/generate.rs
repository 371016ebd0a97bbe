//! `generate systemd`: what becomes of the command line that created a container.

use insta::assert_snapshot;
use process::Result;
use support::image::BUSYBOX;
use support::{World, busybox_archive, settings};
use systemd::generate::{Container, Options, generate};

fn unit(created_by: &[&str], options: Options) -> Result<String> {
    let container = Container {
        id: "0".repeat(64),
        name: "web".to_string(),
        created_by: created_by.iter().map(ToString::to_string).collect(),
        env: ["TOKEN=a b$c%d\"e\\", "A=1"].map(str::to_string).to_vec(),
        stop_timeout: 10,
    };
    let options = Options {
        program: "/usr/bin/podling".to_string(),
        new: true,
        name: true,
        prefix: "container".to_string(),
        separator: "-".to_string(),
        ..options
    };
    let run = engine::commands().iter().find(|command| command.name == "run").unwrap();
    let definition = (run.define)(clap::Command::new("run"));
    generate(&container, &options, &definition).map(|(name, text)| format!("{name}\n\n{text}"))
}

#[test]
fn the_flags_of_the_service_are_not_the_users() {
    let with = |words: &str| {
        let text = unit(&words.split(' ').collect::<Vec<_>>(), Options::default()).unwrap();
        let lines = text.lines().map(|line| line.trim_end_matches(" \\"));
        let started =
            lines.skip_while(|line| !line.starts_with("ExecStart=")).take_while(|line| !line.starts_with("ExecStop"));
        let restart = text.lines().find(|line| line.starts_with("Restart=")).unwrap();
        format!("$ {words}\n{}\n{restart}\n", started.map(str::trim).collect::<Vec<_>>().join(" "))
    };
    let screen: String = [
        "podling run -d --name web -p 8080:80 nginx",
        "podling run nginx -d --rm sh -c true",
        "podling --root /r container create --name=web --replace --rm --cidfile f --cgroups=split -it nginx",
        "podling run --restart=on-failure:3 --sdnotify=ignore nginx",
        "podling run --restart unless-stopped --sdnotify container nginx",
        "podling run -dit -eA=1 -v /a:/b:ro --net host -- nginx",
    ]
    .map(with)
    .join("\n");
    settings().bind(|| assert_snapshot!("flags", screen));
}

#[test]
fn the_unit() {
    let words = [
        "podling",
        "run",
        "-d",
        "--name",
        "web",
        "-e",
        "TOKEN",
        "-e",
        "B=100%",
        "nginx",
        "sh",
        "-c",
        "echo \"$HOME\"; it's",
    ];
    let options = Options {
        header: Some("Wed Nov 25 20:00:00 UTC 2026".to_string()),
        restart_policy: Some("always".to_string()),
        restart_sec: Some(5),
        start_timeout: Some(30),
        stop_timeout: Some(2),
        env: vec!["X=a b".to_string()],
        wants: vec!["a.service".to_string(), "b.service".to_string()],
        after: vec!["a.service".to_string()],
        requires: vec!["c.service".to_string()],
        ..Options::default()
    };
    settings().bind(|| assert_snapshot!("unit", unit(&words, options).unwrap()));
}

#[test]
fn a_template() {
    let options = || Options { template: true, ..Options::default() };
    let named = unit(&["podling", "run", "--name", "web", "nginx"], options()).unwrap();
    let unnamed = unit(&["podling", "run", "nginx"], options()).unwrap();
    settings().bind(|| assert_snapshot!("template", named + "\n" + &unnamed));
}

#[test]
fn what_cannot_be() {
    let policy = Options { restart_policy: Some("never".to_string()), ..Options::default() };
    assert_eq!(unit(&["podling", "run", "x"], policy).unwrap_err().to_string(), "never is not a valid restart policy");
    let none = unit(&[], Options::default()).unwrap_err().to_string();
    assert!(none.contains("no create command found"), "{none}");
    let other = unit(&["python3", "script.py"], Options::default()).unwrap_err().to_string();
    assert!(other.starts_with("container's create command is too short or invalid"), "{other}");
}

/// The verb, and its words for each of its flags.
#[test]
fn as_a_verb() {
    let world = World::new();
    let archive = busybox_archive(&world);
    world.command("systemd").args(["load", "-i"]).arg(archive).assert().success();
    world.command("systemd").args(["create", "--name", "web", BUSYBOX, "sleep", "100"]).assert().success();
    let mut screen = String::new();
    for words in [
        &["--new", "--name", "--no-header", "web"][..],
        &["--no-header", "web"],
        &["-n", "--new", "--files", "web"],
        &["-n", "--new", "--files", "--format", "json", "web"],
        &["--new", "--name", "--no-header", "--template", "--container-prefix", "", "--format", "json", "web"],
        &["-n", "-t", "1", "--stop-timeout", "1", "web"],
        &["--format", "yaml", "web"],
        &["nobody"],
    ] {
        let output = world.command("systemd").args(["generate", "systemd"]).args(words).output().unwrap();
        let program = std::env::current_exe().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap().replace("\nDEPRECATED command:\nIt is recommended to use Quadlets for running containers and pods under systemd.\n\nPlease refer to podman-systemd.unit(5) for details.\n", "");
        let directory = program.ancestors().nth(2).unwrap().display().to_string();
        let text = text.replace(&format!("{directory}/systemd"), "PODLING").replace("[WORLD]/bin/systemd", "PODLING");
        screen += &format!(
            "$ podling generate systemd {}\n{text}[exit {}]\n\n",
            words.join(" "),
            output.status.code().unwrap()
        );
    }
    let mut settings = settings();
    settings.add_filter(r"ExecSt(\w+)=/\S+/systemd ", "ExecSt$1=/usr/bin/podling ");
    settings.add_filter(r"\b0*[1-9a-f][0-9a-f]{63}\b", "[ID]");
    settings.bind(|| assert_snapshot!("verb", screen));
    let written = std::fs::read_to_string(world.root().join("home/container-web.service")).unwrap();
    assert!(written.contains("# autogenerated by Podling 0."), "{written}");
}

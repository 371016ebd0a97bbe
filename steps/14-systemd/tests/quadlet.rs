//! The generator, called as systemd calls it: what becomes of a user's files.

mod generator;

use std::fs;
use std::os::unix::fs::symlink;

use generator::Generator;
use insta::assert_snapshot;
use support::settings;

const WEB: &str = "# The page of the house
[Unit]
Description=A web server
After=database.container

[Container]
Image=web.image
ContainerName=web
PublishPort=8080:80
Volume=pages.volume:/usr/share/nginx/html:ro
Volume=./site.conf:/etc/nginx/conf.d/site.conf
Environment=LANG=C.UTF-8 \"TITLE=Hello, podling\"
AutoUpdate=registry
Memory=128m
Exec=nginx -g \"daemon off;\"

[Service]
Restart=always
TimeoutStartSec=300

[Install]
WantedBy=default.target
";

#[test]
fn a_web_server_with_all_it_needs() {
    let generator = Generator::new();
    generator.file("web.container", WEB);
    generator.file("web.image", "[Image]\nImage=registry.example/web:latest\n");
    generator.file("pages.volume", "[Volume]\nVolumeName=pages\nLabel=of=web\n");
    generator.file("database.container", "[Container]\nImage=localhost/database\nNotify=yes\n");
    settings().bind(|| assert_snapshot!("web", generator.dry_run(&["-user"])));
}

#[test]
fn as_systemd_calls_it() {
    let generator = Generator::new();
    generator.file("web.container", WEB);
    generator.file("web.image", "[Image]\nImage=registry.example/web:latest\n");
    generator.file("pages.volume", "[Volume]\n");
    generator.file("database.container", "[Container]\nImage=localhost/database\n");
    let out = generator.generate();
    assert!(out.status.success(), "{out:?}");
    settings().bind(|| assert_snapshot!("made", generator.made()));
}

#[test]
fn systemd_understands_what_is_made() {
    let generator = Generator::new();
    generator.file("web.container", WEB);
    generator.file("web.image", "[Image]\nImage=registry.example/web:latest\n");
    generator.file("pages.volume", "[Volume]\n");
    generator.file("database.container", "[Container]\nImage=localhost/database\nReloadCmd=reload \"a b\" ';'\n");
    assert!(generator.generate().status.success());
    assert_eq!(generator.verify(&["web", "database", "web-image", "pages-volume"]), "");
    // It would have said something.
    let broken = fs::read_to_string(generator.normal().join("web.service")).unwrap().replace("KillMode=", "KillWay=");
    generator.world.write("normal/web.service", broken);
    assert!(generator.verify(&["web"]).contains("'KillWay'"));
}

#[test]
fn what_counts_more_hides_what_counts_less() {
    let generator = Generator::new();
    let container = |image: &str| format!("[Container]\nImage={image}\n");
    generator.file("web.container", &container("localhost/mine"));
    generator.world.write("other/web.container", container("localhost/hidden"));
    generator.world.write("other/below/more.container", container("localhost/more"));
    generator.world.write("other/more.container.d/10-all.conf", "[Container]\nLabel=a=1\nLabel=b=1\n");
    generator.file("more.container.d/10-all.conf", "[Container]\nLabel=a=2\n");
    generator.file("container.d/10-all.conf", "[Container]\nLabel=never=1\n");
    generator.file("container.d/20-all.conf", "[Container]\nPull=never\n");
    generator.file("container.d/ignored.txt", "this is not a unit\n");
    // Links that lead in circles.
    symlink("..", generator.world.root().join("other/below/again")).unwrap();
    let dirs = ["units", "other"].map(|dir| generator.world.root().join(dir).display().to_string()).join(":");
    let screen = generator.run(&["-user", "-dryrun"], &[("QUADLET_UNIT_DIRS", &dirs)]);
    settings().bind(|| assert_snapshot!("hides", screen));
}

#[test]
fn where_it_looks() {
    let generator = Generator::new();
    let user = generator.run(&["-user", "-dryrun"], &[("QUADLET_UNIT_DIRS", "")]);
    let system = generator.run_system(&["-dryrun"], &[("QUADLET_UNIT_DIRS", "")]);
    settings().bind(|| assert_snapshot!("looks", user + &system));
    generator.world.write("home/.config/containers/systemd/deep/web.container", "[Container]\nImage=localhost/web\n");
    let found = generator.run(&["-user", "-dryrun"], &[("QUADLET_UNIT_DIRS", "")]);
    assert!(found.contains("---web.service---"), "{found}");
}

#[test]
fn templates() {
    let generator = Generator::new();
    generator.file("web@.container", "[Container]\nImage=localhost/web\n[Install]\nWantedBy=default.target\n");
    generator.file(
        "box@.container",
        "[Container]\nImage=localhost/box\n[Install]\nWantedBy=a.target\nDefaultInstance=one\n",
    );
    generator.file("web@.container.d/all.conf", "[Container]\nLabel=of=all\n");
    generator.file("web@two.container.d/all.conf", "[Container]\nLabel=of=two\n");
    symlink("web@.container", generator.world.root().join("units/web@two.container")).unwrap();
    generator.file("disk@.volume", "[Volume]\n");
    assert!(generator.generate().status.success());
    settings().bind(|| assert_snapshot!("templates", generator.made()));
}

#[test]
fn every_kind() {
    let generator = Generator::new();
    generator.file("a.artifact", "[Artifact]\nArtifact=registry.example/models:1\nQuiet=yes\n");
    generator
        .file("a.build", "[Build]\nImageTag=localhost/a\nSetWorkingDirectory=unit\nBuildArg=V=1\nNetwork=a.network\n");
    generator.file("a.kube", "[Kube]\nYaml=a.yaml\nConfigMap=b.yaml\nAutoUpdate=box/local\nSetWorkingDirectory=yaml\n");
    generator.file("a.network", "[Network]\nSubnet=10.0.0.0/24\nGateway=10.0.0.1\nNetworkDeleteOnStop=yes\n");
    generator.file("a.pod", "[Pod]\nPublishPort=8080:80\n");
    generator.file("b.container", "[Container]\nImage=a.build\nPod=a.pod\nMount=type=artifact,src=a.artifact,dst=/m\n");
    settings().bind(|| assert_snapshot!("kinds", generator.dry_run(&["-user"])));
}

#[test]
fn one_wrong_file_keeps_no_other_from_being_made() {
    let generator = Generator::new();
    for (name, text) in [
        ("a.container", "[Container]\nImage=localhost/a\nImaeg=b\n"),
        ("b.container", "[Container]\n"),
        ("c.container", "[Container]\nImage=c.image\n"),
        ("d.container", "not a unit\n"),
        ("e.container", "[Unit]\nAfter=f.container\n[Container]\nImage=localhost/e\n"),
        ("f.container.bak", "[Container]\nImage=localhost/f\n"),
        ("g.container", "[Container]\nImage=localhost/g\n[Service]\nType=simple\n"),
        ("h.container", "[Container]\nImage=localhost/h\n[Service]\nKillMode=process\n"),
        ("i.container", "[Container]\nImage=localhost/i\nVolume=no.volume:/v\n"),
        ("j.container", "[Container]\nImage=localhost/j\nMount=type=bind,dst=/v\n"),
        ("k.container", "[Container]\nImage=localhost/k\nGroup=1\n"),
        ("l.container", "[Container]\nImage=localhost/l\nNetwork=m@.container\n"),
        ("m@.container", "[Container]\nImage=localhost/m\n"),
        (
            "n.container",
            "[Container]\nImage=nginx\nExec=\\q\n[Install]\nAlias=../../escape.service\n[Service]\nUser=1\n",
        ),
        ("o.volume", "[Volume]\nType=bind\n"),
        ("p.network", "[Network]\nGateway=10.0.0.1\n"),
    ] {
        generator.file(name, text);
    }
    let out = generator.generate();
    assert_eq!(out.status.code(), Some(1));
    let names = generator.made_names();
    settings().bind(|| assert_snapshot!("wrong", format!("{}\n{names}", generator::said(&out))));
}

#[test]
fn its_own_command_line() {
    let generator = Generator::new();
    let mut screen = String::new();
    for args in [&["-version"][..], &["--no-kmsg-log"], &["-no-such-flag"], &["-user", "-no-kmsg-log", "out"]] {
        screen += &format!("$ podling-user-generator {}\n{}", args.join(" "), generator.run(args, &[]));
    }
    settings().bind(|| assert_snapshot!("command_line", screen));
}

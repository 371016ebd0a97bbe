//! What a `.container` file can say, and `run` does not know yet: it then says so by name when the service starts.

#[allow(dead_code, reason = "no test uses all of it")]
mod generator;

use insta::assert_snapshot;
use support::settings;
use systemd::quadlet::Kind;

#[test]
fn what_run_does_not_know_yet() {
    let generator = generator::Generator::new();
    let mut missing = Vec::new();
    // Those that are not flags of `run`, that exclude each other, or need another file.
    let others =
        ["Image", "Rootfs", "Exec", "Group", "Pod", "StartWithPod", "PodmanArgs", "GlobalArgs", "ContainersConfModule"];
    let keys = Kind::Container.keys().iter().filter(|key| !others.contains(key) && !key.starts_with("Remap"));
    for key in keys {
        let value = match *key {
            "Notify" => "healthy",
            "Mount" => "type=tmpfs,destination=/x",
            "Volume" | "EnvironmentFile" => "/x",
            "ExposeHostPort" => "80",
            _ => "yes",
        };
        generator.file("x.container", &format!("[Container]\nImage=localhost/x\n{key}={value}\n"));
        let screen = generator.run(&["-dryrun"], &[]);
        let unknown = screen.lines().filter_map(|line| line.split_once(": podling run has no --"));
        missing.extend(unknown.map(|(_, rest)| format!("{key}= (--{})\n", rest.split(' ').next().unwrap())));
    }
    settings().bind(|| assert_snapshot!("missing", missing.concat()));
}

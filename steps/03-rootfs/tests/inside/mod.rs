//! Some tests have to be root in namespaces of their own. Cargo starts a test as it is, so it starts itself again.

use std::path::PathBuf;

use support::World;

/// Runs the ignored test `name` of this file in new namespaces, as root there; asserts that it succeeds.
pub fn run(world: &World, name: &str) {
    let me = world.process(std::env::current_exe().unwrap()).get_program().to_owned();
    let mut command = world.command("unshare");
    command.args(["--map-root-user", "--map-auto", "--mount", "--pid", "--fork", "--ipc", "--net", "--uts"]);
    command.arg(&me).args(["--ignored", "--exact", name, "--nocapture"]).env("WORLD", world.root());
    let output = command.assert().success().get_output().stdout.clone();
    let text = String::from_utf8_lossy(&output);
    assert!(text.contains("1 passed"), "there is no test {name}: {text}");
}

/// The world of the outer test; `None` when somebody asked for all ignored tests and there is none.
pub fn world() -> Option<PathBuf> {
    std::env::var_os("WORLD").map(PathBuf::from)
}

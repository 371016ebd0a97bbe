//! The image that is built in.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use images::{HELLO, Store};
use support::World;

#[test]
fn the_built_in_image_is_an_image_like_others() {
    let world = World::new();
    let root = world.data().join("podling");
    // Owners can be set only inside of a user namespace, so the other test of this file runs in one.
    let me = world.process(std::env::current_exe().unwrap()).get_program().to_owned();
    for _ in 0..2 {
        let mut command = world.command("unshare");
        command.args(["--map-root-user", "--map-auto"]).arg(&me).args(["--ignored", "--exact", "add_inside"]);
        command.env("STORE", &root).assert().success();
    }
    let store = Store::open(&root).unwrap();
    let image = store.find("hello").unwrap();
    assert_eq!(image.names, [HELLO]);
    assert_eq!(image.config.cmd, ["/hello"]);
    assert_eq!(store.list().unwrap(), std::slice::from_ref(&image));
    assert!(fs::read_dir(root.join("tmp")).unwrap().next().is_none());

    let [layer] = &store.layer_dirs(&image)[..] else { panic!("{image:?}") };
    let program = layer.join("hello");
    assert_eq!(program.metadata().unwrap().permissions().mode() & 0o7777, 0o755);
    let said = world.command(program).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.starts_with("Hello from podling!\n"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}

#[test]
#[ignore = "runs in the user namespace that the other test makes"]
fn add_inside() {
    let Some(root) = std::env::var_os("STORE") else { return };
    Store::open(root.as_ref()).unwrap().add_hello().unwrap();
}

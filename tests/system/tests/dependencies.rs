//! The steps are a ladder: each stands on lower ones only, and each has what a reader looks for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A crate of `steps/`: its number, its name, its directory, the workspace's crates that it depends on.
struct Step {
    number: u32,
    name: String,
    dir: PathBuf,
    uses: Vec<String>,
}

/// What `cargo metadata` says, so that every way of writing a dependency counts.
fn steps() -> Vec<Step> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut steps: Vec<Step> = metadata["packages"].as_array().unwrap().iter().filter_map(step).collect();
    steps.sort_by_key(|step| step.number);
    steps
}

fn step(package: &Value) -> Option<Step> {
    let dir = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
    if dir.parent()?.file_name()? != "steps" {
        return None;
    }
    let (number, _) = dir.file_name()?.to_str()?.split_once('-').expect("a step's directory is NUMBER-NAME");
    // Those for tests only (and for build scripts) count as well.
    let uses = package["dependencies"].as_array().unwrap().iter().filter(|dependency| !dependency["path"].is_null());
    Some(Step {
        number: number.parse().expect("a step's directory begins with its number"),
        name: package["name"].as_str().unwrap().to_string(),
        dir: dir.to_path_buf(),
        uses: uses.map(|dependency| dependency["name"].as_str().unwrap().to_string()).collect(),
    })
}

#[test]
fn no_step_stands_on_a_higher_one() {
    let steps = steps();
    assert!(steps.len() >= 8, "not all steps were found");
    for step in &steps {
        for used in &step.uses {
            // `support`, which is beside the ladder.
            let Some(used) = steps.iter().find(|other| other.name == *used) else { continue };
            assert!(used.number < step.number, "step {} uses step {}", step.dir.display(), used.name);
        }
    }
}

#[test]
fn the_harness_stands_on_no_step() {
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../support/Cargo.toml")).unwrap();
    for step in steps() {
        let line = format!("{}.workspace", step.name);
        assert!(!manifest.lines().any(|known| known.starts_with(&line)), "tests/support uses step {}", step.name);
    }
}

#[test]
fn each_step_has_its_parts() {
    for step in steps() {
        // The last step only puts the others together: there is no other way to do that.
        let naive = (step.number < 16).then_some("examples/naive.rs");
        for part in ["src/lib.rs", "src/main.rs"].into_iter().chain(naive) {
            assert!(step.dir.join(part).is_file(), "{} has no {part}", step.dir.display());
        }
        let tests: Vec<_> = fs::read_dir(step.dir.join("tests")).into_iter().flatten().flatten().collect();
        let is_test = |path: &Path| path.extension().is_some_and(|kind| kind == "rs");
        assert!(tests.iter().any(|entry| is_test(&entry.path())), "{} has no tests", step.dir.display());
    }
}

#[test]
fn a_step_is_named_after_its_directory() {
    for step in steps() {
        assert!(step.dir.ends_with(format!("{:02}-{}", step.number, step.name)), "{}", step.dir.display());
    }
}

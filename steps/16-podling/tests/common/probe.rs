//! A hostile program, statically linked, for images that have nothing but busybox.

use std::path::Path;
use std::process::Command;

use super::cage::Cage;

/// Its text.
const SOURCE: &str = include_str!("probe.c");

/// Compiles it as `at`.
pub fn build(at: &Path) {
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    let source = at.with_extension("c");
    std::fs::write(&source, SOURCE).unwrap();
    let built = Command::new("cc").args(["-static", "-O1", "-o"]).arg(at).arg(&source).status();
    assert!(built.unwrap().success(), "a static C library is missing; run: scripts/setup --dev");
    std::fs::remove_file(source).unwrap();
}

impl Cage {
    /// An image with the program as /bin/probe; its name.
    pub fn probe(&self) -> String {
        self.image("probe", "", |dir, _| build(&dir.join("bin/probe")))
    }
}

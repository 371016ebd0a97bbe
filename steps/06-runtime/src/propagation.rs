//! `linux.rootfsPropagation`: whether mounts that are made later pass between the container and the host.

use std::path::Path;

use process::{Error, Result, Setup, code};
use rootfs::kernel::set_propagation;

/// What is done with the container's root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Propagation {
    word: &'static str,
    flags: u64,
    recursive: bool,
}

impl Propagation {
    /// One of mount(8)'s words.
    pub(crate) fn parse(text: &str) -> Result<Propagation> {
        use nix::libc::{MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE};
        const WORDS: [(&str, u64); 4] =
            [("private", MS_PRIVATE), ("shared", MS_SHARED), ("slave", MS_SLAVE), ("unbindable", MS_UNBINDABLE)];
        let (plain, recursive) = match text.strip_prefix('r') {
            Some(plain) => (plain, true),
            None => (text, false),
        };
        let found = WORDS.iter().find(|(word, _)| *word == plain);
        found.map(|(word, flags)| Propagation { word, flags: *flags, recursive }).ok_or_else(|| {
            Error::new(format!("linux.rootfsPropagation {text:?}: it is private, shared, slave or unbindable"))
                .code(code::BAD_CONFIGURATION)
        })
    }
}

impl Setup for Propagation {
    fn setup(&self) -> Result<()> {
        set_propagation(Path::new("/"), self.flags, self.recursive)
            .map_err(|errno| Error::os(format!("make the root {}", self.word), errno))
    }
}

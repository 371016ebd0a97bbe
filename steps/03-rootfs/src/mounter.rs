//! Who mounts overlays: the kernel, or a program.

use std::path::PathBuf;

use process::{Error, Result, code, prerequisite::hint};

use crate::Overlay;
use crate::fuse::{self, Server};

/// By whom overlays are mounted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mounter {
    /// This program, always. Without one the kernel, and fuse-overlayfs when the kernel will not.
    pub program: Option<PathBuf>,
}

impl Mounter {
    /// Mounts it. Who answers for it has to live as long as it; nobody has to when the kernel does.
    ///
    /// # Errors
    /// Why neither does.
    // ANCHOR: mount
    pub fn mount(&self, overlay: &Overlay) -> Result<Option<Server>> {
        if let Some(program) = &self.program {
            return fuse::mount(program, overlay).map(Some);
        }
        match overlay.mount() {
            Ok(()) => Ok(None),
            // The kernel is too old, or a directory is on a file system that it does not take.
            Err(refused) if refused.known_code() == Some(code::NO_OVERLAY) => instead(overlay, refused).map(Some),
            Err(error) => Err(error),
        }
    }
    // ANCHOR_END: mount
}

fn instead(overlay: &Overlay, refused: Error) -> Result<Server> {
    let Some(program) = fuse::find() else {
        return Err(refused.hint(format!("where the kernel does not, fuse-overlayfs does: {}", hint("fuse-overlayfs"))));
    };
    fuse::mount(&program, overlay).map_err(|error| {
        let said = refused.to_string();
        Error::within(format!("{}; instead", said.lines().next().unwrap_or_default()), error)
    })
}

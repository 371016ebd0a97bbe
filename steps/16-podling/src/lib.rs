//! Step 16: podling. The whole command line.

mod version;

use process::Command;

/// All verbs.
#[must_use]
pub fn commands() -> [&'static [Command]; 3] {
    [images::commands(), engine::commands(), &[version::VERSION]]
}

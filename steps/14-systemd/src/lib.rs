//! Step 14: starts at boot, restarts, updates.
//!
//! systemd is the daemon that is there already. This step speaks its language: [`quadlet`] makes services of files that
//! say which container is wanted, [`generate`] of a container that is there, and [`update`] restarts them when their image
//! has become newer.

pub mod generate;
pub mod quadlet;
pub mod unit;
pub mod update;

use process::Command;

/// The verbs of this step.
#[must_use]
pub fn commands() -> &'static [Command] {
    &[
        generate::command::GROUP,
        generate::command::SYSTEMD,
        quadlet::verb::GROUP,
        quadlet::verb::GENERATE,
        update::command::AUTO_UPDATE,
    ]
}

/// Whether this program was called by the name of a generator, as systemd calls it.
#[must_use]
pub fn is_generator() -> bool {
    let name = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&name).file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.ends_with("-generator")
}

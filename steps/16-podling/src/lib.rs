//! Step 16: podling. The whole command line.

mod completion;
mod doctor;
mod frame;
mod help;
mod info;
mod man;
pub mod podman;
mod version;
mod yaml;

use process::Command;
use process::command::group;

pub use frame::Podling;

/// What the program is called.
pub const NAME: &str = "podling";

/// What it is for.
pub const ABOUT: &str = "Run containers without root and without a daemon";

// ANCHOR: commands
/// All verbs, step by step.
#[must_use]
pub fn commands() -> [&'static [Command]; 7] {
    [GROUPS, images::commands(), registry::commands(), engine::commands(), systemd::commands(), rest::commands(), OWN]
}

const GROUPS: &[Command] = &[
    group("container", "Manage containers"),
    group("image", "Manage images"),
    group("system", "Manage podling"),
    group("volume", "Manage volumes"),
];

const OWN: &[Command] =
    &[completion::COMPLETION, doctor::DOCTOR, help::HELP, info::INFO, info::SYSTEM_INFO, man::MAN, version::VERSION];
// ANCHOR_END: commands

/// The whole command line, for those who describe it: without the verbs that are for ourselves.
#[must_use]
pub fn definition() -> clap::Command {
    let shown: Vec<Command> = commands().concat().into_iter().filter(|command| !command.about.is_empty()).collect();
    Podling.shown(process::command::definition(NAME, ABOUT, &[&shown]))
}

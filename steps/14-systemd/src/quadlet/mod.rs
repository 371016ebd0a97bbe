//! Quadlet: a file that says which container is wanted becomes a service of systemd (podman-systemd.unit(5)).

mod build;
mod command;
mod container;
mod directory;
mod find;
pub mod generator;
mod image;
mod install;
mod keys;
mod kind;
mod kube;
mod mapping;
mod names;
mod network;
mod other;
mod pod;
mod sources;
mod translate;
mod translation;
pub mod verb;
mod volume;

pub use command::CommandLine;
pub use find::{Found, directories, units};
pub use kind::Kind;
pub use translate::translate;
pub use translation::{Files, Known, Translation};

/// The unit by which a user's services wait for the system's network.
const WAIT_ONLINE: &str = "podman-user-wait-network-online.service";

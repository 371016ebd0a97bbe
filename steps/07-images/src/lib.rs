//! Step 07: `run` starts from an image. A content-addressed store, layers that cannot write outside their
//! directory, and the archives that `podman save`, `docker save` and `skopeo copy` write.

pub mod archive;
mod cli;
mod config;
mod digest;
mod disk;
pub mod filter;
pub mod format;
mod hello;
mod image;
mod ingest;
mod inspect;
pub mod layer;
mod load;
mod names;
pub mod reference;
mod store;
mod tape;
pub mod template;

pub use cli::rmi::Containers;
pub use cli::{commands, default_root, enter, open_store, root_argument, set_default_root};
pub use cli::{prune, rmi};
pub use config::Config;
pub use digest::Digest;
pub use image::Image;
pub use ingest::{Documents, Ingest, diff_ids};
pub use inspect::{inspect, summary, with_empty};
pub use store::{Limits, Store};

/// The name of the image that is built in.
pub const HELLO: &str = "localhost/hello:latest";

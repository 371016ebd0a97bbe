//! Step 07: `run` starts from an image. A content-addressed store, layers that cannot write outside their
//! directory, and the archives that `podman save`, `docker save` and `skopeo copy` write.

pub mod archive;
mod cli;
mod config;
mod digest;
mod disk;
mod format;
mod hello;
pub mod layer;
mod load;
pub mod reference;
mod store;
mod tape;

pub use cli::{commands, default_root, enter, open_store, root_argument};
pub use config::Config;
pub use digest::Digest;
pub use store::{Image, Limits, Store};

/// The name of the image that is built in.
pub const HELLO: &str = "localhost/hello:latest";

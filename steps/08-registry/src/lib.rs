//! Step 08: images from elsewhere. Registries: who is asked, what is believed, and what is kept of a password.
//!
//! ```no_run
//! # fn main() -> process::Result<()> {
//! // As root of a user namespace (`images::enter`), because layers have owners.
//! let store = images::Store::open(&images::default_root()?)?;
//! let image = registry::pull(&store, "127.0.0.1:5000/nginx", &registry::Options::default(), &())?;
//! # Ok(())
//! # }
//! ```

mod answer;
mod auth;
mod bars;
mod body;
mod certs;
mod challenge;
mod cli;
mod conf;
mod http;
mod manifest;
mod options;
mod place;
mod policy;
mod progress;
mod pull;
mod realm;
mod session;
mod shortname;
mod source;
mod tls;
mod trust;
mod url;

pub use bars::Bars;
pub use cli::commands;
pub use options::{Options, arguments, authfile, platform_arguments, quiet_argument, tls_verify};
pub use place::{read as read_conf, user_config};
pub use policy::Policy;
pub use progress::Progress;
pub use pull::{find, get, pull, remote_digest};

/// The registries in which a name without one is looked for, as registries.conf says.
///
/// # Errors
/// When that file cannot be read.
pub fn search_registries() -> process::Result<Vec<String>> {
    Ok(conf::Conf::read()?.search)
}

//! The name of the machine, in a UTS namespace.

use nix::unistd::sethostname;
use process::{Error, Result, Setup};

/// Sets the host name; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hostname(pub Option<String>);

/// The kernel's limit (sethostname(2)).
const LIMIT: usize = 64;

impl Hostname {
    /// Checks that it can be a host name, and a word in `/etc/hosts`; an empty one is none, as in Podman.
    ///
    /// # Errors
    /// When it cannot.
    pub fn parse(name: &str) -> Result<String, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        match name.len() <= LIMIT && name.chars().all(fits) {
            true => Ok(name.to_string()),
            false => Err(format!("a host name has 1 to {LIMIT} letters, digits, dots, hyphens")),
        }
    }
}

impl Setup for Hostname {
    fn setup(&self) -> Result<()> {
        match &self.0 {
            Some(name) => sethostname(name).map_err(|errno| Error::os(format!("set the host name to {name}"), errno)),
            None => Ok(()),
        }
    }
}

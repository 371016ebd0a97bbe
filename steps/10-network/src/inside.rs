//! What a network needs from inside its namespace.

use std::fs;
use std::io::ErrorKind;

use namespaces::Space;
use process::{Error, Result, Setup};

use crate::Network;

/// Who may ask for an echo without the right to make packets by hand: group 0, as with Podman. A setting of sysctl(8).
pub const PING: (&str, &str) = ("net.ipv4.ping_group_range", "0 0");

/// Once the container's /proc is there, and can still be written to.
impl Setup for Network {
    fn setup(&self) -> Result<()> {
        // Another's is set up already.
        if self.mode.space() != Space::Private {
            return Ok(());
        }
        let file = "/proc/sys/net/ipv4/ping_group_range";
        match fs::write(file, PING.1) {
            // A container without the kernel's files has its reasons.
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ReadOnlyFilesystem) => {
                Err(Error::os(format!("write {file}"), error))
            }
            _ => Ok(()),
        }
    }
}

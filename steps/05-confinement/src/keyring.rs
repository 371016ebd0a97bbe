//! The keys of the kernel (keyrings(7)).

use std::thread::sleep;
use std::time::Duration;

use process::{Error, Result};

use crate::kernel;

/// How often to ask again while the kernel is still clearing away the keyrings of containers that have ended.
const TRIES: u32 = 100;
/// How long in between.
const PAUSE: Duration = Duration::from_millis(10);

/// A session keyring of the container's own: the caller's keys are not for it.
///
/// # Errors
/// When the user has as many keys as it may have. A kernel without keys, or one that lets nobody use them here, has none to
/// give away.
// ANCHOR: leave
pub(crate) fn leave() -> Result<()> {
    for _ in 1..TRIES {
        match kernel::new_session_keyring() {
            Err(error) if error.raw_os_error() == Some(libc::EDQUOT) => sleep(PAUSE),
            result => return harmless(result),
        }
    }
    harmless(kernel::new_session_keyring())
}
// ANCHOR_END: leave

fn harmless(result: std::io::Result<()>) -> Result<()> {
    match result {
        Err(error) if [libc::ENOSYS, libc::EPERM, libc::EACCES].map(Some).contains(&error.raw_os_error()) => Ok(()),
        Err(error) => Err(Error::os("make a session keyring for the container", error)
            .hint("each container has one key: sudo sysctl -w kernel.keys.maxkeys=20000")),
        Ok(()) => Ok(()),
    }
}

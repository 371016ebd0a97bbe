//! What others must not see of this process, when they are among those that it starts in a container: until it executes the
//! program it is a copy of us.

use crate::{Error, Result, kernel};

/// Nobody without rights over our user namespace may look into this process, or take its descriptors, until it executes
/// another program (prctl(2), `PR_SET_DUMPABLE`): not even who has all the rights that it has left itself (CVE-2016-9962).
///
/// # Errors
/// None that this kernel has.
pub fn memory() -> Result<()> {
    nix::sys::prctl::set_dumpable(false).map_err(|errno| Error::os("hide this process from others", errno))
}

/// Overwrites our environment, which is the caller's: who may look at us all the same reads it in `/proc/PID/environ`. From
/// here on no variable is set.
pub fn environment() {
    kernel::forget_environment();
}

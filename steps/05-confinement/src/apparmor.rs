//! An AppArmor profile for the program (`--security-opt apparmor=PROFILE`).

use std::path::Path;

use process::{Error, Result, code};

use crate::procfs;

/// Where below /proc it is written: newer kernels have a place for each module, older ones one for all.
const FILES: [&str; 2] = ["thread-self/attr/apparmor/exec", "thread-self/attr/exec"];

/// Whether this kernel has AppArmor.
#[must_use]
pub fn is_enabled() -> bool {
    std::fs::read("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.starts_with(b"Y"))
}

/// A profile that was asked for must be there to confine: silence would be a container without it (CVE-2025-52881).
///
/// # Errors
/// When this kernel has no AppArmor.
pub fn check(profile: &str) -> Result<()> {
    match is_enabled() {
        true => Ok(()),
        false => Err(Error::new(format!(
            "AppArmor profile \"{profile}\" specified, but AppArmor is not enabled on the host"
        ))
        .code(code::NO_APPARMOR)),
    }
}

/// From the next execve(2) on, the program is under this profile.
///
/// # Errors
/// When the kernel does not know the profile.
pub(crate) fn set_exec(profile: &str) -> Result<()> {
    procfs::write(&FILES.map(Path::new), &format!("exec {profile}"), &format!("set the AppArmor profile {profile}"))
}

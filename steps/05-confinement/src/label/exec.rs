//! The label that the next program has.

use std::path::Path;

use process::{Result, code};

use crate::procfs;

/// This thread's alone, unlike /proc/self.
const EXEC: &str = "thread-self/attr/exec";

/// From the next execve(2) of this thread on, it is called `label`. The policy has to let it.
///
/// # Errors
/// When the kernel does not know the label, or what is at /proc is not the kernel's.
// ANCHOR: exec
pub fn set_exec(label: &str) -> Result<()> {
    procfs::write(&[Path::new(EXEC)], label, &format!("write the label {label} to /proc/{EXEC}")).map_err(|error| {
        error
            .hint("where the policy has no such user, role, type or level: --security-opt label=disable")
            .code(code::LABEL_REFUSED)
    })
}
// ANCHOR_END: exec

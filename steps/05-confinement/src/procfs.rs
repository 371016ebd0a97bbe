//! Writing into the container's /proc, past nothing that an image or a volume may have put in the way.

use std::path::Path;

use process::{Error, Result, code};
use rootfs::kernel::PROC;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, fstat, fstatfs, openat, openat2};
use rustix::io::{Errno, write as put};

/// The number of a procfs's root directory (Linux's include/linux/proc_ns.h, `PROC_ROOT_INO`).
const ROOT: u64 = 1;

/// Writes `text` into the first of `files` that is there, paths below /proc. `tried` says what for.
///
/// /proc has to be the root of a procfs, for an image with files of these names would take the words and confine nothing
/// (CVE-2019-16884); and on the way below it nothing that is mounted over a part of it is passed, nor a link that leads
/// elsewhere: another file of a procfs would take them as well (CVE-2025-52881).
///
/// # Errors
/// When /proc is something else, none of the files is there, or the kernel refuses what is written.
// ANCHOR: write
pub(crate) fn write(files: &[&Path], text: &str, tried: &str) -> Result<()> {
    let failed = |errno: Errno| Error::os(tried, errno);
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let proc = openat(CWD, "/proc", flags, Mode::empty()).map_err(failed)?;
    let is_proc = fstatfs(&proc).map_err(failed)?.f_type == PROC && fstat(&proc).map_err(failed)?.st_ino == ROOT;
    if !is_proc {
        return Err(Error::because(tried, "/proc in the container is not a procfs").code(code::FORGED));
    }
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
    for file in files {
        match openat2(&proc, *file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty(), within) {
            Err(Errno::NOENT) => {}
            file => return put(file.map_err(failed)?, text.as_bytes()).map(drop).map_err(failed),
        }
    }
    Err(failed(Errno::NOENT))
}
// ANCHOR_END: write

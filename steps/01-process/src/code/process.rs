//! Step 01, and what a program needs to start. Its numbers begin above those of the kernel, of which the last is 133.

use super::Trouble;

/// Nothing says which program to run.
pub const NO_COMMAND: u16 = 151;
/// A process of ours ended before its work was done.
pub const CHILD_DIED: u16 = 152;
/// The working directory is not inside of the root.
pub const OUTSIDE: u16 = 153;
/// Something that cannot be, by what we know.
pub const INTERNAL: u16 = 154;
/// There is no program for --init.
pub const NO_INIT: u16 = 155;
/// The program is not there.
pub const NO_PROGRAM: u16 = 601;
/// The program cannot be executed.
pub const NOT_EXECUTABLE: u16 = 602;
/// The program is for another machine.
pub const WRONG_ARCHITECTURE: u16 = 603;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-01")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        NO_COMMAND,
        "no command to run",
        "neither the command line nor the image (CMD, ENTRYPOINT) names a program",
        "write one after the image: podling run IMAGE PROGRAM; podling image inspect IMAGE shows what the image has",
    ),
    trouble(
        CHILD_DIED,
        "a process of podling ended before its work was done",
        "somebody killed it, or the kernel did, for lack of memory",
        "dmesg tells of the kernel; then try again: what was half made is removed by the next command",
    ),
    trouble(
        OUTSIDE,
        "the working directory is outside of the container's root",
        "an image or a configuration names a directory that leads out by a descriptor of the host \
         (/proc/self/fd/N), as CVE-2024-21626 did",
        "do not trust the image; --workdir / starts elsewhere",
    ),
    trouble(
        INTERNAL,
        "an error of podling itself",
        "a mistake in podling: this cannot be caused by what was asked",
        "report it, with the command, the output of podling version, and what podling info says",
    ),
    trouble(
        NO_INIT,
        "no init to be process 1",
        "--init needs a program that works without libraries; podling itself is one where it is linked statically",
        "install one, or name one by --init-path; without --init the program itself is process 1",
    )
    .needs("catatonit"),
    trouble(
        NO_PROGRAM,
        "the container's program is not there (exit status 127)",
        "it is not in the image, or not in its PATH; or it is a script whose interpreter is not there, or a program \
         whose loader is not (one for glibc in an image with musl)",
        "look: podling run --rm -it IMAGE sh; the first line of a script names its interpreter",
    ),
    trouble(
        NOT_EXECUTABLE,
        "the container's program may not be executed (exit status 126)",
        "it is a directory, lacks the x bit, or is in a volume that is mounted noexec, as a home directory \
         sometimes is",
        "chmod +x in the image; `findmnt -T PLACE` shows noexec of a volume: then keep the program elsewhere",
    ),
    trouble(
        WRONG_ARCHITECTURE,
        "Exec format error: the program is not one for this machine",
        "the image is of another architecture (arm64 on amd64), or a script lacks its first line #!/bin/sh",
        "podling image inspect --format '{{.Architecture}}' IMAGE tells; pull it with --platform for this machine",
    ),
];

//! The smallest process: it keeps a namespace alive, and does nothing else.
//!
//! A process of podling's own would keep hundreds of KiB for that. This program is one page: an ELF header, one segment,
//! and a loop of one system call (elf(5); /usr/include/asm/unistd.h).

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use nix::sys::memfd::{MFdFlags, memfd_create};
use process::{Error, Program, Result};

/// Where it is loaded.
const ADDRESS: u64 = 0x40_0000;
/// The two headers.
const HEADERS: u64 = 64 + 56;

/// `again: pause(); goto again`, and the machine's number in an ELF header.
// ANCHOR: code
#[cfg(target_arch = "x86_64")]
const CODE: (u16, &[u8]) = (
    62,
    &[
        0xb8, 34, 0, 0, 0, // mov eax, 34 (pause)
        0x0f, 0x05, // syscall
        0xeb, 0xf7, // jmp, 9 bytes back
    ],
);
#[cfg(target_arch = "aarch64")]
const CODE: (u16, &[u8]) = (
    183,
    &[
        0x00, 0x00, 0x80, 0xd2, // mov x0, 0: no descriptors,
        0x01, 0x00, 0x80, 0xd2, // mov x1, 0
        0x02, 0x00, 0x80, 0xd2, // mov x2, 0: no time,
        0x03, 0x00, 0x80, 0xd2, // mov x3, 0: no signals
        0x28, 0x09, 0x80, 0xd2, // mov x8, 73 (ppoll)
        0x01, 0x00, 0x00, 0xd4, // svc 0
        0xfa, 0xff, 0xff, 0x17, // b, 6 instructions back
    ],
);
// ANCHOR_END: code

/// The program; it knows nothing of who started it.
pub(crate) fn program() -> Program {
    Program { args: vec!["podling-pause".into()], env: Some(Vec::new()), cwd: Some("/".into()), file: Some(file) }
}

fn file() -> Result<OwnedFd> {
    written().map_err(|error| Error::os("write the program that keeps the user namespace", error))
}

fn written() -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("podling-pause", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(&elf())?;
    Ok(file.into())
}

/// The file's bytes.
fn elf() -> Vec<u8> {
    let (machine, code) = CODE;
    let size = HEADERS + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec(); // 64 bits, little endian, version 1
    file.resize(16, 0);
    for half in [2, machine] {
        file.extend(half.to_le_bytes()); // an executable, for this machine
    }
    file.extend(1u32.to_le_bytes());
    for word in [ADDRESS + HEADERS, 64, 0] {
        file.extend(word.to_le_bytes()); // the entry; the segments are listed at 64; no sections
    }
    file.extend(0u32.to_le_bytes());
    for half in [64u16, 56, 1, 0, 0, 0] {
        file.extend(half.to_le_bytes()); // sizes of the headers, and one segment
    }
    for word in [1u32, 5] {
        file.extend(word.to_le_bytes()); // to be loaded, readable and executable
    }
    for word in [0, ADDRESS, ADDRESS, size, size, 0x1000] {
        file.extend(word.to_le_bytes()); // all of the file
    }
    file.extend(code);
    file
}

//! `--sysctl NAME=VALUE`: settings of the kernel that belong to a namespace of the container.

use std::path::PathBuf;

use process::{Error, Result, code};

use crate::procfs;

/// Settings of an IPC namespace (ipc_namespaces(7)).
const IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// A setting and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sysctl {
    /// With dots, as in `net.ipv4.ip_forward`; one that was written with slashes has them instead.
    pub name: String,
    /// What is written.
    pub value: String,
}

/// Whose namespaces the settings would be in: the container's, or the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// `net.`
    pub network: bool,
    /// `fs.mqueue.`, and those of System V.
    pub ipc: bool,
    /// `kernel.domainname`
    pub uts: bool,
}

impl Own {
    /// All are the container's.
    pub const ALL: Own = Own { network: true, ipc: true, uts: true };
}

impl Sysctl {
    /// Reads `NAME=VALUE`. Only what belongs to a namespace of the container's own can be set: anything else would be
    /// the host's.
    ///
    /// # Errors
    /// Another form; a setting of the host's; a name that is none, or a value of several lines (CVE-2022-0811).
    // ANCHOR: parse
    pub fn parse(text: &str, own: Own) -> Result<Sysctl> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Error::new(format!("{text:?} is invalid, sysctl values must be in the form of KEY=VALUE"))
                .code(code::BAD_SYSCTL));
        };
        let sysctl = Sysctl { name: name.trim().replace('/', "."), value: value.trim().into() };
        let name = sysctl.name.as_str();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_plain = name.bytes().all(is_name) && name.split('.').all(|part| !part.is_empty());
        if !is_plain || sysctl.value.contains(['\n', '\0']) {
            return Err(
                Error::new(format!("sysctl {text:?} is not allowed: not a name and one line")).code(code::BAD_SYSCTL)
            );
        }
        let (kind, is_own) = match name {
            _ if name.starts_with("net.") => ("Network", own.network),
            _ if IPC.contains(&name) || name.starts_with("fs.mqueue.") => ("IPC", own.ipc),
            "kernel.domainname" => ("UTS", own.uts),
            _ => {
                let words = "it is not in a namespace, but the host's";
                return Err(Error::new(format!("sysctl {text:?} is not allowed: {words}")).code(code::BAD_SYSCTL));
            }
        };
        match is_own {
            true => Ok(sysctl),
            false => Err(Error::new(format!("sysctl {text:?} can't be set since {kind} Namespace set to host"))
                .code(code::BAD_SYSCTL)),
        }
    }
    // ANCHOR_END: parse

    /// Sets it in the container, whose /proc has to be there and still writable.
    // ANCHOR: apply
    pub(crate) fn apply(&self) -> Result<()> {
        let Sysctl { name, value } = self;
        let path: PathBuf = ["sys"].into_iter().chain(name.split('.')).collect();
        procfs::write(&[&path], value, &format!("set the sysctl {name}"))
    }
    // ANCHOR_END: apply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_the_containers_own() {
        for text in ["net.ipv4.ip_forward=1", "kernel.shmmax = 4096", "fs.mqueue.msg_max=20", "net/ipv4/ip_forward=0"] {
            assert!(Sysctl::parse(text, Own::ALL).is_ok(), "{text}");
        }
        let none = Own { network: false, ipc: false, uts: false };
        for (text, own) in [
            ("net.ipv4.ip_forward=1", Own { network: true, ..none }),
            ("kernel.shmmax=1", Own { ipc: true, ..none }),
            ("fs.mqueue.msg_max=1", Own { ipc: true, ..none }),
            ("kernel.domainname=x", Own { uts: true, ..none }),
        ] {
            assert!(Sysctl::parse(text, own).is_ok() && Sysctl::parse(text, none).is_err(), "{text}");
        }
        for text in [
            "kernel.core_pattern=|/bin/sh",
            "kernel.hostname=x",
            "vm.swappiness=1",
            "net.ipv4.ip_forward",
            "net..core=1",
            "net.ipv4.ip_forward=1\nkernel.core_pattern=x",
            "net.ipv4.x+kernel.core_pattern=1",
            "net.ipv4.x,kernel.core_pattern=1",
            "../kernel.core_pattern=1",
            "net/../kernel/core_pattern=1",
            "=1",
        ] {
            assert!(Sysctl::parse(text, Own::ALL).is_err(), "{text}");
        }
    }
}

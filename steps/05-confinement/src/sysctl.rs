//! `--sysctl NAME=VALUE`: settings of the kernel that belong to a namespace of the container.

use std::path::PathBuf;

use process::{Error, Result};

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

impl Sysctl {
    /// Reads `NAME=VALUE`. Only what belongs to a namespace of the container's own can be set: anything else would be
    /// the host's.
    ///
    /// # Errors
    /// Another form; a setting of the host's; a name that is none, or a value of several lines (CVE-2022-0811).
    // ANCHOR: parse
    pub fn parse(text: &str, own_network: bool) -> Result<Sysctl> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Error::new(format!("{text:?} is invalid, sysctl values must be in the form of KEY=VALUE")));
        };
        let sysctl = Sysctl { name: name.trim().replace('/', "."), value: value.trim().into() };
        let name = sysctl.name.as_str();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_plain = name.bytes().all(is_name) && name.split('.').all(|part| !part.is_empty());
        if !is_plain || sysctl.value.contains(['\n', '\0']) {
            return Err(Error::new(format!("sysctl {text:?} is not allowed: not a name and one line")));
        }
        if name.starts_with("net.") {
            return match own_network {
                true => Ok(sysctl),
                false => Err(Error::new(format!("sysctl {text:?} can't be set since Network Namespace set to host"))),
            };
        }
        match IPC.contains(&name) || name.starts_with("fs.mqueue.") || name == "kernel.domainname" {
            true => Ok(sysctl),
            false => {
                Err(Error::new(format!("sysctl {text:?} is not allowed: it is not in a namespace, but the host's")))
            }
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
            assert!(Sysctl::parse(text, true).is_ok(), "{text}");
        }
        assert!(Sysctl::parse("net.ipv4.ip_forward=1", false).is_err());
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
            assert!(Sysctl::parse(text, true).is_err(), "{text}");
        }
    }
}

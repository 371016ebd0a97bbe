//! `linux.netDevices`: devices of the runtime's network namespace that become the container's (runtime-spec,
//! config-linux.md, "Network Devices").

use std::fs::File;
use std::path::Path;
use std::thread;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, setns};
use oci_spec::runtime::Linux;
use process::{Error, Result, code};
use std::os::fd::AsRawFd;

use crate::netlink::{Answer, Netlink, Request, attributes};

/// A device, by its name here and in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    name: String,
    inside: String,
}

/// `struct ifinfomsg`: family, type, index, flags, change.
const LINK: usize = 16;
/// `struct ifaddrmsg`: family, prefix length, flags, scope, index.
const ADDRESS: usize = 8;

/// Those of the document, by their names.
///
/// # Errors
/// A name that no device can have, and two that would have the same.
pub(crate) fn devices(linux: &Linux) -> Result<Vec<Device>> {
    let mut devices = Vec::new();
    for (name, device) in linux.net_devices().iter().flatten() {
        let inside = device.name().clone().filter(|name| !name.is_empty()).unwrap_or_else(|| name.clone());
        for name in [name, &inside] {
            let is_bad = |c: char| c == '/' || c == ':' || c.is_whitespace();
            if name.is_empty()
                || name.len() >= libc::IFNAMSIZ
                || [".", ".."].contains(&name.as_str())
                || name.contains(is_bad)
            {
                return Err(Error::new(format!("linux.netDevices: no device can be called {name:?}"))
                    .code(code::BAD_CONFIGURATION));
            }
        }
        devices.push(Device { name: name.clone(), inside });
    }
    devices.sort_by(|one, other| one.name.cmp(&other.name));
    let mut names: Vec<&str> = devices.iter().map(|device| device.inside.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::new(format!("linux.netDevices: two devices would be called {}", pair[0]))
            .code(code::BAD_CONFIGURATION)),
        None => Ok(devices),
    }
}

/// Moves them from our network namespace to that at `path`, with their addresses, and sets them up there.
///
/// # Errors
/// Which could not be moved; those before it are the container's, and gone with it where they are no hardware.
// ANCHOR: move
pub(crate) fn give(devices: &[Device], path: &Path) -> Result<()> {
    if devices.is_empty() {
        return Ok(());
    }
    let target =
        File::open(path).map_err(|error| Error::os(format!("open the namespace {}", path.display()), error))?;
    let here = Netlink::open()?;
    // A thread has a network namespace of its own; we stay where we are.
    let there = thread::scope(|scope| {
        let enter = || {
            setns(&target, CloneFlags::CLONE_NEWNET)
                .map_err(|errno| Error::os("join the container's network namespace", errno))?;
            Netlink::open()
        };
        scope
            .spawn(enter)
            .join()
            .unwrap_or_else(|_| Err(Error::new("join the container's network namespace").code(code::BAD_CONFIGURATION)))
    })?;
    devices.iter().try_for_each(|device| device.give(&here, &there, &target))
}
// ANCHOR_END: move

impl Device {
    fn give(&self, here: &Netlink, there: &Netlink, target: &File) -> Result<()> {
        let Device { name, inside } = self;
        let failed = |what: &str, errno: Errno| {
            let error = Error::os(format!("linux.netDevices: {what} {name}"), errno);
            match errno {
                Errno::EPERM => {
                    error.hint("only who owns the network that a device is in may give it away: root, for the system's")
                }
                Errno::EEXIST => error.hint(format!("the container's network has a device {inside} already")),
                _ => error,
            }
        };
        let index = index(here, name).map_err(|errno| failed("find the device", errno))?;
        let addresses = addresses(here, index).map_err(|errno| failed("read the addresses of", errno))?;
        let descriptor = target.as_raw_fd().to_ne_bytes();
        let moved = Request::new(libc::RTM_NEWLINK, libc::NLM_F_ACK, &link(index, 0, 0));
        let moved = moved.with(libc::IFLA_NET_NS_FD, &descriptor).with(libc::IFLA_IFNAME, &text(inside));
        here.ask(moved).map_err(|errno| failed("move the device", errno))?;
        // Its number may be another one there.
        let index = self::index(there, inside).map_err(|errno| failed("find the moved device", errno))?;
        for address in addresses {
            there.ask(address.request(index)).map_err(|errno| failed("give its address to", errno))?;
        }
        let up = libc::IFF_UP.cast_unsigned();
        there
            .ask(Request::new(libc::RTM_NEWLINK, libc::NLM_F_ACK, &link(index, up, up)))
            .map(drop)
            .map_err(|errno| failed("set up the device", errno))
    }
}

fn link(index: u32, flags: u32, change: u32) -> Vec<u8> {
    [[0; 4], index.to_ne_bytes(), flags.to_ne_bytes(), change.to_ne_bytes()].concat()
}

/// A name ends with a zero.
fn text(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0]].concat()
}

fn index(netlink: &Netlink, name: &str) -> nix::Result<u32> {
    let asked = Request::new(libc::RTM_GETLINK, libc::NLM_F_ACK, &[0; LINK]).with(libc::IFLA_IFNAME, &text(name));
    let answers = netlink.ask(asked)?;
    let index = |(_, body): &Answer| Some(u32::from_ne_bytes(body.get(4..8)?.try_into().ok()?));
    answers.iter().find_map(index).ok_or(Errno::ENODEV)
}

/// An address that is the device's for good, and everybody's to reach.
struct Address {
    /// Family, prefix length, flags, scope.
    head: [u8; 4],
    attributes: Vec<(u16, Vec<u8>)>,
}

impl Address {
    fn request(self, index: u32) -> Request {
        let flags = libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_EXCL;
        let body = [self.head, index.to_ne_bytes()].concat();
        let request = Request::new(libc::RTM_NEWADDR, flags, &body);
        self.attributes.into_iter().fold(request, |request, (kind, value)| request.with(kind, &value))
    }
}

/// What has a lifetime somebody else has given it, and will give again.
fn addresses(netlink: &Netlink, index: u32) -> nix::Result<Vec<Address>> {
    const KEPT: [u16; 3] = [libc::IFA_ADDRESS, libc::IFA_LOCAL, libc::IFA_BROADCAST];
    let asked = Request::new(libc::RTM_GETADDR, libc::NLM_F_DUMP, &[0; ADDRESS]);
    let of = |(kind, body): Answer| {
        let head: [u8; 4] = body.get(..4)?.try_into().ok()?;
        let device = u32::from_ne_bytes(body.get(4..8)?.try_into().ok()?);
        let is_kept = u32::from(head[2]) & libc::IFA_F_PERMANENT != 0 && head[3] == libc::RT_SCOPE_UNIVERSE;
        let all = attributes(&body, ADDRESS).into_iter().filter(|(kind, _)| KEPT.contains(kind));
        let attributes = all.map(|(kind, value)| (kind, value.to_vec())).collect();
        (kind == libc::RTM_NEWADDR && device == index && is_kept).then_some(Address { head, attributes })
    };
    Ok(netlink.ask(asked)?.into_iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<(String, String)>, String> {
        let linux: Linux = serde_json::from_str(&format!("{{\"netDevices\": {text}}}")).unwrap();
        let devices = devices(&linux).map_err(|error| error.to_string())?;
        Ok(devices.into_iter().map(|device| (device.name, device.inside)).collect())
    }

    #[test]
    fn of_a_document() {
        let pair = |name: &str, inside: &str| (name.to_owned(), inside.to_owned());
        let devices = names(r#"{"eth1": {"name": "net0"}, "eth0": {}}"#);
        assert_eq!(devices, Ok(vec![pair("eth0", "eth0"), pair("eth1", "net0")]));
        assert_eq!(
            names(r#"{"a": {"name": "x"}, "b": {"name": "x"}}"#),
            Err("linux.netDevices: two devices would be called x".into())
        );
        for name in ["", "..", "a/b", "a b", "0123456789abcdef", "a:b"] {
            assert!(names(&format!("{{\"{name}\": {{}}}}")).is_err(), "{name}");
        }
    }
}

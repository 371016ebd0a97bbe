//! A container and its surroundings: what its document asks of the verbs of this step, and not of the container itself.

use std::path::Path;

use cgroups::{Limits, Placement};
use confinement::Standing;
use namespaces::clocks::{Clocks, NEWTIME};
use namespaces::{IdMap, Joined};
use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use oci_spec::runtime::{Hooks, Linux, LinuxNamespaceType, Spec};
use process::{Error, Result, Setup, code};
use rootfs::Device;
use rustix::system::setdomainname;

use crate::join::{self, Join};
use crate::node::Node;
use crate::propagation::Propagation;
use crate::resctrl::Share;
use crate::translate::{self, id_map, missing};
use crate::{Container, globals, netdevice, resources, standing, unsupported};

/// What is to be made.
pub(crate) struct Plan {
    /// The container.
    pub container: Container,
    /// The ids of its user namespace, which is made before all else.
    pub users: Option<IdMap>,
    /// Namespaces that it shares with others.
    pub joins: Vec<Join>,
    /// Programs of others.
    pub hooks: Hooks,
    /// What it may use.
    pub limits: Limits,
    /// Where its cgroup is.
    pub placement: Placement,
    /// Whether a cgroup was asked for.
    pub limited: bool,
    /// What its domain is called (NIS, not DNS).
    pub domain: Option<Domain>,
    /// Its share of caches.
    pub share: Option<Share>,
    /// Network devices that become its own.
    pub net_devices: Vec<netdevice::Device>,
    /// Devices whose files have to be made.
    pub nodes: Vec<Node>,
    /// How it is treated beside others.
    pub standing: Standing,
    /// The clocks of a time namespace of its own.
    pub clocks: Option<Clocks>,
    /// What the host's later mounts do in it.
    pub propagation: Option<Propagation>,
    /// Whether it has a terminal, and of what size.
    pub terminal: bool,
    /// Rows and columns.
    pub window: Option<(u16, u16)>,
}

/// setdomainname(2)
pub(crate) struct Domain(String);

impl Setup for Domain {
    fn setup(&self) -> Result<()> {
        let Domain(name) = self;
        setdomainname(name.as_bytes()).map_err(|errno| Error::os(format!("set the domain name to {name}"), errno))
    }
}

impl Plan {
    /// What `spec` asks for.
    ///
    /// # Errors
    /// What cannot be done.
    // ANCHOR: plan
    pub(crate) fn new(id: &str, spec: &Spec, bundle: &Path) -> Result<Plan> {
        unsupported::refuse(spec)?;
        let linux = spec.linux().as_ref().ok_or_else(|| missing("linux"))?;
        let process = &*translate::process(spec);
        let mut container = Container::translated(spec, bundle)?;
        let (users, joins) = (id_map(spec)?, joins(linux));
        let outside = users.is_none() && !joins.iter().any(|join| join.kind == CloneFlags::CLONE_NEWUSER);
        if outside && !geteuid().is_root() {
            return Err(Error::new(
                "the container's configuration has no user namespace, which only root can do without",
            )
            .code(code::BAD_CONFIGURATION));
        }
        let is_real = outside && is_initial();
        let mapped = container.rootfs.mounts.iter().find(|mount| mount.ids.is_some());
        if let Some(mount) = mapped.filter(|_| !geteuid().is_root() || !is_initial()) {
            return Err(Error::new(format!("mount on {}: other owners than on the disk", mount.destination.display()))
                .code(code::BAD_CONFIGURATION)
                .hint("only who owns a file system may map its ids: root, for the system's"));
        }
        let net_devices = netdevice::devices(linux)?;
        let has_network = linux.namespaces().iter().flatten().any(|kind| kind.typ() == LinuxNamespaceType::Network);
        if !net_devices.is_empty() && !has_network {
            return Err(Error::new("linux.netDevices is for a container with a network namespace")
                .code(code::BAD_CONFIGURATION));
        }
        let (nodes, devices) = devices(linux, is_real)?;
        container.rootfs.devices.extend(devices);
        let none = Default::default();
        let resources = linux.resources().as_ref().unwrap_or(&none);
        let mut limits = resources::limits(resources, is_real)?;
        limits.check()?;
        // What everybody has is no limit, and needs no controller (containerd asks for it always).
        limits.cpu_shares = limits.cpu_shares.filter(|shares| *shares != 1024);
        limits.oom_score_adj = process.oom_score_adj().map(|score| i16::try_from(score).unwrap_or(i16::MAX));
        let placement = resources::placement(id, linux.cgroups_path().as_deref(), globals::get().systemd_cgroup)?;
        let size = |size: &oci_spec::runtime::Box| {
            Some((u16::try_from(size.height()).ok()?, u16::try_from(size.width()).ok()?))
        };
        Ok(Plan {
            container,
            users,
            joins,
            hooks: spec.hooks().clone().unwrap_or_default(),
            limited: linux.cgroups_path().is_some() || !limits.is_empty(),
            limits,
            placement,
            domain: spec.domainname().clone().map(Domain),
            nodes,
            net_devices,
            share: linux.intel_rdt().as_ref().map(|asked| Share::parse(asked, id)).transpose()?,
            standing: standing::standing(process, linux)?,
            clocks: translate::clocks(linux)?,
            propagation: linux.rootfs_propagation().as_deref().map(Propagation::parse).transpose()?,
            terminal: process.terminal().unwrap_or(false),
            window: process.console_size().as_ref().and_then(size),
        })
    }
    // ANCHOR_END: plan

    /// Whether it has no mount namespace of its own, nor one of others.
    pub(crate) fn shares_mounts(&self) -> bool {
        let joins = self.joins.iter().any(|join| join.kind == CloneFlags::CLONE_NEWNS);
        !joins && !self.container.namespaces.contains(CloneFlags::CLONE_NEWNS)
    }

    /// Opens the mount and the time namespace that it joins. Its first process does that alone: all that we still read is in our
    /// mounts, and the start of a process has another time by other clocks.
    pub(crate) fn open_namespaces(&mut self) -> Result<()> {
        let mut joined = Joined::default();
        for join in self.joins.iter().filter(|join| [CloneFlags::CLONE_NEWNS, NEWTIME].contains(&join.kind)) {
            joined.add_path(&join.path, join.kind)?;
        }
        self.container.joined = joined;
        Ok(())
    }
}

fn joins(linux: &Linux) -> Vec<Join> {
    let of = |namespace: &oci_spec::runtime::LinuxNamespace| {
        Some(Join { kind: join::flag(namespace.typ()), path: namespace.path().clone()? })
    };
    linux.namespaces().iter().flatten().filter_map(of).collect()
}

/// The user ids of the namespace that we are in.
pub(crate) fn own_map() -> Option<String> {
    String::from_utf8(process::file::read("/proc/self/uid_map", 1 << 16).ok()?).ok()
}

/// Whether we are in the user namespace of the system, where alone a device can be made.
pub(crate) fn is_initial() -> bool {
    own_map().is_some_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}

/// Devices to be made, and those of the host to be shown. The usual ones are there anyway.
fn devices(linux: &Linux, is_real: bool) -> Result<(Vec<Node>, Vec<Device>)> {
    let (mut nodes, mut devices) = (Vec::new(), Vec::new());
    let usual = rootfs::default_devices();
    for device in linux.devices().iter().flatten() {
        if !device.path().is_absolute() {
            return Err(Error::new(format!("linux.devices: {} is not absolute", device.path().display()))
                .code(code::BAD_CONFIGURATION));
        }
        match is_real {
            // A link to that of its own terminals, whatever the host has there.
            _ if device.path() == Path::new("/dev/ptmx") => {}
            true => nodes.push(Node::new(device)?),
            false if usual.iter().any(|known| known.container == *device.path()) => {}
            false => devices.push(Device { host: device.path().clone(), container: device.path().clone() }),
        }
    }
    Ok((nodes, devices))
}

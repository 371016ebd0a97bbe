//! From an OCI configuration to a container (runtime-spec, config.md and config-linux.md).

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use confinement::seccomp::{Arch, Filter, Profile};
use confinement::{CapSet, Capabilities, Confinement, Own, Rlimit, Sysctl, User, apparmor, label};
use namespaces::clocks::{Clocks, NEWTIME, Offset};
use namespaces::{Extent, Hostname, IdMap, Joined};
use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use oci_spec::runtime::{Linux, LinuxIdMapping, LinuxNamespace, LinuxNamespaceType, Process, Spec};
use process::{Error, Program, Result, code};
use rootfs::{Ids, Mount, Rootfs, default_devices};

use crate::{Container, join, unsupported};

impl Container {
    /// The container that `spec` describes; `bundle` is the directory that its relative paths are in.
    ///
    /// # Errors
    /// When a required part is missing, or one is asked for that we cannot do.
    pub fn from_spec(spec: &Spec, bundle: &Path) -> Result<Container> {
        unsupported::refuse_surroundings(spec)?;
        spec.process().as_ref().ok_or_else(|| missing("process"))?;
        Container::translated(spec, bundle)
    }

    /// The same, when somebody else does what belongs to its surroundings: [`crate::plan`].
    // ANCHOR: translate
    pub(crate) fn translated(spec: &Spec, bundle: &Path) -> Result<Container> {
        unsupported::refuse(spec)?;
        let process = process(spec);
        let root = spec.root().as_ref().ok_or_else(|| missing("root"))?;
        let linux = spec.linux().as_ref().ok_or_else(|| missing("linux"))?;
        Ok(Container {
            // The whole of us is in it already.
            users: None,
            namespaces: namespaces(spec, linux)?,
            joined: Joined::default(),
            rootfs: Rootfs {
                root: bundle.join(root.path()),
                mounts: mounts(spec, linux)?,
                devices: default_devices(),
                readonly: root.readonly().unwrap_or(false),
            },
            hostname: Hostname(spec.hostname().clone()),
            confinement: Confinement { sysctls: sysctls(linux)?, ..confinement(&process, linux)? },
            program: if spec.process().is_some() { program(&process)? } else { no_program() },
        })
    }
    // ANCHOR_END: translate
}

/// What is to run. A document may leave it out until the container is started (runtime-spec, config.md, "Process"): then it is
/// root without a right.
pub(crate) fn process(spec: &Spec) -> Cow<'_, Process> {
    match spec.process() {
        Some(process) => Cow::Borrowed(process),
        None => {
            let mut process = Process::default();
            process.set_args(None).set_env(None).set_cwd("/".into()).set_capabilities(None).set_rlimits(None);
            Cow::Owned(process)
        }
    }
}

/// `start` refuses it before it is asked for.
fn no_program() -> Program {
    Program { file: Some(|| Err(missing("process"))), ..Program::new(["none"]) }
}

/// The ids of the user namespace that `spec` asks for; `None` when it asks for none.
///
/// # Errors
/// When it asks for one and says nothing of the ids.
pub fn id_map(spec: &Spec) -> Result<Option<IdMap>> {
    let linux = spec.linux().as_ref().ok_or_else(|| missing("linux"))?;
    let of_users = linux.namespaces().iter().flatten().find(|kind| kind.typ() == LinuxNamespaceType::User);
    if of_users.is_none_or(|namespace| namespace.path().is_some()) {
        return Ok(None);
    }
    let map = IdMap { users: extents(linux.uid_mappings()), groups: extents(linux.gid_mappings()) };
    if map.users.is_empty() || map.groups.is_empty() {
        return Err(missing("linux.uidMappings or linux.gidMappings"));
    }
    Ok(Some(map))
}

pub(crate) fn missing(what: &str) -> Error {
    Error::new(format!("the container's configuration has no {what}")).code(code::BAD_CONFIGURATION)
}

/// A relative path would depend on where we happen to be.
fn absolute(path: PathBuf) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Error::new(format!("the container's configuration has the relative path {path:?}: it must be absolute"))
        .code(code::BAD_CONFIGURATION))
}

fn extents(mappings: &Option<Vec<LinuxIdMapping>>) -> Vec<Extent> {
    let extent = |mapping: &LinuxIdMapping| Extent {
        inside: mapping.container_id(),
        outside: mapping.host_id(),
        count: mapping.size(),
    };
    mappings.iter().flatten().map(extent).collect()
}

/// The kinds of namespaces, none of them twice. Without some of them the host would get what is the container's.
fn namespaces(spec: &Spec, linux: &Linux) -> Result<CloneFlags> {
    let mut flags = CloneFlags::empty();
    for namespace in linux.namespaces().iter().flatten() {
        let flag = join::flag(namespace.typ());
        if flags.contains(flag) {
            return Err(Error::new(format!("the container's configuration has two {} namespaces", namespace.typ()))
                .code(code::BAD_CONFIGURATION));
        }
        flags |= flag;
    }
    // Root's own mounts can be where the container's are.
    let is_root = geteuid().is_root() && !flags.contains(CloneFlags::CLONE_NEWUSER);
    if !flags.contains(CloneFlags::CLONE_NEWNS) && !is_root {
        return Err(missing("mount namespace"));
    }
    for (name, there) in [("hostname", spec.hostname().is_some()), ("domainname", spec.domainname().is_some())] {
        if there && !flags.contains(CloneFlags::CLONE_NEWUTS) {
            return Err(Error::new(format!(
                "the container's configuration has a {name}, but no uts namespace to set it in"
            ))
            .code(code::BAD_CONFIGURATION));
        }
    }
    let joined = linux.namespaces().iter().flatten().filter(|namespace| namespace.path().is_some());
    let joined = joined.fold(CloneFlags::empty(), |flags, namespace| flags | join::flag(namespace.typ()));
    // Those are there already.
    // The first process is born into a time namespace of its parent's children, and makes none itself.
    Ok(flags - CloneFlags::CLONE_NEWUSER - joined - NEWTIME)
}

/// The clocks of a time namespace of its own; `None` when it has none.
///
/// # Errors
/// Offsets of clocks that the kernel has not, or without such a namespace.
pub(crate) fn clocks(linux: &Linux) -> Result<Option<Clocks>> {
    let mut clocks = Clocks::default();
    for (name, offset) in linux.time_offsets().iter().flatten() {
        let clock = match name.as_str() {
            "monotonic" => &mut clocks.monotonic,
            "boottime" => &mut clocks.boottime,
            _ => {
                return Err(
                    Error::new(format!("linux.timeOffsets: there is no clock {name:?}")).code(code::BAD_CONFIGURATION)
                );
            }
        };
        *clock = Offset { seconds: offset.secs().unwrap_or(0), nanoseconds: offset.nanosecs().unwrap_or(0) };
    }
    let own = linux.namespaces().iter().flatten().find(|namespace| namespace.typ() == LinuxNamespaceType::Time);
    match own.filter(|namespace| namespace.path().is_none()) {
        Some(_) => Ok(Some(clocks)),
        None if linux.time_offsets().as_ref().is_none_or(|offsets| offsets.is_empty()) => Ok(None),
        None => Err(Error::new("linux.timeOffsets is for a time namespace of the container's own")
            .code(code::BAD_CONFIGURATION)),
    }
}

/// Those of namespaces of the container's own.
fn sysctls(linux: &Linux) -> Result<Vec<Sysctl>> {
    let is_own = |kind| linux.namespaces().iter().flatten().any(|namespace| namespace.typ() == kind);
    let own = Own {
        network: is_own(LinuxNamespaceType::Network),
        ipc: is_own(LinuxNamespaceType::Ipc),
        uts: is_own(LinuxNamespaceType::Uts),
    };
    let mut asked: Vec<_> = linux.sysctl().iter().flatten().collect();
    asked.sort();
    asked.into_iter().map(|(name, value)| Sysctl::parse(&format!("{name}={value}"), own)).collect()
}

/// With the label that they are to have.
fn mounts(spec: &Spec, linux: &Linux) -> Result<Vec<Mount>> {
    let mut kinds = linux.namespaces().iter().flatten().map(LinuxNamespace::typ);
    let own_cgroups = kinds.any(|kind| kind == LinuxNamespaceType::Cgroup);
    let mount = |asked| mount(asked, own_cgroups, linux);
    let mut mounts: Vec<Mount> = spec.mounts().iter().flatten().map(mount).collect::<Result<_>>()?;
    if let Some(label) = linux.mount_label().as_ref().filter(|label| !label.is_empty() && label::enabled()) {
        label::mark(&mut mounts, label);
    }
    Ok(mounts)
}

fn mount(mount: &oci_spec::runtime::Mount, own_cgroups: bool, linux: &Linux) -> Result<Mount> {
    let asked = Mount {
        destination: mount.destination().clone(),
        fstype: mount.typ().clone(),
        source: mount.source().clone(),
        options: mount.options().clone().unwrap_or_default(),
        ids: ids(mount, linux)?,
    };
    Ok(match asked.fstype.as_deref() {
        Some("cgroup") if !asked.is_bind() => cgroup(asked, own_cgroups),
        _ => asked,
    })
}

/// The owners of a mount: those that it names, else with `idmap` those of the container's user namespace.
// ANCHOR: ids
fn ids(mount: &oci_spec::runtime::Mount, linux: &Linux) -> Result<Option<Ids>> {
    let has = |word: &str| mount.options().iter().flatten().any(|option| option == word);
    let own = IdMap { users: extents(mount.uid_mappings()), groups: extents(mount.gid_mappings()) };
    let wrong = |what: &str| {
        Err(Error::new(format!("mount on {}: {what}", mount.destination().display())).code(code::BAD_CONFIGURATION))
    };
    let recursive = has("ridmap");
    match (own.users.is_empty(), own.groups.is_empty()) {
        (false, false) => return Ok(Some(Ids { map: own, recursive })),
        (true, true) if !recursive && !has("idmap") => return Ok(None),
        (true, true) => {}
        _ => return wrong("uidMappings and gidMappings belong together"),
    }
    let map = IdMap { users: extents(linux.uid_mappings()), groups: extents(linux.gid_mappings()) };
    match map.users.is_empty() || map.groups.is_empty() {
        true => wrong("idmap without uidMappings, and the container has no user namespace of its own"),
        false => Ok(Some(Ids { map, recursive })),
    }
}
// ANCHOR_END: ids

/// Documents say cgroup for both kinds, and what can be had is the second one. Where the system has the first one there is
/// nothing to be seen; who has no cgroup namespace cannot mount its root, and sees the host's, without a way to change it.
fn cgroup(asked: Mount, own_namespace: bool) -> Mount {
    let root = "/sys/fs/cgroup";
    match (cgroups::available(), own_namespace) {
        (true, true) => Mount { fstype: Some("cgroup2".into()), ..asked },
        (true, false) => Mount::bind(root, asked.destination, "rbind,rprivate,rro,nosuid,noexec,nodev"),
        (false, _) => {
            let empty = Mount::new("tmpfs", "", "ro,nosuid,noexec,nodev,mode=755,size=4k");
            Mount { destination: asked.destination, ..empty }
        }
    }
}

pub(crate) fn confinement(process: &Process, linux: &Linux) -> Result<Confinement> {
    let user = process.user();
    let apparmor = process.apparmor_profile().clone().filter(|profile| !profile.is_empty());
    apparmor.as_deref().map_or(Ok(()), apparmor::check)?;
    let paths = |list: &Option<Vec<String>>| -> Result<Vec<PathBuf>> {
        list.iter().flatten().map(|path| absolute(path.into())).collect()
    };
    Ok(Confinement {
        user: User {
            uid: user.uid(),
            gid: user.gid(),
            groups: user.additional_gids().clone().unwrap_or_default(),
            with_primary: false,
            keep_groups: false,
            umask: user.umask().unwrap_or(0o022),
        },
        capabilities: capabilities(process)?,
        no_new_privileges: process.no_new_privileges().unwrap_or(false),
        rlimits: process
            .rlimits()
            .iter()
            .flatten()
            .map(|limit| Rlimit { kind: limit.typ().to_string(), soft: limit.soft(), hard: limit.hard() })
            .collect(),
        seccomp: linux.seccomp().as_ref().map(seccomp).transpose()?,
        agent: None,
        sysctls: Vec::new(),
        apparmor,
        label: process.selinux_label().clone().filter(|label| !label.is_empty()),
        masked: paths(linux.masked_paths())?,
        // From the root on, where it does not lead up: what is read-only then is more than was asked for.
        readonly: linux.readonly_paths().iter().flatten().map(|path| readonly(path)).collect::<Result<_>>()?,
    })
}

fn readonly(path: &str) -> Result<PathBuf> {
    match Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        true => Ok(Path::new("/").join(path)),
        false => absolute(path.into()),
    }
}

/// Without the block there are none: absent is not unlimited.
fn capabilities(process: &Process) -> Result<Capabilities> {
    let Some(sets) = process.capabilities() else { return Ok(Capabilities::default()) };
    let set = |names: &Option<oci_spec::runtime::Capabilities>| {
        CapSet::parse(names.iter().flatten().map(|name| format!("CAP_{name}")))
    };
    Ok(Capabilities {
        bounding: set(sets.bounding())?,
        effective: set(sets.effective())?,
        permitted: set(sets.permitted())?,
        inheritable: set(sets.inheritable())?,
        ambient: set(sets.ambient())?,
    })
}

fn seccomp(seccomp: &oci_spec::runtime::LinuxSeccomp) -> Result<Filter> {
    let failed =
        |error: serde_json::Error| Error::because("parse the seccomp profile", error).code(code::BAD_CONFIGURATION);
    let profile: Profile = serde_json::to_value(seccomp).and_then(serde_json::from_value).map_err(failed)?;
    Filter::compile(&profile, Arch::NATIVE)
}

pub(crate) fn program(process: &Process) -> Result<Program> {
    let args = process.args().clone().filter(|args| !args.is_empty()).ok_or_else(|| missing("process.args"))?;
    let env = process.env().iter().flatten().map(Into::into).collect();
    Ok(Program { env: Some(env), cwd: Some(absolute(process.cwd().clone())?), ..Program::new(args) })
}

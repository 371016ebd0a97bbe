//! From a container to the document of it, for another runtime: the way back of [`Container::from_spec`].

use std::path::Path;

use cgroups::{DeviceKind, DeviceRule};
use confinement::seccomp::Profile;
use confinement::{CapSet, Confinement};
use namespaces::Extent;
use nix::sched::CloneFlags;
use process::{Error, Program, Result, code};
use rootfs::{Mount, default_devices};
use serde_json::{Map, Value, json};

use crate::Container;

/// What a document says, and a [`Container`] does not know.
#[derive(Default)]
pub struct Around<'a> {
    /// The system calls, in words: a filter does not tell them any more.
    pub seccomp: Option<&'a Profile>,
    /// Its terminal: none, or its size, rows and columns.
    pub terminal: Option<Option<(u16, u16)>>,
    /// The cgroup, and the files of it.
    pub cgroup: Option<(&'a Path, Map<String, Value>)>,
    /// The devices that it may use; `None` where nobody has to be asked.
    pub devices: Option<Vec<DeviceRule>>,
    /// Settings of the kernel, beside those that confine it.
    pub sysctls: &'a [(&'a str, &'a str)],
}

impl Container {
    /// The document (runtime-spec, config.md).
    ///
    /// # Errors
    /// What cannot be said in it.
    // ANCHOR: describe
    pub fn describe(&self, around: &Around<'_>) -> Result<Value> {
        let confined = &self.confinement;
        let mut sysctls = Map::new();
        for (name, value) in around.sysctls {
            sysctls.insert((*name).into(), json!(value));
        }
        for sysctl in &confined.sysctls {
            sysctls.insert(sysctl.name.clone(), json!(sysctl.value));
        }
        let mut linux = json!({
            "namespaces": self.kinds(),
            "maskedPaths": confined.masked,
            "readonlyPaths": confined.readonly,
            "sysctl": sysctls,
        });
        if let Some(map) = &self.users {
            linux["uidMappings"] = map.users.iter().map(extent).collect();
            linux["gidMappings"] = map.groups.iter().map(extent).collect();
        }
        // What SELinux calls its file systems is said once, for a label has commas, as options have.
        let context = |word: &String| word.strip_prefix("context=").map(|label| label.trim_matches('"').to_owned());
        if let Some(label) = self.rootfs.mounts.iter().flat_map(|mount| &mount.options).find_map(context) {
            linux["mountLabel"] = json!(label);
        }
        if let Some(profile) = around.seccomp {
            linux["seccomp"] = serde_json::to_value(profile)
                .map_err(|error| Error::because("write the seccomp profile", error).code(code::INTERNAL))?;
        }
        if let Some((path, files)) = &around.cgroup {
            linux["cgroupsPath"] = json!(path);
            linux["resources"] = json!({ "unified": files });
        }
        if let Some(rules) = &around.devices {
            linux["resources"]["devices"] = rules.iter().map(rule).collect();
        }
        let mut document = json!({
            // The lowest that has all of this: some runtimes take no newer one.
            "ociVersion": "1.0.2",
            "root": { "path": self.rootfs.root, "readonly": self.rootfs.readonly },
            "process": describe_process(&self.program, confined, around.terminal),
            "mounts": self.mounts(),
            // What crun has for a wish that the specification has no word for.
            "annotations": match confined.user.keep_groups {
                true => json!({ "run.oci.keep_original_groups": "1" }),
                false => json!({}),
            },
            "linux": linux,
        });
        if let Some(name) = &self.hostname.0 {
            document["hostname"] = json!(name);
        }
        Ok(document)
    }
    // ANCHOR_END: describe

    /// Those that are made for it, and those of others.
    fn kinds(&self) -> Vec<Value> {
        const KINDS: [(CloneFlags, &str); 6] = [
            (CloneFlags::CLONE_NEWNS, "mount"),
            (CloneFlags::CLONE_NEWPID, "pid"),
            (CloneFlags::CLONE_NEWNET, "network"),
            (CloneFlags::CLONE_NEWIPC, "ipc"),
            (CloneFlags::CLONE_NEWUTS, "uts"),
            (CloneFlags::CLONE_NEWCGROUP, "cgroup"),
        ];
        let own = KINDS.iter().filter(|(kind, _)| self.namespaces.contains(*kind));
        let mut kinds: Vec<Value> = own.map(|(_, name)| json!({ "type": name })).collect();
        kinds.extend(self.users.is_some().then(|| json!({ "type": "user" })));
        kinds.extend(self.joined.files().into_iter().map(|(name, path)| {
            let name = if name == "net" { "network" } else { name };
            json!({ "type": name, "path": path })
        }));
        kinds
    }

    /// With the devices of the host that every runtime does not have anyway.
    fn mounts(&self) -> Vec<Value> {
        let usual = default_devices();
        let shown = self.rootfs.devices.iter().filter(|device| !usual.contains(device));
        let shown = shown.map(|device| Mount::bind(&device.host, &device.container, "bind,rprivate,nosuid,noexec"));
        self.rootfs.mounts.iter().cloned().chain(shown).map(|mount| describe_mount(&mount)).collect()
    }
}

/// A process of a document, of the container's own or of another one in it (`exec --process`).
#[must_use]
pub fn describe_process(program: &Program, confined: &Confinement, terminal: Option<Option<(u16, u16)>>) -> Value {
    let text =
        |words: &[std::ffi::OsString]| words.iter().map(|word| word.to_string_lossy()).map(Value::from).collect();
    let env: Value = text(program.env.as_deref().unwrap_or_default());
    let args: Value = text(&program.args);
    let sets = &confined.capabilities;
    let set = |set: CapSet| json!(set.names());
    let limit = |limit: &confinement::Rlimit| json!({ "type": limit.kind, "soft": limit.soft, "hard": limit.hard });
    let user = &confined.user;
    // Its own group too, for it must stay in force when a program changes that.
    let own = Some(user.gid).filter(|own| !user.groups.contains(own));
    let groups: Vec<u32> = own.into_iter().chain(user.groups.iter().copied()).collect();
    let mut process = json!({
        "terminal": terminal.is_some(),
        "user": {
            "uid": user.uid, "gid": user.gid, "umask": user.umask,
            "additionalGids": groups,
        },
        "args": args,
        "env": env,
        "cwd": program.cwd.as_deref().unwrap_or(Path::new("/")),
        "capabilities": {
            "bounding": set(sets.bounding), "effective": set(sets.effective), "permitted": set(sets.permitted),
            "inheritable": set(sets.inheritable), "ambient": set(sets.ambient),
        },
        "noNewPrivileges": confined.no_new_privileges,
        "rlimits": confined.rlimits.iter().map(limit).collect::<Vec<_>>(),
    });
    if let Some((rows, columns)) = terminal.flatten() {
        process["consoleSize"] = json!({ "height": rows, "width": columns });
    }
    if let Some(profile) = &confined.apparmor {
        process["apparmorProfile"] = json!(profile);
    }
    if let Some(label) = &confined.label {
        process["selinuxLabel"] = json!(label);
    }
    process
}

fn extent(extent: &Extent) -> Value {
    json!({ "containerID": extent.inside, "hostID": extent.outside, "size": extent.count })
}

fn describe_mount(mount: &Mount) -> Value {
    let (kind, nothing) = (mount.fstype.as_deref().unwrap_or("bind"), Path::new("none"));
    let options = mount.options.iter().map(String::as_str).filter(|word| !word.starts_with("context="));
    let options: Vec<&str> = options.collect();
    let mut described = json!({
        "destination": mount.destination,
        "type": kind,
        "source": mount.source.as_deref().unwrap_or(nothing),
        "options": options,
    });
    if let Some(ids) = &mount.ids {
        described["uidMappings"] = ids.map.users.iter().map(extent).collect();
        described["gidMappings"] = ids.map.groups.iter().map(extent).collect();
        let word = if ids.recursive { "ridmap" } else { "idmap" };
        let others = options.iter().copied().filter(|known| *known != word);
        described["options"] = others.chain([word]).collect();
    }
    described
}

fn rule(rule: &DeviceRule) -> Value {
    let kind = match rule.kind {
        DeviceKind::All => "a",
        DeviceKind::Block => "b",
        DeviceKind::Char => "c",
    };
    let access: String =
        [(1, 'm'), (2, 'r'), (4, 'w')].iter().filter(|(bit, _)| rule.access & bit != 0).map(|(_, l)| l).collect();
    let mut described = json!({ "allow": rule.allow, "type": kind, "access": access });
    for (name, number) in [("major", rule.major), ("minor", rule.minor)] {
        if let Some(number) = number {
            described[name] = json!(number);
        }
    }
    described
}

//! SELinux: two labels for a container, one of its processes and one of its files, that no other container has.
//!
//! The policy says what the type `container_t` may touch; the pair of categories (`c17,c842`) keeps containers, which all have
//! that type, out of each other's files.

mod context;
mod exec;
mod level;
mod relabel;

use std::fs;
use std::sync::OnceLock;

use process::{Error, Result, code};
use rootfs::Mount;
use rustix::fs::statfs;
use serde::{Deserialize, Serialize};

pub use context::Context;
pub use exec::set_exec;
pub use relabel::relabel;

/// Where the kernel shows the policy it has loaded.
const SELINUXFS: &str = "/sys/fs/selinux";
/// That file system's number (statfs(2)).
const SELINUX_MAGIC: i64 = 0xf97c_ff8c;
/// Files of containers that are not confined: no container has these categories, so none can see them.
const UNCONFINED_LEVEL: &str = "s0:c1022,c1023";

/// What a container's processes and files are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// For the program; `None`: not confined, it gets what the policy has for it.
    pub process: Option<String>,
    /// For file systems made for the container, and for volumes with `z` or `Z`.
    pub mount: String,
}

/// Whether this kernel asks a policy of SELinux. Costs one system call where it does not.
#[must_use]
pub fn enabled() -> bool {
    static ENABLED: OnceLock<bool> = OnceLock::new();
    *ENABLED.get_or_init(|| {
        let mounted = statfs(SELINUXFS).is_ok_and(|found| found.f_type & 0xffff_ffff == SELINUX_MAGIC);
        // Before a policy is loaded, everything is called "kernel".
        mounted && fs::read_to_string("/proc/self/attr/current").is_ok_and(|own| own.contains(':'))
    })
}

impl Label {
    /// Chooses the labels of a new container. `options` are the words after `--security-opt label=`; `taken` tells whether a
    /// level (`s0:c17,c842`) belongs to another container.
    ///
    /// `Ok(None)` where SELinux is not enabled.
    ///
    /// # Errors
    /// An option that is not understood.
    // ANCHOR: pick
    pub fn pick(options: &[String], taken: &dyn Fn(&str) -> bool) -> Result<Option<Label>> {
        if !enabled() {
            return Ok(None);
        }
        Label::of_policy(&context::Policy::read(), options, taken).map(Some)
    }

    fn of_policy(policy: &context::Policy, options: &[String], taken: &dyn Fn(&str) -> bool) -> Result<Label> {
        let (mut process, mut file) = (policy.process.clone(), policy.file.clone());
        if options.iter().any(|option| option == "disable") {
            file.level = UNCONFINED_LEVEL.into();
            return Ok(Label { process: None, mount: file.to_string() });
        }
        let mut level = None;
        for option in options {
            match split(option)? {
                ("user", value) => {
                    process.user = value.into();
                    file.user = value.into();
                }
                ("role", value) => process.role = value.into(),
                ("type", value) => process.kind = value.into(),
                ("filetype", value) => file.kind = value.into(),
                (_, value) => level = Some(value.to_owned()),
            }
        }
        process.level = level.map_or_else(|| level::choose(taken), Ok)?;
        file.level.clone_from(&process.level);
        Ok(Label { process: Some(process.to_string()), mount: file.to_string() })
    }
    // ANCHOR_END: pick

    /// The level of its files: what is asked of `taken` for another container.
    #[must_use]
    pub fn level(&self) -> &str {
        self.mount.splitn(4, ':').nth(3).unwrap_or_default()
    }
}

/// Adds a label to those mounts whose files are made for the container. Others have labels already (binds), or belong to the
/// kernel (proc, sysfs).
pub fn mark(mounts: &mut [Mount], label: &str) {
    for mount in mounts.iter_mut().filter(|mount| !mount.is_bind()) {
        if matches!(mount.fstype.as_deref(), Some("tmpfs" | "devpts" | "mqueue")) {
            mount.options.push(format!("context={label}"));
        }
    }
}

/// Checks the words after `--security-opt label=`, also where there is no SELinux: a slip should not wait for it.
///
/// # Errors
/// The first that is none.
pub fn check(options: &[String]) -> Result<()> {
    options
        .iter()
        .filter(|option| *option != "disable" && *option != "nested")
        .try_for_each(|option| split(option).map(|_| ()))
}

fn split(option: &str) -> Result<(&str, &str)> {
    const NAMES: [&str; 5] = ["user", "role", "level", "type", "filetype"];
    match option.split_once(':') {
        Some((name, value)) if NAMES.contains(&name) && !value.is_empty() => Ok((name, value)),
        // The files of a container in a container would need a policy of their own.
        None if option == "nested" => Err(Error::new("--security-opt label=nested is not supported").code(code::NOT_THERE_YET)),
        // As Podman writes it.
        None => Err(Error::new(format!(
            "Bad label option \"{option}\", valid options 'disable' or \n'user, role, level, type, filetype' followed by ':' and a value"
        ))
        .code(code::BAD_SECURITY_OPTION)),
        Some(_) => Err(Error::new(format!(
            "Bad label option \"{option}\", valid options 'disable, user, role, level, type, filetype'"
        ))
        .code(code::BAD_SECURITY_OPTION)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(options: &[&str]) -> Result<Label> {
        let options: Vec<String> = options.iter().map(|option| (*option).into()).collect();
        Label::of_policy(&context::Policy::default(), &options, &|_| false)
    }

    #[test]
    fn process_and_files_share_a_level() {
        let label = pick(&[]).unwrap();
        let level = label.level().to_owned();
        assert_eq!(label.process, Some(format!("system_u:system_r:container_t:{level}")));
        assert_eq!(label.mount, format!("system_u:object_r:container_file_t:{level}"));
    }

    #[test]
    fn options_change_what_they_name() {
        let label =
            pick(&["type:spc_t", "level:s0:c5,c6", "user:staff_u", "role:staff_r", "filetype:svirt_t"]).unwrap();
        assert_eq!(label.process.as_deref(), Some("staff_u:staff_r:spc_t:s0:c5,c6"));
        assert_eq!(label.mount, "staff_u:object_r:svirt_t:s0:c5,c6");
        let label = pick(&["level:s0"]).unwrap();
        assert_eq!((label.level(), label.process.as_deref()), ("s0", Some("system_u:system_r:container_t:s0")));
        let label = pick(&["type:spc_t", "disable"]).unwrap();
        assert_eq!((label.level(), label.process.as_deref()), ("s0:c1022,c1023", None));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for option in ["", "off", "type", "type:", "kind:x", "nested"] {
            assert!(pick(&[option]).is_err(), "{option}");
        }
        assert!(check(&["disable".into(), "nested".into(), "type:x_t".into()]).is_ok());
        assert!(check(&["disabled".into()]).is_err());
    }

    #[test]
    fn only_new_file_systems_are_marked() {
        let label = pick(&["level:s0:c5,c6"]).unwrap();
        let mut mounts = rootfs::default_mounts(false);
        mounts.push(Mount::bind("/a", "/a", "rbind"));
        mark(&mut mounts, &label.mount);
        let marked = mounts.iter().filter(|mount| mount.options.iter().any(|word| word.starts_with("context=")));
        let marked: Vec<_> = marked.map(|mount| mount.destination.display().to_string()).collect();
        assert_eq!(marked, ["/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"]);
    }
}

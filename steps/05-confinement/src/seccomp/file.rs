//! A profile in a file, as containers/common and Docker write it: the OCI form, and besides for which capabilities,
//! architectures and kernels a rule is.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use process::{Error, Result, code};
use serde::Deserialize;

use super::{Action, Arch, Profile, Rule, Test};
use crate::CapSet;

/// More than any profile that was written by hand.
const LIMIT: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    default_action: Action,
    #[serde(default)]
    default_errno_ret: Option<u32>,
    #[serde(default)]
    default_errno: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    arch_map: Vec<Map>,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    listener_path: Option<PathBuf>,
    #[serde(default)]
    listener_metadata: Option<String>,
    #[serde(default)]
    syscalls: Vec<Entry>,
}

/// What one processor can run besides.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Map {
    architecture: String,
    #[serde(default)]
    sub_architectures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    name: String,
    #[serde(default)]
    names: Vec<String>,
    action: Action,
    #[serde(default)]
    errno_ret: Option<u32>,
    #[serde(default)]
    errno: Option<String>,
    #[serde(default)]
    args: Option<Vec<Test>>,
    #[serde(default)]
    includes: Condition,
    #[serde(default)]
    excludes: Condition,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    #[serde(default)]
    caps: Option<Vec<String>>,
    #[serde(default)]
    arches: Option<Vec<String>>,
    #[serde(default)]
    min_kernel: Option<String>,
}

impl Profile {
    /// The profile in a file, for a program with these capabilities, on this machine.
    ///
    /// # Errors
    /// When it cannot be read, or is no profile.
    // ANCHOR: read
    pub fn read(path: &Path, capabilities: &CapSet) -> Result<Profile> {
        let tried = || format!("opening seccomp profile {}", path.display());
        let text = process::file::read(path, LIMIT).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::because(tried(), "no such file or directory").code(code::BAD_SECCOMP)
            }
            _ => Error::os(tried(), error),
        })?;
        let file: File = serde_json::from_slice(&text).map_err(|error| {
            Error::because(format!("loading seccomp profile {}", path.display()), error).code(code::BAD_SECCOMP)
        })?;
        let kernel = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
        file.profile(capabilities, Arch::NATIVE, &kernel.unwrap_or_default())
    }
    // ANCHOR_END: read
}

impl File {
    fn profile(self, capabilities: &CapSet, native: Arch, kernel: &str) -> Result<Profile> {
        let known = |name: &str| serde_json::from_value::<Arch>(name.into()).ok();
        let mut names = self.architectures;
        for map in self.arch_map.into_iter().filter(|map| known(&map.architecture) == Some(native)) {
            names.push(map.architecture);
            names.extend(map.sub_architectures);
        }
        let mut syscalls = Vec::new();
        for entry in self.syscalls {
            if entry.includes.holds(capabilities, native, kernel)?
                && !entry.excludes.any(capabilities, native, kernel)?
            {
                let errno_ret = errno(entry.errno_ret, entry.errno.as_deref())?;
                let mut names = entry.names;
                names.extend(Some(entry.name).filter(|name| !name.is_empty()));
                let args = entry.args.unwrap_or_default();
                let names = names.into_iter().map(Into::into).collect();
                syscalls.push(Rule { names, action: entry.action, errno_ret, args });
            }
        }
        Ok(Profile {
            default_action: self.default_action,
            default_errno_ret: errno(self.default_errno_ret, self.default_errno.as_deref())?,
            // Those of other processors do not matter here.
            architectures: names.iter().filter_map(|name| known(name)).collect(),
            flags: self.flags,
            listener_path: self.listener_path.filter(|path| !path.as_os_str().is_empty()),
            listener_metadata: self.listener_metadata.filter(|text| !text.is_empty()),
            syscalls,
        })
    }
}

impl Condition {
    /// Whether all that it names is so; nothing named is so.
    fn holds(&self, capabilities: &CapSet, native: Arch, kernel: &str) -> Result<bool> {
        let mut caps = self.caps.iter().flatten().map(|name| has(capabilities, name));
        let arches = self.arches.as_deref().unwrap_or_default();
        let is_new = self.min_kernel.as_deref().is_none_or(|least| version(kernel) >= version(least));
        Ok(caps.all(|has| has) && (arches.is_empty() || arches.iter().any(|name| is(native, name))) && is_new)
    }

    /// Whether something that it names is so.
    fn any(&self, capabilities: &CapSet, native: Arch, kernel: &str) -> Result<bool> {
        let mut caps = self.caps.iter().flatten().map(|name| has(capabilities, name));
        let is_new = self.min_kernel.as_deref().is_some_and(|least| version(kernel) >= version(least));
        Ok(caps.any(|has| has) || self.arches.iter().flatten().any(|name| is(native, name)) || is_new)
    }
}

/// One that is not known here nobody has.
fn has(capabilities: &CapSet, name: &str) -> bool {
    CapSet::parse([name.to_string()]).is_ok_and(|one| capabilities.and(one) == one)
}

/// Go's names of architectures.
fn is(native: Arch, name: &str) -> bool {
    match native {
        Arch::X86_64 => ["amd64", "x32", "x86_64"].contains(&name),
        Arch::Aarch64 => ["arm64", "aarch64"].contains(&name),
        _ => false,
    }
}

/// The first two numbers.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// By number, or by name, as newer profiles have it.
fn errno(number: Option<u32>, name: Option<&str>) -> Result<Option<u32>> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(number) };
    let named = (1..=133).find(|code| format!("{:?}", Errno::from_raw(*code)) == name);
    match named.and_then(|code| u32::try_from(code).ok()) {
        Some(code) => Ok(Some(code)),
        None => Err(Error::new(format!("seccomp: there is no errno {name:?}")).code(code::BAD_SECCOMP)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_for_some_capabilities_architectures_and_kernels() {
        let text = r#"{
            "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "defaultErrno": "ENOSYS",
            "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
                        {"architecture": "SCMP_ARCH_MIPS", "subArchitectures": []}],
            "syscalls": [
                {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "", "includes": {}, "excludes": {}},
                {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
                {"names": ["umount2"], "action": "SCMP_ACT_ERRNO", "errno": "EPERM", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
                {"names": ["sync_file_range2"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["ppc64le"]}},
                {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
                {"name": "bpf", "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "99.0"}}
            ]}"#;
        let names = |capabilities: &CapSet| {
            let file: File = serde_json::from_str(text).unwrap();
            let profile = file.profile(capabilities, Arch::X86_64, "6.1.0-x").unwrap();
            assert_eq!(
                (profile.default_errno_ret, profile.architectures),
                (Some(38), vec![Arch::X86_64, Arch::X86, Arch::X32])
            );
            profile.syscalls.into_iter().flat_map(|rule| rule.names).collect::<Vec<_>>()
        };
        assert_eq!(names(&CapSet::default_for_root()), ["read", "umount2", "ptrace"]);
        let admin = CapSet::parse(["SYS_ADMIN".to_string()]).unwrap();
        assert_eq!(names(&admin), ["read", "mount", "ptrace"]);
    }
}

//! From `linux.resources` and `linux.cgroupsPath` to what step 04 has (runtime-spec, config-linux.md, "Control groups").

use std::path::Path;

use cgroups::{DeviceKind, DeviceLimits, DeviceRule, Limits, Mode, Placement};
use oci_spec::runtime::{LinuxBlockIo, LinuxDeviceCgroup, LinuxDeviceType, LinuxResources, LinuxThrottleDevice};
use process::{Error, Result, code};

/// The limits that are asked for, not yet [checked](Limits::check). Rules about devices only when `guarded`: in a user namespace nobody can make a device.
// ANCHOR: limits
pub(crate) fn limits(resources: &LinuxResources, guarded: bool) -> Result<Limits> {
    let mut limits = Limits::default();
    if let Some(memory) = resources.memory() {
        limits.memory = memory.limit().and_then(|bytes| u64::try_from(bytes).ok());
        limits.memory_swap = memory.swap().filter(|bytes| *bytes != 0);
        limits.memory_reservation = memory.reservation().and_then(|bytes| u64::try_from(bytes).ok());
    }
    if let Some(cpu) = resources.cpu() {
        limits.cpu_shares = cpu.shares().filter(|shares| *shares != 0);
        limits.cpu_quota = cpu.quota().filter(|quota| *quota != 0);
        limits.cpu_period = cpu.period().filter(|period| *period != 0);
        limits.cpuset_cpus = cpu.cpus().clone().filter(|list| !list.is_empty());
        limits.cpuset_mems = cpu.mems().clone().filter(|list| !list.is_empty());
        let others = [
            ("cpu.max.burst", cpu.burst().map(|burst| burst.to_string())),
            ("cpu.idle", cpu.idle().map(|idle| idle.to_string())),
        ];
        limits.files.extend(others.into_iter().filter_map(|(file, value)| Some((file.to_owned(), value?))));
    }
    limits.pids = resources.pids().as_ref().map(|pids| pids.limit()).filter(|pids| *pids != 0);
    if let Some(disks) = resources.block_io() {
        block_io(disks, &mut limits);
    }
    for pages in resources.hugepage_limits().iter().flatten() {
        limits.huge_pages.insert(pages.page_size().clone(), u64::try_from(pages.limit()).unwrap_or(u64::MAX));
    }
    for (device, most) in resources.rdma().iter().flatten() {
        let word =
            |name: &str, number: Option<u32>| number.map(|number| format!(" {name}={number}")).unwrap_or_default();
        let words = word("hca_handle", most.hca_handles()) + &word("hca_object", most.hca_objects());
        limits.rdma.insert(device.clone(), words.trim_start().to_owned());
    }
    limits.files.extend(resources.unified().iter().flatten().map(|(file, value)| (file.clone(), value.clone())));
    if guarded {
        // What is not allowed is forbidden anyway; the rule that every document begins with would forbid the usual ones too.
        let rules = resources.devices().iter().flatten();
        limits.device_rules = rules.skip_while(|rule| is_everything(rule)).map(rule).collect::<Result<_>>()?;
        limits.all_devices =
            limits.device_rules.is_empty() && resources.devices().iter().flatten().any(|rule| rule.allow());
    }
    Ok(limits)
}
// ANCHOR_END: limits

/// The kernel's own links lead from a number to a disk.
fn block_io(disks: &LinuxBlockIo, limits: &mut Limits) {
    limits.blkio_weight = disks.weight().filter(|weight| *weight != 0);
    let path = |major: i64, minor: i64| format!("/dev/block/{major}:{minor}");
    for device in disks.weight_device().iter().flatten() {
        limits.devices.entry(path(device.major(), device.minor())).or_default().weight = device.weight();
    }
    let mut throttle = |list: &Option<Vec<LinuxThrottleDevice>>, set: fn(&mut DeviceLimits, u64)| {
        for device in list.iter().flatten() {
            set(limits.devices.entry(path(device.major(), device.minor())).or_default(), device.rate());
        }
    };
    throttle(disks.throttle_read_bps_device(), |limits, rate| limits.read_bps = Some(rate));
    throttle(disks.throttle_write_bps_device(), |limits, rate| limits.write_bps = Some(rate));
    throttle(disks.throttle_read_iops_device(), |limits, rate| limits.read_iops = Some(rate));
    throttle(disks.throttle_write_iops_device(), |limits, rate| limits.write_iops = Some(rate));
}

fn is_everything(rule: &LinuxDeviceCgroup) -> bool {
    let any = |number: Option<i64>| number.is_none_or(|number| number < 0);
    any(rule.major()) && any(rule.minor()) && matches!(rule.typ(), None | Some(LinuxDeviceType::A))
}

fn rule(rule: &LinuxDeviceCgroup) -> Result<DeviceRule> {
    let kind = match rule.typ() {
        Some(LinuxDeviceType::B) => "b",
        Some(LinuxDeviceType::C | LinuxDeviceType::U) => "c",
        _ => "a",
    };
    let number =
        |number: Option<i64>| number.filter(|number| *number >= 0).map_or("*".into(), |number| number.to_string());
    let access = rule.access().clone().filter(|access| !access.is_empty()).unwrap_or_else(|| "rwm".into());
    let text = format!("{kind} {}:{} {access}", number(rule.major()), number(rule.minor()));
    let parsed = DeviceRule::parse(&text)?;
    Ok(DeviceRule { allow: rule.allow(), kind: if kind == "a" { DeviceKind::All } else { parsed.kind }, ..parsed })
}

/// Where the cgroup is to be: `path` is a path from the root of the tree, or `SLICE:PREFIX:NAME` for systemd.
// ANCHOR: placement
pub(crate) fn placement(id: &str, path: Option<&Path>, systemd: bool) -> Result<Placement> {
    let wrong = |path: &Path| {
        Error::new(format!("linux.cgroupsPath {path:?}: not a path, nor SLICE:PREFIX:NAME of systemd's"))
            .code(code::BAD_CONFIGURATION)
    };
    let text = path.map(|path| path.to_str().ok_or_else(|| wrong(path))).transpose()?.unwrap_or_default();
    let (parent, name) = match text.split(':').collect::<Vec<_>>()[..] {
        _ if text.is_empty() => ("", format!("runtime-{id}")),
        [slice, prefix, name] if systemd => {
            (slice, if prefix.is_empty() { name.to_owned() } else { format!("{prefix}-{name}") })
        }
        _ => match text.rsplit_once('/') {
            // From the root of the tree, and not where we would choose.
            Some(("", name)) => ("/", name.to_owned()),
            Some((parent, name)) => (parent, name.to_owned()),
            None => ("", text.to_owned()),
        },
    };
    let is_part = |part: &str| !matches!(part, "." | "..") && !part.contains('\0');
    if name.is_empty() || !is_part(&name) || name.contains('/') || !parent.split('/').all(is_part) {
        return Err(wrong(Path::new(text)));
    }
    let parent = Some(parent.to_owned()).filter(|parent| !parent.is_empty());
    // We are gone soon, so beside a container there is nobody to have a cgroup: it would stay where others keep theirs.
    let mode = if parent.is_some() && !systemd { Mode::NoConmon } else { Mode::Enabled };
    Ok(Placement { mode, parent, name: Some(name), ..Placement::default() })
}
// ANCHOR_END: placement

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, systemd: bool) -> Result<(Option<String>, Option<String>)> {
        placement("box", Some(Path::new(path)), systemd).map(|placement| (placement.parent, placement.name))
    }

    #[test]
    fn a_path_or_a_unit() {
        let some = |parent: &str, name: &str| Ok((Some(parent.to_owned()), Some(name.to_owned())));
        assert_eq!(of("/libpod_parent/libpod-1", false), some("/libpod_parent", "libpod-1"));
        assert_eq!(of("/box", false), some("/", "box"));
        assert_eq!(of("user.slice:libpod:1", true), some("user.slice", "libpod-1"));
        assert_eq!(of(":libpod:1", true), Ok((None, Some("libpod-1".into()))));
        assert_eq!(of("", false), Ok((None, Some("runtime-box".into()))));
        for path in ["/", "..", "/a/..", "../a", "/a/../b", "/a/."] {
            assert!(of(path, false).is_err(), "{path}");
        }
    }

    #[test]
    fn rules_of_podman() {
        let text = r#"{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}],
            "pids": {"limit": 2048}, "memory": {"limit": 100, "swap": -1}}"#;
        let limits = limits(&serde_json::from_str(text).unwrap(), true).unwrap();
        assert_eq!(limits.device_rules, [DeviceRule::parse("c 10:229 rw").unwrap()]);
        assert_eq!((limits.pids, limits.memory, limits.memory_swap), (Some(2048), Some(100), Some(-1)));
        assert!(!limits.all_devices);
    }
}

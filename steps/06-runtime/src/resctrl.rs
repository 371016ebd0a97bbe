//! `linux.intelRdt`: a share of the processor's caches and of the way to memory (runtime-spec, config-linux.md, "IntelRdt";
//! Linux's Documentation/filesystems/resctrl.rst).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nix::unistd::Pid;
use oci_spec::runtime::LinuxIntelRdt;
use process::{Error, Result, code};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    /// A class that somebody has made, or the container's own by its id; empty for everybody's.
    class: String,
    /// Whether the document names it.
    is_named: bool,
    /// Lines of its file `schemata`.
    schemata: Vec<String>,
    /// Whether what it uses is counted on its own, and under which name.
    monitored: Option<String>,
}

impl Share {
    /// Of the document, for container `id`.
    ///
    /// # Errors
    /// A class that leads elsewhere.
    pub(crate) fn parse(asked: &LinuxIntelRdt, id: &str) -> Result<Share> {
        let named = asked.clos_id().as_deref().filter(|name| !name.is_empty());
        let class = match named {
            Some("/") => "",
            Some(name) if [".", "..", "info", "mon_groups", "mon_data"].contains(&name) || name.contains('/') => {
                return Err(Error::new(format!("linux.intelRdt.closID {name:?}: no class has that name"))
                    .code(code::BAD_CONFIGURATION));
            }
            name => name.unwrap_or(id),
        };
        let all = asked.schemata().clone().filter(|lines| !lines.is_empty());
        let single = || asked.l3_cache_schema().iter().chain(asked.mem_bw_schema()).cloned().collect();
        let schemata: Vec<String> = all.unwrap_or_else(single);
        let monitored = asked.enable_monitoring().unwrap_or(false).then(|| id.to_owned());
        Ok(Share { class: class.into(), is_named: named.is_some(), schemata, monitored })
    }

    /// Puts a process there. Returns what was made for it, in the order in which it has to be removed.
    ///
    /// # Errors
    /// When the system has no such shares, the class is not there, or it is another one than the document says.
    pub(crate) fn take(&self, pid: Pid) -> Result<Vec<PathBuf>> {
        let mounted = rootfs::table::read()?.into_iter().find(|mount| mount.kind == "resctrl");
        let root = mounted.ok_or_else(|| {
            Error::new("linux.intelRdt: no resctrl file system is mounted")
                .code(code::CONFIGURATION_NOT_DONE)
                .hint("mount -t resctrl resctrl /sys/fs/resctrl; a processor that has it says rdt_a in /proc/cpuinfo")
        })?;
        let mut made = Vec::new();
        let taken = self.take_below(&root.point, pid, &mut made);
        if taken.is_err() {
            remove(&made);
        }
        taken.map(|()| made)
    }

    // ANCHOR: take
    fn take_below(&self, root: &Path, pid: Pid, made: &mut Vec<PathBuf>) -> Result<()> {
        let class = root.join(&self.class);
        let is_there = class.exists();
        let mut unnamed = Vec::new();
        if self.is_named && is_there {
            self.compare(&class)?;
        } else if self.is_named && self.schemata.is_empty() {
            return Err(Error::new(format!("linux.intelRdt.closID: there is no class {}", self.class))
                .code(code::BAD_CONFIGURATION));
        } else {
            // One that has a name is for others, too, and outlasts us.
            make(&class, if self.is_named { &mut unnamed } else { made })?;
            let lines: String = self.schemata.iter().map(|line| format!("{line}\n")).collect();
            if !lines.is_empty() {
                write(&class.join("schemata"), &lines)?;
            }
        }
        write(&class.join("tasks"), &pid.to_string())?;
        if let Some(name) = &self.monitored {
            let group = class.join("mon_groups").join(name);
            make(&group, made)?;
            write(&group.join("tasks"), &pid.to_string())?;
        }
        Ok(())
    }
    // ANCHOR_END: take

    /// A class of others is not ours to change: it has to be what the document says, where that says something.
    fn compare(&self, class: &Path) -> Result<()> {
        if self.schemata.is_empty() {
            return Ok(());
        }
        let path = class.join("schemata");
        let text = fs::read_to_string(&path).map_err(|error| Error::os(format!("read {}", path.display()), error))?;
        let entries = |line: &str| -> Vec<String> {
            let (kind, list) = line.trim().split_once(':').unwrap_or((line, ""));
            // 00ff and ff are the same.
            let plain = |entry: &str| match entry.split_once('=') {
                Some((domain, value)) => format!("{}={}", domain.trim(), value.trim().trim_start_matches('0')),
                None => entry.into(),
            };
            list.split(';').filter(|entry| !entry.is_empty()).map(|entry| format!("{kind}:{}", plain(entry))).collect()
        };
        let has: Vec<String> = text.lines().flat_map(entries).collect();
        match self.schemata.iter().flat_map(|line| entries(line)).find(|entry| !has.contains(entry)) {
            None => Ok(()),
            Some(entry) => Err(Error::new(format!("linux.intelRdt: the class {} has not {entry}", self.class))
                .code(code::BAD_CONFIGURATION)),
        }
    }
}

fn make(directory: &Path, made: &mut Vec<PathBuf>) -> Result<()> {
    fs::create_dir(directory).map_err(|error| Error::os(format!("make {}", directory.display()), error))?;
    // What is inside goes first.
    made.insert(0, directory.into());
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let written = OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error: io::Error| {
        Error::os(format!("write {text:?} to {}", path.display()), error)
            .hint("the file info/last_cmd_status beside it says what the kernel did not like")
    })
}

/// Removes what was made for a container.
pub(crate) fn remove(made: &[PathBuf]) {
    for directory in made {
        // The kernel's files go with it; nobody is in it any more.
        let _ = fs::remove_dir(directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Result<Share, String> {
        Share::parse(&serde_json::from_str(text).unwrap(), "box").map_err(|error| error.to_string())
    }

    #[test]
    fn a_class_of_its_own_or_of_others() {
        let own = share(r#"{"l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=70"}"#).unwrap();
        assert_eq!((own.class.as_str(), own.is_named), ("box", false));
        assert_eq!(own.schemata, ["L3:0=f", "MB:0=70"]);
        let all =
            share(r#"{"closID": "web", "schemata": ["L2:0=3"], "l3CacheSchema": "L3:0=f", "enableMonitoring": true}"#);
        let all = all.unwrap();
        assert_eq!(
            (all.class.as_str(), all.monitored.as_deref(), all.schemata),
            ("web", Some("box"), vec!["L2:0=3".into()])
        );
        assert_eq!(share(r#"{"closID": "/"}"#).unwrap().class, "");
        for name in ["..", "a/b", "info"] {
            assert!(share(&format!("{{\"closID\": {name:?}}}")).is_err(), "{name}");
        }
    }

    /// In a directory of files as the kernel's are named.
    #[test]
    fn what_is_there_is_compared_and_not_changed() {
        let directory = tempfile::tempdir().unwrap();
        let web = directory.path().join("web");
        fs::create_dir_all(web.join("mon_groups")).unwrap();
        fs::write(web.join("schemata"), "    MB:0=100;1=100\n    L3:0=0ff;1=fff\n").unwrap();
        fs::write(web.join("tasks"), "").unwrap();
        let take = |text: &str| {
            let mut made = Vec::new();
            share(text)
                .unwrap()
                .take_below(directory.path(), Pid::from_raw(7), &mut made)
                .map_err(|error| error.to_string())
        };
        assert_eq!(take(r#"{"closID": "web", "l3CacheSchema": "L3:0=ff"}"#), Ok(()));
        assert_eq!(fs::read_to_string(web.join("tasks")).unwrap(), "7");
        assert_eq!(
            take(r#"{"closID": "web", "l3CacheSchema": "L3:1=ff"}"#),
            Err("linux.intelRdt: the class web has not L3:1=ff".into())
        );
        assert_eq!(take(r#"{"closID": "none"}"#), Err("linux.intelRdt.closID: there is no class none".into()));
        assert!(fs::read_to_string(web.join("schemata")).unwrap().contains("1=fff"));
    }
}

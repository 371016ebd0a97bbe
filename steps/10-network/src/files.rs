//! `/etc/resolv.conf` and `/etc/hosts` of a container that is only a directory.

use std::fs::{self, File};

use nix::mount::{MsFlags, mount};
use process::{Error, Result, Setup};

use crate::Network;

/// Shows texts as files, in memory: the container's directory stays as it is, but for a missing place to show them at.
pub(crate) struct Files(Vec<(&'static str, String)>);

impl Files {
    /// Both files of a container with this network.
    pub fn new(network: &Network, hostname: &str) -> Result<Files> {
        let files = [("/etc/resolv.conf", network.resolv_conf()), ("/etc/hosts", network.hosts(hostname, hostname)?)];
        Ok(Files(files.into_iter().filter_map(|(place, text)| Some((place, text?))).collect()))
    }
}

/// After the root has changed: what is at the place, a link perhaps, leads nowhere but into the container.
impl Setup for Files {
    fn setup(&self) -> Result<()> {
        let none = None::<&str>;
        for (place, text) in &self.0 {
            // Where there is no place for it and none can be made, there is no file.
            let there = |_| fs::exists(place).is_ok_and(|there| there);
            if File::create_new(place).is_err_and(|error| !there(error)) {
                continue;
            }
            let draft = "/dev/shm/.podling";
            fs::write(draft, text).map_err(|error| Error::os(format!("write {draft}"), error))?;
            let bound = mount(Some(draft), *place, none, MsFlags::MS_BIND, none);
            // The mount keeps what has no name any more.
            let _ = fs::remove_file(draft);
            bound.map_err(|errno| Error::os(format!("mount a file on {place}"), errno))?;
        }
        Ok(())
    }
}

//! Volumes of a container: planned when it is made, filled when it first starts.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use process::{Error, Result, code};
use rootfs::beneath::{self, Root};
use rootfs::{Mount, Source, copy};
use rustix::fs::{CWD, Gid, Mode, OFlags, Uid, fchown, openat};

use super::{Volume, Volumes, chown};
use crate::record::Mounted;
use crate::{Engine, Record, names};

impl Volumes {
    /// What a new container uses: the volumes among `asked`, and those of the image that nothing else is mounted on. Nothing
    /// is made yet: first the container's record is written, then each is made ([`Volumes::ensure`]).
    ///
    /// # Errors
    /// When a name cannot be a volume's.
    pub fn plan(&self, asked: &[rootfs::Volume], image: &[String]) -> Result<Vec<Mounted>> {
        let mut planned = Vec::new();
        for volume in asked {
            let (name, anonymous) = match &volume.source {
                Source::Named(name) => (name.clone(), false),
                Source::Anonymous => (names::id()?, true),
                _ => continue,
            };
            names::check(&name).map_err(|words| {
                Error::because(format!("creating named volume {name:?}: running volume create option"), words)
                    .code(code::BAD_REFERENCE)
            })?;
            let destination = volume.destination.display().to_string();
            planned.push(Mounted { name, destination, options: volume.options.clone(), anonymous });
        }
        for destination in image {
            let place: PathBuf = Path::new("/").join(destination).components().collect();
            let destination = place.display().to_string();
            if asked.iter().all(|volume| volume.destination != place)
                && planned.iter().all(|known| known.destination != destination)
            {
                planned.push(Mounted { name: names::id()?, destination, options: Vec::new(), anonymous: true });
            }
        }
        Ok(planned)
    }

    /// The mounts of a container's volumes, ready to be used by its `user`. `root` is its root file system, mounted, with
    /// nothing in it yet; the caller is root of the user's namespace.
    ///
    /// # Errors
    /// When one cannot be made, or filled.
    pub fn mounts(&self, volumes: &[Mounted], root: &Root, user: (u32, u32)) -> Result<Vec<Mount>> {
        let mount = |mounted: &Mounted| {
            let volume = rootfs::Volume {
                source: Source::Named(mounted.name.clone()),
                destination: mounted.destination.clone().into(),
                options: mounted.options.clone(),
            };
            let source = self.prepare(mounted, &volume, root, user)?;
            Ok(volume.mount_from(&source))
        };
        volumes.iter().map(mount).collect()
    }

    /// Makes the volume when it is not there, and fills it when nobody has used it.
    // ANCHOR: prepare
    fn prepare(&self, mounted: &Mounted, how: &rootfs::Volume, root: &Root, user: (u32, u32)) -> Result<PathBuf> {
        let name = &mounted.name;
        let (mut volume, _lock) = loop {
            self.ensure(name, mounted.anonymous)?;
            // Another container that begins with it at the same time waits here until it is filled.
            if let Some(lock) = self.lock(name)?
                && let Some(volume) = self.get(name)?
            {
                break (volume, lock);
            }
        };
        let source = self.source(&volume);
        if volume.needs_copy_up || volume.needs_chown {
            let data = open(&source)?;
            let place = beneath::open_dir(root, &how.destination).ok();
            if how.copies() && volume.needs_copy_up {
                self.fill(&mut volume, &data, place.as_ref())?;
            }
            if volume.needs_chown && volume.options.is_empty() {
                own(&data, place.as_ref(), user).map_err(|error| Error::os(format!("own the volume {name}"), error))?;
            }
            volume.needs_chown = false;
            self.save(&volume)?;
        }
        if how.chown() {
            chown(&source, user)?;
        }
        Ok(source)
    }
    // ANCHOR_END: prepare

    /// Copies what the image has in the place, once.
    fn fill(&self, volume: &mut Volume, data: &OwnedFd, place: Option<&OwnedFd>) -> Result<()> {
        let failed = |error| Error::os(format!("copy the image's content into the volume {}", volume.name), error);
        if volume.filling {
            // Somebody was killed when part of it was there.
            let clear = |entry: std::fs::DirEntry| match entry.file_type()?.is_dir() {
                true => std::fs::remove_dir_all(entry.path()),
                false => std::fs::remove_file(entry.path()),
            };
            let entries = std::fs::read_dir(self.source(volume)).map_err(failed)?;
            entries.flatten().try_for_each(clear).map_err(failed)?;
        }
        if let Some(place) = place
            && copy::is_empty(data.as_fd()).map_err(failed)?
            && !copy::is_empty(place.as_fd()).map_err(failed)?
        {
            volume.filling = true;
            self.save(volume)?;
            copy::content(place.as_fd(), data.as_fd()).map_err(|error| {
                Error::os(format!("copy the image's content into the volume {}", volume.name), error)
            })?;
        }
        volume.needs_copy_up = false;
        volume.filling = false;
        self.save(volume)
    }
}

impl Engine {
    /// Removes the volumes that were made for this container alone, unless another one uses them. To be called before the
    /// container's record goes: whoever is killed between the two has not lost them.
    ///
    /// # Errors
    /// The first one's that cannot be removed; the others are.
    pub fn discard_volumes(&self, record: &Record) -> Result<()> {
        let others = |name: &str| {
            let users = self.ids_of_users(name)?;
            Ok(users.into_iter().filter(|id| *id != record.id).collect())
        };
        let mut result = Ok(());
        for mounted in record.volumes.iter().filter(|mounted| mounted.anonymous) {
            match self.volumes().remove(&mounted.name, &others) {
                // It was removed before, or somebody else wants it.
                Err(error) if [1, 2].contains(&error.status()) => {}
                removed => result = result.and(removed),
            }
        }
        result
    }
}

/// Like the directory that it covers; where there is none, the user's who is the first to use it.
fn own(data: &OwnedFd, place: Option<&OwnedFd>, (user, group): (u32, u32)) -> std::io::Result<()> {
    match place {
        Some(place) => copy::metadata(place.as_fd(), data.as_fd()),
        None => Ok(fchown(data, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?),
    }
}

fn open(directory: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(CWD, directory, flags, Mode::empty())
        .map_err(|errno| Error::os(format!("open the volume's directory {}", directory.display()), errno))
}

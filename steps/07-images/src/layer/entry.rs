//! One entry of a layer, written.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;

use process::{Error, Result, code, prerequisite::hint};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, ResolveFlags, Timespec, Timestamps, ftruncate, futimens, linkat, makedev, mkdirat,
    mknodat, openat, openat2, symlinkat,
};
use rustix::io::Errno;

use super::beneath::{Place, Root, plain};
use super::whiteout::{self, Meaning};
use super::{in_user_namespace, is_directory, meta, open_directory};
use crate::Limits;
use crate::tape::{Entry, Kind, Sparse};

/// Writes entries below a root.
pub struct Writer {
    root: Root,
    limits: Limits,
    /// Decides on which attribute means "opaque", and what a device that cannot be made means.
    user_namespace: bool,
    entries: u64,
    /// Bytes that files claim to be long; a hole costs nothing here and everything to who copies it.
    claimed: u64,
    /// Directories and their times, set at the end: each entry written into one changes it.
    times: Vec<(Vec<u8>, (i64, i64))>,
    /// Whether there are deletions that are files.
    marked: bool,
}

impl Writer {
    /// Writes below `root`.
    pub fn new(root: Root, limits: &Limits) -> Result<Self> {
        rustix::fs::fchmod(root.fd(), Mode::from_raw_mode(0o755))
            .map_err(|error| Error::os("chmod the layer's root", error))?;
        Ok(Writer {
            root,
            limits: limits.clone(),
            user_namespace: in_user_namespace(),
            entries: 0,
            claimed: 0,
            times: Vec::new(),
            marked: false,
        })
    }

    /// Writes one entry, its content read from `content`.
    pub fn write(&mut self, entry: &Entry, content: &mut impl Read) -> Result<()> {
        let shown = String::from_utf8_lossy(&entry.path).into_owned();
        self.entries += 1;
        if self.entries > self.limits.layer_entries {
            return Err(
                Error::new(format!("layer has more than {} entries", self.limits.layer_entries)).code(code::TOO_LARGE)
            );
        }
        let path = plain(&entry.path).ok_or_else(|| {
            Error::new(format!("layer has an entry outside of its root: {shown:?}")).code(code::REFUSED_LAYER)
        })?;
        self.entry(&path, entry, content).map_err(|error| explain(error, &shown, entry))
    }

    fn entry(&mut self, path: &[u8], entry: &Entry, content: &mut impl Read) -> Result<(), Failure> {
        let place = self.root.place(path).map_err(|error| match error {
            // Nothing is found below the name, and still it is taken.
            Errno::EXIST => Failure::Refused("a link on the way leads out of the layer"),
            error => Failure::Kernel(error),
        });
        let Some(place) = place? else { return self.write_root(entry) };
        match whiteout::meaning(&place.name) {
            Meaning::Entry => {}
            Meaning::Ignored => return Ok(()),
            Meaning::Opaque => return Ok(whiteout::hide_below(&place.parent, self.user_namespace)?),
            Meaning::Deleted(b"" | b"." | b"..") => return Err(Failure::Refused("a whiteout of no name")),
            Meaning::Deleted(name) => {
                let place = Place { name: name.to_vec(), parent: place.parent };
                self.marked |= whiteout::delete(&place, self.user_namespace)?;
                return Ok(());
            }
        }
        let was_marked = self.marked && whiteout::unmark(&place)?;
        if entry.kind == Kind::Directory {
            return self.write_directory(path, (&place, was_marked), entry);
        }
        place.clear()?;
        match &entry.kind {
            Kind::File { sparse } => self.write_file(&place, entry, sparse.as_ref(), content),
            Kind::Symlink(target) => {
                symlinkat(&target[..], &place.parent, &place.name[..])?;
                Ok(meta::of_name(&place, entry, true)?)
            }
            Kind::Hardlink(target) => self.write_hardlink(&place, target),
            Kind::Fifo => self.write_node(&place, entry, FileType::Fifo, (0, 0)),
            Kind::Char(major, minor) => self.write_node(&place, entry, FileType::CharacterDevice, (*major, *minor)),
            Kind::Block(major, minor) => self.write_node(&place, entry, FileType::BlockDevice, (*major, *minor)),
            Kind::Directory => Ok(()),
        }
    }

    /// The root may get an owner and a mode; it stays the directory that was opened.
    fn write_root(&mut self, entry: &Entry) -> Result<(), Failure> {
        if entry.kind != Kind::Directory {
            return Err(Failure::Refused("the root is not a directory"));
        }
        meta::of_open(self.root.fd(), entry)?;
        self.times.push((Vec::new(), entry.mtime));
        Ok(())
    }

    fn write_directory(
        &mut self,
        path: &[u8],
        (place, was_marked): (&Place, bool),
        entry: &Entry,
    ) -> Result<(), Failure> {
        if !is_directory(place)? {
            let was_deleted = was_marked || whiteout::is_whiteout(place)?;
            place.clear()?;
            mkdirat(&place.parent, &place.name[..], Mode::from_raw_mode(0o700))?;
            if was_deleted {
                whiteout::hide_below(open_directory(place)?, self.user_namespace)?;
            }
        }
        meta::of_open(open_directory(place)?, entry)?;
        self.times.push((path.to_vec(), entry.mtime));
        Ok(())
    }

    fn write_file(
        &mut self,
        place: &Place,
        entry: &Entry,
        sparse: Option<&Sparse>,
        content: &mut impl Read,
    ) -> Result<(), Failure> {
        self.claimed = self.claimed.saturating_add(sparse.map_or(entry.size, |sparse| sparse.length));
        if self.claimed > self.limits.layer_bytes {
            return Err(Failure::Refused("the layer's files are larger than the limit"));
        }
        // EXCL: whatever was there is gone, and if something is there again it is not ours to write to.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file: OwnedFd = openat(&place.parent, &place.name[..], flags, Mode::from_raw_mode(0o600))?;
        let mut file = File::from(file);
        match sparse {
            None => {
                io::copy(content, &mut file)?;
            }
            Some(sparse) => {
                for (offset, length) in &sparse.parts {
                    file.seek(SeekFrom::Start(*offset))?;
                    io::copy(&mut content.by_ref().take(*length), &mut file)?;
                }
                ftruncate(&file, sparse.length)?;
            }
        }
        Ok(meta::of_open(&file, entry)?)
    }

    /// Another name for a file of this layer. Owner and mode are the first name's: setting them again could
    /// only reach somewhere else.
    fn write_hardlink(&self, place: &Place, target: &[u8]) -> Result<(), Failure> {
        let target = plain(target).ok_or(Failure::Refused("a hard link to outside of the root"))?;
        let from = self.root.existing(&target)?.ok_or(Failure::Refused("a hard link to the root"))?;
        // No flag: a link is linked, not what it points to.
        Ok(linkat(&from.parent, &from.name[..], &place.parent, &place.name[..], AtFlags::empty())?)
    }

    fn write_node(
        &self,
        place: &Place,
        entry: &Entry,
        kind: FileType,
        (major, minor): (u32, u32),
    ) -> Result<(), Failure> {
        match mknodat(&place.parent, &place.name[..], kind, Mode::from_raw_mode(0o600), makedev(major, minor)) {
            // Nobody can make a device in a user namespace. The image is usable without, and Podman, too,
            // goes on: containers get their devices from the engine.
            Err(Errno::PERM) if self.user_namespace && kind != FileType::Fifo => return Ok(()),
            result => result?,
        }
        Ok(meta::of_name(place, entry, false)?)
    }

    /// Sets the times of the directories.
    pub fn finish(self) -> Result<()> {
        for (path, (seconds, nanoseconds)) in self.times.iter().rev() {
            let path = if path.is_empty() { b"." } else { &path[..] };
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
            // A later entry may have replaced the directory by something else, even by a link.
            let Ok(directory) = openat2(self.root.fd(), path, flags, Mode::empty(), resolve) else { continue };
            let time = Timespec { tv_sec: *seconds, tv_nsec: *nanoseconds };
            futimens(&directory, &Timestamps { last_access: time, last_modification: time })
                .map_err(|error| Error::os("set the time of a directory", error))?;
        }
        Ok(())
    }
}

/// Why an entry could not be written.
enum Failure {
    Kernel(Errno),
    Content(io::Error),
    Refused(&'static str),
}

impl From<Errno> for Failure {
    fn from(error: Errno) -> Self {
        Failure::Kernel(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Content(error)
    }
}

fn explain(failure: Failure, shown: &str, entry: &Entry) -> Error {
    let path = format!("/{}", shown.trim_start_matches("./").trim_matches('/'));
    match failure {
        Failure::Refused(why) => Error::new(format!("unpacking {path}: {why}")).code(code::REFUSED_LAYER),
        Failure::Content(error) => Error::os(format!("unpacking {path}"), error).or_code(code::REFUSED_LAYER),
        Failure::Kernel(Errno::INVAL) => Error::os(
            format!(
                "potentially insufficient UIDs or GIDs available in user namespace (requested {}:{} for {path}): \
                 Check /etc/subuid and /etc/subgid if configured locally: lchown {path}",
                entry.uid, entry.gid
            ),
            Errno::INVAL,
        )
        .hint(hint("subids"))
        .code(code::UNMAPPED_ID),
        Failure::Kernel(Errno::NOSYS) => {
            Error::os(format!("unpacking {path}"), Errno::NOSYS).hint("openat2 needs Linux 5.6 or later")
        }
        Failure::Kernel(error) => Error::os(format!("unpacking {path}"), error),
    }
}

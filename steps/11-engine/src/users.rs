//! Which containers need which images: the verbs of step 07 that remove images ask.

use std::io::Write;

use clap::ArgMatches;
use images::{Containers, prune, rmi};
use namespaces::Space;
use nix::unistd::geteuid;
use process::{Command, Result};
use rootfs::Source;

use crate::{Engine, Record, ids, mapped};

/// The verb, which now knows of containers.
pub const RMI: Command =
    Command { name: "rmi", about: "Remove one or more images from local storage", define: rmi::define, run: remove };
/// The verb, which now knows of containers.
pub const PRUNE: Command =
    Command { name: "image prune", about: "Remove unused images", define: prune::define, run: prune };

fn remove(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let engine = Engine::from_arguments(matches)?;
    let root = engine.root().to_path_buf();
    let removed = rmi::run(matches, out, &Users(engine));
    mapped::sweep(&root);
    removed
}

fn prune(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let users = Users(Engine::from_arguments(matches)?);
    let status = prune::run(matches, out, &users)?;
    // The copies for other ids belong to these.
    if status == 0 && geteuid().is_root() {
        mapped::prune(users.0.root(), &|| users.copies())?;
    }
    Ok(status)
}

struct Users(Engine);

impl Users {
    /// The IDs of the images that a container needs: also those that it mounts.
    fn images(&self, record: &Record) -> Vec<String> {
        let mounted = |volume: rootfs::Volume| match volume.source {
            Source::Image(name) => registry::find(self.0.store(), &name).ok().map(|image| image.id),
            _ => None,
        };
        let volumes = record.options.volumes().unwrap_or_default();
        volumes.into_iter().filter_map(mounted).chain([record.image_id.clone()]).collect()
    }

    /// Images whose files containers need with other owners, and the words for their maps; without a word for a map that is
    /// another's, and so only known when that one runs.
    fn copies(&self) -> Result<Vec<(String, Option<String>)>> {
        let mut copies = Vec::new();
        for record in self.0.list()? {
            let map = match record.options.users.space() {
                Space::Host => continue,
                Space::Private => ids::of_namespace(&record.options.users).ok().flatten(),
                _ => None,
            };
            let word = map.as_ref().map(mapped::name);
            copies.extend(self.images(&record).into_iter().map(|image| (image, word.clone())));
        }
        Ok(copies)
    }
}

impl Containers for Users {
    fn users(&self) -> Result<Vec<(String, String)>> {
        let of = |record: &Record| {
            let images = self.images(record);
            images.into_iter().map(|image| (record.id.clone(), image)).collect::<Vec<_>>()
        };
        Ok(self.0.list()?.iter().flat_map(of).collect())
    }

    fn remove(&self, container: &str) -> Result<()> {
        let record = self.0.find(container)?;
        self.0.stop(&record, None)?;
        self.0.remove(&record, true)
    }
}

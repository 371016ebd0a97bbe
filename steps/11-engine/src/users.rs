//! Which containers need which images: the verbs of step 07 that remove images ask.

use std::io::Write;

use clap::ArgMatches;
use images::{Containers, prune, rmi};
use process::{Command, Result};
use rootfs::Source;

use crate::{Engine, mapped};

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
    prune::run(matches, out, &Users(Engine::from_arguments(matches)?))
}

struct Users(Engine);

impl Containers for Users {
    fn users(&self) -> Result<Vec<(String, String)>> {
        let mut users = Vec::new();
        for record in self.0.list()? {
            // Those that it mounts, too.
            for volume in record.options.volumes().unwrap_or_default() {
                if let Source::Image(name) = volume.source
                    && let Ok(image) = registry::find(self.0.store(), &name)
                {
                    users.push((record.id.clone(), image.id));
                }
            }
            users.push((record.id, record.image_id));
        }
        Ok(users)
    }

    fn remove(&self, container: &str) -> Result<()> {
        let record = self.0.find(container)?;
        self.0.stop(&record, None)?;
        self.0.remove(&record, true)
    }
}

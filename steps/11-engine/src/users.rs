//! Which containers need which images: the verbs of step 07 that remove images ask.

use std::io::Write;

use clap::ArgMatches;
use images::{Containers, prune, rmi};
use process::{Command, Result};

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
        Ok(self.0.list()?.into_iter().map(|record| (record.id, record.image_id)).collect())
    }

    fn remove(&self, container: &str) -> Result<()> {
        let record = self.0.find(container)?;
        self.0.stop(&record, None)?;
        self.0.remove(&record, true)
    }
}

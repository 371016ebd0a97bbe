//! `create IMAGE [COMMAND...]`, and what `run` shares with it.

use std::io::Write;
use std::path::Path;

use clap::ArgMatches;
use confinement::SecurityOptions;
use confinement::label::Label;
use images::Image;
use process::{Command, Error, Result, code};
use rootfs::Source;

use crate::flags::{self, Making};
use crate::running::Running;
use crate::status::now;
use crate::{Engine, Options, Record, compose, foreign, names, signal};

/// The verb.
pub const CREATE: Command =
    Command { name: "create", about: "Create a container, but do not start it", define: flags::arguments, run: create };

fn create(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let options = Options::from_arguments(matches)?;
    let making = Making::from_arguments(matches)?;
    warn(&options);
    let engine = Engine::from_arguments(matches)?;
    let record = engine.create(&options, &making)?;
    writeln!(out, "{}", record.id).map_err(|error| Error::os("write to standard output", error))?;
    Ok(0)
}

/// Tells the person what of the command line has no effect.
pub(crate) fn warn(options: &Options) {
    if let Some(notice) = options.network.notice() {
        eprintln!("{notice}");
    }
    options.limits.notices().iter().for_each(|notice| eprintln!("{notice}"));
}

impl Engine {
    /// Makes a container that does not run yet.
    ///
    /// # Errors
    /// When the image, or anything that was asked for, is not there; nothing is left then.
    pub fn create(&self, options: &Options, making: &Making) -> Result<Record> {
        self.prepare(options, making).map(|(record, _)| record)
    }

    /// The same, and keeps it, so that nobody else starts it.
    // ANCHOR: prepare
    pub(crate) fn prepare(&self, options: &Options, making: &Making) -> Result<(Record, Running)> {
        options.check()?;
        options.stop_signal.as_deref().map_or(Ok(0), signal::parse)?;
        check_cidfile(making.cidfile.as_deref())?;
        let image = self.image(options, making)?;
        let mut options = options.clone();
        options.runtime = foreign::chosen()?;
        options.network.choose_ports(&image.config.exposed_ports)?;
        if options.stop_signal.is_none() && !image.config.stop_signal.is_empty() {
            options.stop_signal = Some(image.config.stop_signal.clone());
        }
        let command = compose::command(&options, &image.config)?;
        compose::check(&options)?;
        for volume in options.volumes()? {
            if let Source::Image(name) = &volume.source {
                registry::find(self.store(), name)?;
            }
        }
        let id = names::id()?;
        let name = options.name.clone().map_or_else(names::name, Ok)?;
        if making.replace {
            self.replace(&name)?;
        }
        let gate = self.settle(&mut options, &image)?;
        let running = self.state().claim(&id, &name)?;
        let made = self.record(id.clone(), name.clone(), options, &image, command).and_then(|record| {
            record.write(&self.state().container(&id))?;
            // From here on everybody sees which ids it has.
            drop(gate);
            // Not before somebody is known to use them, or a prune could take them away again.
            for volume in &record.volumes {
                self.volumes().ensure(&volume.name, volume.anonymous)?;
            }
            write_id(making.cidfile.as_deref(), &id)?;
            Ok(record)
        });
        match made {
            Ok(record) => {
                self.event("create", &record, &[]);
                Ok((record, running))
            }
            Err(error) => {
                let _ = match Record::read(&self.state().container(&id)) {
                    Ok(Some(record)) => self.discard(&record),
                    _ => self.state().remove_unrecorded(&id, &name),
                };
                Err(error)
            }
        }
    }
    // ANCHOR_END: prepare

    fn record(
        &self,
        id: String,
        name: String,
        options: Options,
        image: &Image,
        command: Vec<String>,
    ) -> Result<Record> {
        let label = self.label(&options)?;
        let volumes = self.volumes().plan(&options.volumes()?, &image.config.volumes)?;
        Ok(Record {
            id,
            name,
            image_id: image.id.clone(),
            image: image_name(&options.image, image),
            command,
            created: now(),
            volumes,
            label,
            options,
        })
    }

    /// The label of a new container: its own pair of categories, which no other one has.
    fn label(&self, options: &Options) -> Result<Option<Label>> {
        let mut words = SecurityOptions::parse(&options.security)?.label;
        if options.privileged && words.is_empty() {
            words.push("disable".into());
        }
        let taken = |level: &str| {
            let records = self.list().unwrap_or_default();
            records.iter().any(|record| record.label.as_ref().is_some_and(|label| label.level() == level))
        };
        Label::pick(&words, &taken)
    }

    fn replace(&self, name: &str) -> Result<()> {
        if self.find(name).is_err() {
            return Ok(());
        }
        match self.as_root(&["rm", "--force", "--ignore", name])? {
            0 => Ok(()),
            status => Err(Error::told(status)),
        }
    }
}

/// The name that the image was asked for by, in full.
fn image_name(asked: &str, image: &Image) -> String {
    let candidates = images::reference::Reference::parse(asked).map(|reference| reference.candidates());
    let found = candidates.unwrap_or_default().into_iter().find(|name| image.names.contains(name));
    found.or_else(|| image.names.first().cloned()).unwrap_or_else(|| image.id.clone())
}

fn check_cidfile(path: Option<&Path>) -> Result<()> {
    match path.filter(|path| path.exists()) {
        Some(path) => Err(Error::new(format!(
            "container id file exists. Ensure another container is not using it or delete {}",
            path.display()
        ))
        .code(code::FILE_EXISTS)),
        None => Ok(()),
    }
}

fn write_id(path: Option<&Path>, id: &str) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, id).map_err(|error| Error::os(format!("write the container id to {}", path.display()), error))
}

//! `run IMAGE [COMMAND...]`.
//!
//! Two processes of this program do it. The one that the user started keeps the terminal and the signals. Its
//! child is root in a user namespace; it alone touches the container's files, so it can make and remove those of
//! all the container's ids, and when it dies the kernel takes the container and its mounts along.

use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ArgMatches;
use images::{Image, Store};
use namespaces::{Namespaces, itself};
use process::{Command, Result};

use crate::root::{self, Root};
use crate::{Options, Record, Running, State, compose, names, options};

/// The verb.
pub const RUN: Command =
    Command { name: "run", about: "Run a command in a new container", define: options::arguments, run };
/// The verb again, on the other side: in the user namespace, with the same arguments.
pub const CONTAINER: Command = Command { name: "container", about: "", define: options::arguments, run: container };

// ANCHOR: run
fn run(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    // What is wrong with the command line is said before anything is made.
    let options = Options::from_arguments(matches)?;
    let mut args: Vec<_> = std::env::args_os().collect();
    if let Some(verb) = args.iter_mut().skip(1).find(|word| *word == RUN.name) {
        *verb = CONTAINER.name.into();
    }
    Namespaces::storage()?.run_through(&itself::program(args), options.stdio, &())
}
// ANCHOR_END: run

fn container(matches: &ArgMatches, _out: &mut dyn Write) -> Result<u8> {
    let options = Options::from_arguments(matches)?;
    let root = match matches.get_one::<PathBuf>("root") {
        Some(root) => root.clone(),
        None => images::default_root()?,
    };
    let store = Store::open(&root)?;
    let image = find(&store, &options.image)?;
    let state = State::new(root);
    state.sweep()?;
    let id = names::id()?;
    let name = options.name.clone().map_or_else(names::name, Ok)?;
    let running = state.claim(&id, &name)?;
    let record = Record {
        id,
        name,
        image: (image.id.clone(), options.image.clone()),
        command: Vec::new(),
        created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
        remove: options.remove,
        exit_code: None,
    };
    keep(&state, running, record, |record| start(&state, &store, &image, &options, record))
}

/// Keeps the record while `start` runs the container. A container that could not be started leaves nothing.
// ANCHOR: keep
fn keep(state: &State, running: Running, record: Record, start: impl Fn(&Record) -> Result<u8>) -> Result<u8> {
    let result = start(&record);
    let kept = match result {
        Ok(status) if !record.remove => ended(state, &record.id, status),
        _ => state.remove(&record.id, &record.name),
    };
    match kept {
        Ok(()) => drop(running),
        Err(_) => running.leave(),
    }
    // The container's status counts, unless the end of it failed.
    let status = result?;
    kept.map(|()| status)
}
// ANCHOR_END: keep

/// Adds the status to the record that `start` has written.
fn ended(state: &State, id: &str, status: u8) -> Result<()> {
    let directory = state.container(id);
    Record::read(&directory)?.map_or(Ok(()), |record| record.exited(status).write(&directory))
}

// ANCHOR: start
fn start(state: &State, store: &Store, image: &Image, options: &Options, record: &Record) -> Result<u8> {
    let directory = state.container(&record.id);
    let mountpoints = root::mountpoints(state.root(), &record.id)?;
    let root = Root::mount(store.layer_dirs(image), mountpoints, &directory, record.remove)?;
    let ids = (record.id.as_str(), record.name.as_str());
    let container = compose::compose(options, &image.config, ids, (&root.path(), &root.files()))?;
    let command = container.program.args.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    Record { command, ..record.clone() }.write(&directory)?;
    container.run(options.stdio.console()?)
}
// ANCHOR_END: start

/// The image; the built-in one is put into the store when it is asked for.
fn find(store: &Store, name: &str) -> Result<Image> {
    store.find(name).or_else(|error| match images::HELLO.strip_suffix(":latest") {
        Some(hello) if [hello, images::HELLO, "hello", "hello:latest"].contains(&name) => store.add_hello(),
        _ => Err(error),
    })
}

//! The engine: images, containers, and where they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use images::{Image, Store};
use namespaces::{Storage, itself};
use nix::unistd::geteuid;
use process::{Error, Result, Setup, Stdio};
use registry::Policy;

use crate::flags::Making;
use crate::{Options, Record, State, Status};

/// The user's engine. There is no daemon: opening it is looking at its directory, and mending what a crash left.
#[derive(Debug, Clone)]
pub struct Engine {
    root: PathBuf,
    state: State,
    store: Store,
}

impl Engine {
    /// The engine in `root`, or in the user's own place.
    ///
    /// # Errors
    /// When there is no such place.
    pub fn open(root: Option<&Path>) -> Result<Engine> {
        let root = match root {
            Some(root) => std::path::absolute(root).map_err(|error| Error::os("look where the root is", error))?,
            None => images::default_root()?,
        };
        let engine = Engine { state: State::new(&root), store: Store::open(&root)?, root };
        if !engine.sweep()? && !geteuid().is_root() {
            engine.as_root(&["sweep"])?;
        }
        Ok(engine)
    }

    /// Mends what killed monitors left; false when something of it takes root of the user's namespace.
    fn sweep(&self) -> Result<bool> {
        self.state.sweep_with(&|record| self.discard(record))
    }

    /// The same without mending what a crash left: for whoever has threads, and so must not start a process.
    ///
    /// # Errors
    /// When `root` is no place.
    pub fn look(root: &Path) -> Result<Engine> {
        Ok(Engine { state: State::new(root), store: Store::open(root)?, root: root.into() })
    }

    /// The engine that `--root` names, or the user's.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn from_arguments(matches: &ArgMatches) -> Result<Engine> {
        Engine::open(matches.get_one::<PathBuf>("root").map(PathBuf::as_path))
    }

    /// Its directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its containers.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its images.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The container of this name, id, or beginning of an id.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &str) -> Result<Record> {
        self.state.find(name)
    }

    /// All containers, the newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn list(&self) -> Result<Vec<Record>> {
        let mut records = self.state.list()?;
        records.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(records)
    }

    /// What a container does now.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn status(&self, record: &Record) -> Result<Status> {
        self.state.status(&record.id)
    }

    /// The command line of this program with the verb `words`, for this engine.
    #[must_use]
    pub fn again(&self, words: &[&str]) -> Vec<OsString> {
        let (verb, rest) = words.split_first().unwrap_or((&"", &[]));
        let mut args: Vec<OsString> = vec!["podling".into(), verb.into(), "--root".into(), self.root.clone().into()];
        args.extend(rest.iter().map(Into::into));
        args
    }

    /// Runs a verb of this program as root of the user's namespace, and returns its exit status. What it would print is
    /// not what our caller waits for; its errors are.
    ///
    /// # Errors
    /// When there is no such namespace to be had.
    pub fn as_root(&self, words: &[&str]) -> Result<u8> {
        let stdio = Stdio { terminal: false, interactive: true };
        Storage::open()?.run(&itself::program(self.again(words)), stdio, &Quiet)
    }

    /// The image of a new container: from the store, or from its registry when it is not there or `--pull` says so.
    ///
    /// # Errors
    /// When there is none.
    // ANCHOR: image
    pub fn image(&self, options: &Options, making: &Making) -> Result<Image> {
        let found = registry::find(&self.store, &options.image);
        let here = found.is_ok();
        match (making.pull, found) {
            (Policy::Never, found) | (Policy::Missing, found @ Ok(_)) => found,
            (_, Ok(image)) if self.is_hello(&image) => Ok(image),
            (policy, _) => match self.pull(&options.image, policy, making) {
                Ok(()) => registry::find(&self.store, &options.image),
                // What is there is better than nothing, unless the registry's was asked for.
                Err(_) if here && policy == Policy::Newer => registry::find(&self.store, &options.image),
                Err(error) => Err(error),
            },
        }
    }
    // ANCHOR_END: image

    fn is_hello(&self, image: &Image) -> bool {
        image.names.iter().any(|name| name == images::HELLO)
    }

    /// By this program again: layers have owners, so it takes root of the user's namespace; and what it has to say goes
    /// to the caller's terminal.
    fn pull(&self, image: &str, policy: Policy, making: &Making) -> Result<()> {
        if is_name_of_hello(image) {
            return match self.as_root(&["add-hello"])? {
                0 => Ok(()),
                status => Err(Error::told(status)),
            };
        }
        let mut words = vec!["fetch".to_string(), format!("--policy={}", policy.name())];
        let option = |name: &str, value: Option<String>| value.map(|value| format!("--{name}={value}"));
        let registry = &making.registry;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        words.extend(option("authfile", path(&registry.authfile)));
        words.extend(option("cert-dir", path(&registry.cert_dir)));
        words.extend(option("tls-verify", registry.tls_verify.map(|verify| verify.to_string())));
        words.extend(option("creds", registry.creds.clone()));
        words.extend(registry.quiet.then(|| "--quiet".to_string()));
        words.extend(["--".to_string(), image.to_string()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match self.as_root(&words)? {
            0 => Ok(()),
            // It has said why.
            status => Err(Error::told(status)),
        }
    }
}

/// Prints nothing.
struct Quiet;

impl Setup for Quiet {
    fn setup(&self) -> Result<()> {
        process::silence()
    }
}

/// The image that is built in, as one may call it.
fn is_name_of_hello(name: &str) -> bool {
    let hello = images::HELLO.trim_end_matches(":latest");
    [hello, images::HELLO, "hello", "hello:latest"].contains(&name)
}

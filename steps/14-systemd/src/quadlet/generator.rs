//! The generator: what systemd calls before it reads its units (systemd.generator(7)).
//!
//! It runs at the very beginning, before there are file systems, a log, or a network. So it reads its files, writes its
//! units, and does nothing else.

use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use process::{Error, Result, code};

use super::{Kind, WAIT_ONLINE, find, install, names, other, translate};
use crate::unit::Unit;

/// Waits for the network of the system, which a user's services cannot depend on. Whoever has a unit of this name (Podman
/// brings one) keeps it. When nobody on this machine waits for the network, it does not either.
const WAIT_ONLINE_UNIT: &str = include_str!("wait-online.service");

#[derive(Debug, Default)]
struct Options {
    user: bool,
    dry_run: bool,
    verbose: bool,
    no_kmsg: bool,
    version: bool,
    directories: Vec<PathBuf>,
}

/// Runs as a program of the name `args[0]`; a user's generator is one whose name has `user` in it.
/// Returns the exit status. Without a terminal, and before there is a log, it says what is wrong to the kernel.
// ANCHOR: main
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut log = Log::default();
    let options = match options(&args) {
        Ok(options) => options,
        Err(error) => {
            log.say(&error.to_string());
            return 2;
        }
    };
    log.kernel = !options.no_kmsg && !options.dry_run;
    log.verbose = options.verbose || options.dry_run;
    if options.version {
        println!("{}", env!("CARGO_PKG_VERSION"));
        return 0;
    }
    match generate(&args, &options, &mut log, &mut std::io::stdout()) {
        true => 0,
        false => {
            log.say("processing encountered some errors");
            1
        }
    }
}
// ANCHOR_END: main

/// Writes the services to `out` in place of files, those of the user or, for root, of the system; `false` when there was
/// any error.
pub fn show(out: &mut dyn Write) -> bool {
    let options = Options { user: !nix::unistd::geteuid().is_root(), dry_run: true, ..Options::default() };
    generate(&[], &options, &mut Log::default(), out)
}

/// `-name` and `--name` are the same.
fn options(args: &[OsString]) -> Result<Options> {
    let name = args.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let mut options = Options { user: name.to_string_lossy().contains("user"), ..Options::default() };
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        let word = arg.to_string_lossy();
        match word.strip_prefix("--").or(word.strip_prefix('-')) {
            Some("") if word == "--" => options.directories.extend(args.by_ref().map(PathBuf::from)),
            Some("user") => options.user = true,
            Some("dryrun") => options.dry_run = true,
            Some("v") => options.verbose = true,
            Some("no-kmsg-log") => options.no_kmsg = true,
            Some("version") => options.version = true,
            Some(_) => {
                return Err(Error::new(format!("flag provided but not defined: {word}")).code(code::UNKNOWN_FLAG));
            }
            None => options.directories.push(arg.into()),
        }
    }
    Ok(options)
}

/// Does it; `false` when there was any error. One wrong file keeps no other from being translated.
// ANCHOR: generate
fn generate(args: &[OsString], options: &Options, log: &mut Log, out: &mut dyn Write) -> bool {
    let mut good = true;
    let output = options.directories.first();
    if output.is_none() && !options.dry_run {
        log.say("missing output directory argument");
        return false;
    }
    let found = find::units(options.user, |path| log.debug(&format!("Loading source unit file {}", path.display())));
    let mut fail = |log: &mut Log, error: Error| {
        log.say(&error.to_string());
        good = false;
    };
    for error in found.wrong {
        fail(log, error);
    }
    if found.units.is_empty() {
        log.debug(&format!("No files parsed from {:?}", found.directories));
        return good;
    }
    let program = match program() {
        Ok(program) => program,
        Err(error) => {
            fail(log, error);
            return good;
        }
    };
    let called = args.first().map(Path::new).and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    if let Some(other) = other::generator(&called, options.user).filter(|_| !options.dry_run) {
        log.say(&other::steps_back(&other, &program).to_string());
        return good;
    }
    let mut files = names::files(&found.units);
    for (kind, source) in &found.units {
        translate::warn(*kind, source, |warning| log.say(warning));
        let translated = translate::translate(*kind, source, &mut files, &program, options.user);
        let mut translated = match translated {
            Ok(translated) => translated,
            Err(error) => {
                fail(log, Error::within(format!("converting {:?}", source.name()), error));
                continue;
            }
        };
        for warning in &translated.warnings {
            log.say(warning);
        }
        if *kind == Kind::Container {
            for flag in translate::unknown_flags(&translated.service) {
                let name = source.name();
                log.say(&format!("Warning: {name}: podling run has no --{flag} yet: the service cannot start with it"));
            }
        }
        match output.filter(|_| !options.dry_run) {
            None => {
                if let Err(error) = writeln!(out, "---{}---\n{}", translated.service.name(), translated.service) {
                    fail(log, Error::os("write to standard output", error));
                }
            }
            Some(output) => {
                let by = args.first().map(|name| name.to_string_lossy()).unwrap_or_default();
                translated.service.comment(&["", &format!("Automatically generated by {by}"), ""]);
                if let Err(error) = put(output, &translated.service, log) {
                    fail(log, error);
                }
            }
        }
    }
    // In the directory whose units count least.
    if let (Some(late), true, false) = (options.directories.get(2), options.user, options.dry_run) {
        let written = fs::create_dir_all(late).and_then(|()| fs::write(late.join(WAIT_ONLINE), WAIT_ONLINE_UNIT));
        if let Err(error) = written {
            fail(log, Error::os(format!("write {WAIT_ONLINE}"), error));
        }
    }
    good
}
// ANCHOR_END: generate

fn put(output: &Path, service: &Unit, log: &mut Log) -> Result<()> {
    fs::create_dir_all(output).map_err(|error| Error::os(format!("make {}", output.display()), error))?;
    log.debug(&format!("writing {:?}", output.join(service.name())));
    install::write(output, service)?;
    for error in install::enable(output, service) {
        log.say(&error.to_string());
    }
    Ok(())
}

/// The program that the services run: `PODMAN`, or this one. A copy of it that is only the generator is not meant.
fn program() -> Result<String> {
    if let Some(program) = env::var_os("PODMAN").filter(|program| !program.is_empty()) {
        return Ok(program.to_string_lossy().into_owned());
    }
    let itself = env::current_exe().map_err(|error| Error::os("find the program itself", error))?;
    if !itself.file_name().is_some_and(|name| name.to_string_lossy().contains("generator")) {
        return Ok(itself.display().to_string());
    }
    let places = ["/usr/local/bin/podling", "/usr/bin/podling"];
    let place = places.into_iter().find(|place| Path::new(place).exists());
    place.map(str::to_string).ok_or_else(|| {
        let error = Error::new("there is no podling in /usr/local/bin or /usr/bin").code(code::NO_PODLING);
        error.hint(format!("make {} a symbolic link to it", itself.display()))
    })
}

/// The kernel's log, the only one that is there so early; or standard error.
#[derive(Default)]
struct Log {
    kernel: bool,
    verbose: bool,
}

impl Log {
    fn say(&mut self, text: &str) {
        for text in text.lines() {
            let line = format!("quadlet-generator[{}]: {text}\n", std::process::id());
            let kernel = || OpenOptions::new().write(true).open("/dev/kmsg")?.write_all(line.as_bytes());
            if !self.kernel || kernel().is_err() {
                eprint!("{line}");
            }
        }
    }

    fn debug(&mut self, text: &str) {
        if self.verbose {
            self.say(text);
        }
    }
}

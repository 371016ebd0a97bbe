//! From what was asked for, and what the image says, to a container of the runtime.

use std::path::Path;

use confinement::Confinement;
use images::Config;
use namespaces::{Hostname, Namespaces};
use process::{Error, Program, Result};
use rootfs::beneath::{self, Root};
use rootfs::{Rootfs, Volume, arrange};
use runtime::Container;

use crate::environment::Environment;
use crate::{Options, files, user};

/// The program and its arguments: the entrypoint, then the command. Who replaces the entrypoint means another
/// program, so the image's arguments are not for it.
///
/// # Errors
/// When there is nothing to run.
// ANCHOR: command
pub(crate) fn command(options: &Options, image: &Config) -> Result<Vec<String>> {
    let mut words = options.entrypoint.clone().unwrap_or_else(|| image.entrypoint.clone());
    match options.command.is_empty() {
        false => words.extend(options.command.iter().cloned()),
        true if options.entrypoint.is_none() => words.extend(image.cmd.iter().cloned()),
        true => {}
    }
    match words.is_empty() {
        false => Ok(words),
        true => Err(Error::new("no command or entrypoint provided, and no CMD or ENTRYPOINT from image")),
    }
}
// ANCHOR_END: command

/// The container whose root is `root` and whose files of ours go into `directory`.
///
/// # Errors
/// When the image or the options ask for something that is not there.
// ANCHOR: compose
pub(crate) fn compose(
    options: &Options,
    image: &Config,
    (id, name): (&str, &str),
    (root, directory): (&Path, &Path),
) -> Result<Container> {
    let hostname = hostname(options, id);
    let inside = Root::open(root).map_err(|error| Error::os("open the container's root", error))?;
    let account = user::find(&inside, options.user.as_ref().unwrap_or(&image.user))?;

    let mut environment = Environment::new(options.stdio.terminal);
    environment.image(&image.env);
    environment.user(&options.env)?;
    environment.set_default("HOME", &account.home);
    environment.set_default("HOSTNAME", &hostname);

    let mut rootfs = Rootfs::new(root, !options.own_network);
    let mut mounts = files::make(directory, &hostname, name, options.own_network)?;
    mounts.retain(|mount| options.volumes.iter().all(|volume| volume.destination != mount.destination));
    mounts.extend(options.volumes.iter().map(Volume::mount));
    rootfs.mounts = arrange(rootfs.mounts, mounts);

    let args = command(options, image)?;
    let env = environment.pairs().into_iter().map(Into::into).collect();
    let cwd = workdir(options, image, &inside)?;
    Ok(Container {
        namespaces: Namespaces::container(options.own_network)?.others,
        rootfs,
        hostname: Hostname(Some(hostname)),
        confinement: Confinement::default_for(account.user)?,
        program: Program { env: Some(env), cwd: Some(cwd.into()), ..Program::new(args) },
    })
}
// ANCHOR_END: compose

/// With the host's network it has the host's name: programs ask one for the other.
fn hostname(options: &Options, id: &str) -> String {
    let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let default = || if options.own_network { None } else { host() };
    options.hostname.clone().or_else(default).unwrap_or_else(|| id[..12].to_string())
}

/// The image's directory is made when it is missing, beneath the root; the user's must be there.
fn workdir(options: &Options, image: &Config, root: &Root) -> Result<String> {
    if let Some(workdir) = &options.workdir {
        return Ok(workdir.clone());
    }
    let workdir = Path::new("/").join(&image.workdir);
    if workdir != Path::new("/") {
        beneath::mkdir_all(root, &workdir)
            .map_err(|error| Error::os(format!("create the image's working directory {}", workdir.display()), error))?;
    }
    Ok(workdir.to_string_lossy().into_owned())
}

//! From what was asked for, and what the image says, to a container of the runtime.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use cgroups::{DeviceRule, Limits};
use confinement::label;
use confinement::run::sysctls;
use confinement::seccomp::Profile;
use confinement::{CapSet, Capabilities, Confinement, Own, Rlimit, SecurityOptions, User};
use images::Config;
use namespaces::{Hostname, Space, UserMap};
use nix::sched::CloneFlags;
use process::{Error, Program, Result, code};
use rootfs::beneath::{self, Root};
use rootfs::{Device, Mount, Rootfs, arrange};
use runtime::Container;

use crate::environment::Environment;
use crate::ids::Ids;
use crate::neighbours::Neighbours;
use crate::options::Notify;
use crate::spaces::Ipc;
use crate::{Engine, Options, Record, files, mounts, notify, root, user};

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
        true => {
            Err(Error::new("no command or entrypoint provided, and no CMD or ENTRYPOINT from image")
                .code(code::NO_COMMAND))
        }
    }
}
// ANCHOR_END: command

/// The container whose root is `root`.
///
/// # Errors
/// When the image or the options ask for something that is not there.
// ANCHOR: compose
pub(crate) fn compose(
    engine: &Engine,
    record: &Record,
    image: &Config,
    root: &root::Root,
    (ids, neighbours): (&Ids, Neighbours),
) -> Result<Container> {
    let options = &record.options;
    let hostname = neighbours.hostname.clone().unwrap_or_else(|| hostname(options, &record.id));
    let (place, directory, shm) = (&*root.path(), &*root.files(), &*root.shm());
    let inside = Root::open(place).map_err(|error| Error::os("open the container's root", error))?;
    let mut account = user::find(&inside, &wanted_user(options, image))?;
    match options.groups.iter().any(|group| group == user::KEEP_GROUPS) {
        true => account.user.keep_groups = user::kept(&options.groups)?,
        false => account.user.groups.extend(user::groups(&inside, &options.groups)?),
    }

    let mut environment = Environment::new(options.terminal);
    environment.image(&image.env);
    environment.asked(&options.env);
    environment.set_default("HOME", &account.home);
    environment.set_default("HOSTNAME", &hostname);

    let own_network = options.network.own_namespace();
    let mut rootfs = Rootfs::new(place, !own_network);
    rootfs.readonly = options.read_only;
    devices(&mut rootfs, options)?;
    sizes(&mut rootfs.mounts, options);
    views(&mut rootfs.mounts, options, neighbours.shm.is_some().then_some(shm));
    let volumes = mounts::volumes(engine, record, (&inside, root), ids, (account.user.uid, account.user.gid))?;
    let mut mounts =
        files::make(directory, (&hostname, &record.name), &options.network, &neighbours.files, options.read_only)?;
    if let Some(kept) = ids.keeps() {
        mounts.extend(files::accounts(directory, &inside, kept)?);
    }
    if let Some(owner) = ids.root() {
        files::give(directory, owner)?;
    }
    mounts.extend(options.cgroups.mount());
    if let Some(socket) = notify::mount().filter(|_| options.sdnotify == Notify::Container) {
        environment.set("NOTIFY_SOCKET", notify::INSIDE);
        mounts.push(socket);
    }
    mounts.extend(writable(options));
    mounts.retain(|mount| volumes.iter().all(|volume| volume.destination != mount.destination));
    mounts.extend(volumes);
    rootfs.mounts = arrange(rootfs.mounts, mounts);
    SecurityOptions::parse(&options.security)?.restrict_proc(&mut rootfs.mounts)?;
    let mut confinement = confinement(options, account.user)?;
    if let Some(label) = &record.label {
        label::mark(&mut rootfs.mounts, &label.mount);
        confinement.label.clone_from(&label.process);
    }

    let env = environment.pairs().into_iter().map(Into::into).collect();
    let cwd = workdir(options, image, &inside)?;
    let mut program = Program { env: Some(env), cwd: Some(cwd.into()), ..Program::new(&record.command) };
    if options.init {
        program = init(options, program, &mut rootfs.mounts)?;
    }
    let joins_users = neighbours.joined.kinds().contains(CloneFlags::CLONE_NEWUSER);
    let own_name = neighbours.new.contains(CloneFlags::CLONE_NEWUTS);
    Ok(Container {
        users: ids.map().filter(|_| !joins_users).cloned(),
        namespaces: neighbours.new,
        joined: neighbours.joined,
        rootfs,
        hostname: Hostname(own_name.then_some(hostname)),
        confinement,
        program,
    })
}
// ANCHOR_END: compose

/// The program as the child of a process 1 that was made to be one: ours, or the one that the user named, or, where ours
/// cannot start without the host's files, one of the host.
fn init(options: &Options, program: Program, mounts: &mut Vec<Mount>) -> Result<Program> {
    // Another runtime could not find ours.
    if options.init_path.is_none() && options.runtime.is_none() && process::init::stands_alone() {
        return Ok(process::init::program(program));
    }
    let known = KNOWN_INITS.iter().map(PathBuf::from).find(|path| path.exists());
    let host = options.init_path.clone().or(known).ok_or_else(|| {
        Error::new("no init to be process 1: this podling is linked to libraries of the host")
            .code(code::NO_INIT)
            .hint("install catatonit, or name a static program with --init-path")
    })?;
    if !host.is_file() {
        return Err(Error::because(
            format!("container-init binary not found on the host: stat {}", host.display()),
            "no such file or directory",
        )
        .code(code::NO_INIT));
    }
    mounts.push(Mount::bind(host, process::init::NAME, "bind,rprivate,nosuid,nodev,ro"));
    let args = [process::init::NAME, "--"].into_iter().map(Into::into).chain(program.args).collect();
    Ok(Program { args, ..program })
}

/// Where Podman's and Docker's are.
const KNOWN_INITS: [&str; 4] = [
    "/usr/libexec/podman/catatonit",
    "/usr/local/libexec/podman/catatonit",
    "/usr/bin/catatonit",
    "/usr/bin/tini-static",
];

/// Those that were asked for; all of the host's for a privileged container.
fn devices(rootfs: &mut Rootfs, options: &Options) -> Result<()> {
    if options.privileged {
        rootfs.devices.extend(Device::all());
    }
    for text in &options.devices {
        for device in Device::parse(text)? {
            rootfs.devices.retain(|known| known.container != device.container);
            rootfs.devices.push(device);
        }
    }
    Ok(())
}

/// Its limits, with leave to use what is in its `/dev`: root's containers are asked for it.
pub(crate) fn limits<'a>(options: &'a Options, devices: &[Device]) -> Cow<'a, Limits> {
    if namespaces::itself::caller() != 0 {
        return Cow::Borrowed(&options.limits);
    }
    let shown = devices.iter().filter_map(|device| DeviceRule::of(&device.host)).collect();
    Cow::Owned(Limits { shown, all_devices: options.privileged, ..options.limits.clone() })
}

/// What of the default mounts depends on the options.
fn sizes(mounts: &mut [Mount], options: &Options) {
    for mount in mounts {
        if let (Some(size), true) = (options.shm_size, mount.destination == Path::new("/dev/shm")) {
            mount.options.retain(|word| !word.starts_with("size="));
            mount.options.push(format!("size={size}"));
        }
        if options.privileged && mount.destination == Path::new("/sys") {
            mount.options.retain(|word| word != "ro" && word != "rro");
        }
    }
}

/// The mounts that show a namespace: with the host's it has to be the host's mount, for a new one is only for the owner of
/// the namespace to make.
fn views(mounts: &mut Vec<Mount>, options: &Options, shm: Option<&Path>) {
    let bind = |source: &Path, place: &str| Mount::bind(source, place, "rbind,rprivate,nosuid,noexec,nodev");
    let host_ipc = options.spaces.ipc.space() == Space::Host;
    for mount in mounts.iter_mut() {
        let place = mount.destination.clone();
        match place.to_str().unwrap_or_default() {
            "/proc" if options.spaces.pid == Space::Host => *mount = bind(&place, "/proc"),
            "/dev/shm" if host_ipc => *mount = bind(&place, "/dev/shm"),
            "/dev/mqueue" if host_ipc => *mount = bind(&place, "/dev/mqueue"),
            "/dev/shm" => *mount = shm.map_or(mount.clone(), |shm| bind(shm, "/dev/shm")),
            _ => {}
        }
    }
    let is_there = |mount: &Mount| match mount.destination.to_str() {
        Some("/dev/shm") => options.spaces.ipc != Ipc::None,
        Some("/dev/mqueue") => !host_ipc || mount.destination.exists(),
        _ => true,
    };
    mounts.retain(is_there);
}

/// Where programs expect to be able to write, in a container whose root is read-only.
fn writable(options: &Options) -> Vec<Mount> {
    let places = ["/run", "/tmp", "/var/tmp"].into_iter().filter(|_| options.read_only && !options.no_tmpfs);
    places.map(|place| Mount::new("tmpfs", place, "nosuid,nodev,tmpcopyup")).collect()
}

/// Whether what was asked for can be understood, before anything is made.
///
/// # Errors
/// As [`confinement()`].
pub(crate) fn check(options: &Options) -> Result<()> {
    Capabilities::requested(0, &options.cap_add, &options.cap_drop)?;
    let security = SecurityOptions::parse(&options.security)?;
    if let Some(path) = &security.seccomp {
        Profile::read(path, &CapSet::default_for_root())?;
    }
    if options.spaces.pid == Space::Host {
        // None of its own.
        security.restrict_proc(&mut [])?;
    }
    options.devices.iter().try_for_each(|text| Device::parse(text).map(drop))?;
    sysctls(&options.sysctls, own(options))?;
    rlimits(options).map(drop)
}

/// Which settings of the kernel are not the host's.
fn own(options: &Options) -> Own {
    let spaces = &options.spaces;
    Own {
        network: options.network.own_namespace(),
        ipc: spaces.ipc.space() != Space::Host,
        uts: spaces.uts != Space::Host,
    }
}

/// `--ulimit`; `host` are the caller's, which stay where there are no others.
fn rlimits(options: &Options) -> Result<Vec<Rlimit>> {
    options.ulimits.iter().filter(|text| *text != "host").map(|text| Rlimit::parse(text)).collect()
}

/// What this user may not do.
///
/// # Errors
/// When something that was asked for is not understood.
pub(crate) fn confinement(options: &Options, user: User) -> Result<Confinement> {
    let mut confinement = with(options, user, options.privileged.then_some(&options.cap_drop))?;
    confinement.sysctls = sysctls(&options.sysctls, own(options))?;
    if options.privileged {
        // Only what was asked for beside it.
        confinement.masked = SecurityOptions::parse(&options.security)?.masked(Vec::new());
        confinement.readonly.clear();
    }
    Ok(confinement)
}

/// `privileged`: with all that root could do, but this, and no filter but what was asked for beside it.
fn with(options: &Options, user: User, privileged: Option<&[String]>) -> Result<Confinement> {
    let capabilities = capabilities(options, user.uid, privileged)?;
    let mut security = SecurityOptions::parse(&options.security)?;
    security.unconfined |= privileged.is_some() && security.seccomp.is_none();
    confinement::run::confinement_of(user, capabilities, &security, rlimits(options)?)
}

/// The rules of the filter in `confinement`, in words.
///
/// # Errors
/// When the file that was named cannot be read any more.
pub(crate) fn profile(options: &Options, confinement: &Confinement) -> Result<Option<Profile>> {
    let limit = &confinement.capabilities.bounding;
    let named = SecurityOptions::parse(&options.security)?.seccomp;
    confinement.seccomp.as_ref().map_or(Ok(None), |_| match named {
        Some(path) => Profile::read(&path, limit).map(Some),
        None => Ok(Some(Profile::unordered_for(limit))),
    })
}

/// What root in a privileged container may do, it may do everywhere; another user gets no more than the limit
/// (CVE-2018-10856, CVE-2021-20188).
fn capabilities(options: &Options, uid: u32, privileged: Option<&[String]>) -> Result<Capabilities> {
    let asked = Capabilities::requested(uid, &options.cap_add, &options.cap_drop)?;
    let Some(drop) = privileged else { return Ok(asked) };
    let all = Capabilities::requested(uid, &["ALL".to_string()], drop)?;
    Ok(if uid == 0 { all } else { Capabilities { bounding: all.bounding, ..asked } })
}

/// The same for another process in a container that is there already: its walls stand, only the process is new. To be made
/// where the files are the host's: a filter's profile is one of them. Who it is for is known only inside ([`become_user`]).
///
/// # Errors
/// As [`confinement()`].
pub(crate) fn confinement_inside(options: &Options, privileged: bool) -> Result<Confinement> {
    let mut confinement = with(options, User::default(), without(options, privileged))?;
    confinement.masked.clear();
    confinement.readonly.clear();
    Ok(confinement)
}

/// The same walls for this user. What the filter lets through follows from the limit, which is everybody's.
///
/// # Errors
/// As [`confinement()`].
pub(crate) fn become_user(
    confinement: &mut Confinement,
    options: &Options,
    user: User,
    privileged: bool,
) -> Result<()> {
    confinement.capabilities = capabilities(options, user.uid, without(options, privileged))?;
    confinement.user = user;
    Ok(())
}

/// What a privileged process is to be without; `None` for one that is not.
fn without(options: &Options, privileged: bool) -> Option<&[String]> {
    if privileged { Some(&[]) } else { options.privileged.then_some(&options.cap_drop) }
}

/// With the host's network it has the host's name: programs ask one for the other.
pub(crate) fn hostname(options: &Options, id: &str) -> String {
    let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    if options.spaces.uts == Space::Host {
        return host().unwrap_or_default();
    }
    let default = || if options.network.own_namespace() { None } else { host() };
    options.hostname.clone().or_else(default).unwrap_or_else(|| id[..12].to_string())
}

/// `--user`, or who the caller is inside, or the image's.
pub(crate) fn wanted_user(options: &Options, image: &Config) -> String {
    match (&options.user, &options.users) {
        (Some(user), _) => user.clone(),
        (None, UserMap::KeepId { uid, gid }) => format!("{uid}:{gid}"),
        (None, _) => image.user.clone(),
    }
}

/// The image's directory is made when it is missing, beneath the root; the user's must be there.
fn workdir(options: &Options, image: &Config, root: &Root) -> Result<String> {
    let workdir = directory(options, image);
    if options.workdir.is_none() && workdir != "/" {
        beneath::mkdir_all(root, Path::new(&workdir))
            .map_err(|error| Error::os(format!("create the image's working directory {workdir}"), error))?;
    }
    Ok(workdir)
}

/// Where the program starts.
pub(crate) fn directory(options: &Options, image: &Config) -> String {
    let images = || Path::new("/").join(&image.workdir).to_string_lossy().into_owned();
    options.workdir.clone().unwrap_or_else(images)
}

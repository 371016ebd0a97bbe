//! `--pid`, `--ipc`, `--uts`: which namespaces of others a container is in, as it was asked for.

use clap::{Arg, ArgMatches};
use images::Image;
use namespaces::{IdMap, Space, UserMap};
use network::Mode;
use nix::sched::CloneFlags;
use nix::unistd::geteuid;
use process::{Error, Result, code};
use rootfs::beneath::{self, Root};
use serde::{Deserialize, Serialize};

use crate::running::lock_dir;
use crate::{Engine, Options};

/// Where those namespaces come from that have no other options.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spaces {
    /// `--pid`.
    pub pid: Space,
    /// `--ipc`.
    pub ipc: Ipc,
    /// `--uts`.
    pub uts: Space,
}

/// Where its queues and shared memory come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ipc {
    /// They are its own, and other containers may share them.
    #[default]
    Shareable,
    /// They are its own, and it has no `/dev/shm`.
    None,
    /// As any namespace; nobody shares one that is private.
    Of(Space),
}

impl Ipc {
    fn parse(text: &str) -> Result<Ipc> {
        match text {
            "" | "shareable" => Ok(Ipc::Shareable),
            "none" => Ok(Ipc::None),
            text => Space::parse(text).map(Ipc::Of),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn space(&self) -> Space {
        match self {
            Ipc::Shareable | Ipc::None => Space::Private,
            Ipc::Of(space) => space.clone(),
        }
    }

    /// As Podman's documents have it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Ipc::Shareable => "shareable".into(),
            Ipc::None => "none".into(),
            Ipc::Of(space) => space.name(),
        }
    }
}

impl Spaces {
    /// Adds the flags.
    pub(crate) fn arguments(command: clap::Command) -> clap::Command {
        let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("MODE").help(help);
        command.args([
            flag("pid", "Its processes: private, host, container:NAME or ns:PATH"),
            flag("ipc", "Its queues and shared memory: shareable, private, none, host, container:NAME or ns:PATH"),
            flag("uts", "Its host name: private, host, container:NAME or ns:PATH"),
        ])
    }

    /// Reads them.
    ///
    /// # Errors
    /// What is not understood.
    pub(crate) fn from_arguments(matches: &ArgMatches) -> Result<Spaces> {
        let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
        Ok(Spaces { pid: Space::parse(text("pid"))?, ipc: Ipc::parse(text("ipc"))?, uts: Space::parse(text("uts"))? })
    }
}

impl Options {
    /// The kinds of namespaces and where each comes from.
    pub(crate) fn spaces(&self) -> [(CloneFlags, &'static str, Space); 6] {
        [
            (CloneFlags::CLONE_NEWPID, "PID", self.spaces.pid.clone()),
            (CloneFlags::CLONE_NEWIPC, "IPC", self.spaces.ipc.space()),
            (CloneFlags::CLONE_NEWUTS, "UTS", self.spaces.uts.clone()),
            (CloneFlags::CLONE_NEWCGROUP, "cgroup", self.cgroups.namespace.clone()),
            (CloneFlags::CLONE_NEWNET, "network", self.network.mode.space()),
            (CloneFlags::CLONE_NEWUSER, "user", self.users.space()),
        ]
    }

    /// Checks what contradicts them, in Podman's words.
    pub(crate) fn check_spaces(&self) -> Result<()> {
        if self.hostname.is_some() && self.spaces.uts != Space::Private {
            return Err(Error::new(
                "cannot set hostname when running in the host UTS namespace: invalid configuration",
            )
            .code(code::NOT_ITS_OWN));
        }
        if self.shm_size.is_some() && (self.spaces.ipc == Ipc::None || self.spaces.ipc.space() == Space::Host) {
            let name = self.spaces.ipc.name();
            return Err(Error::new(format!("cannot set shmsize when running in the {name} IPC Namespace"))
                .code(code::NOT_ITS_OWN));
        }
        if self.init && self.spaces.pid != Space::Private {
            return Err(
                Error::new("cannot add init binary as PID 1 (PID namespace isn't private)").code(code::NOT_ITS_OWN)
            );
        }
        for sysctl in &self.sysctls {
            let name = sysctl.split('=').next().unwrap_or_default().replace('/', ".");
            let of_ipc = ["fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm"];
            let kind = match () {
                () if of_ipc.iter().any(|prefix| name.starts_with(prefix))
                    && self.spaces.ipc.space() == Space::Host =>
                {
                    "IPC"
                }
                () if name == "kernel.domainname" && self.spaces.uts == Space::Host => "UTS",
                () => continue,
            };
            return Err(Error::new(format!(
                "sysctl {sysctl} can't be set since {kind} Namespace set to host: invalid argument"
            ))
            .code(code::NOT_ITS_OWN));
        }
        for (_, kind, space) in self.spaces() {
            if let Space::Path(path) = space
                && let Err(error) = std::fs::metadata(&path)
            {
                let words = format!("cannot find specified {kind} namespace path: stat {}", path.display());
                return Err(match error.kind() {
                    std::io::ErrorKind::NotFound => {
                        Error::because(words, "no such file or directory").code(code::NO_NAMESPACE)
                    }
                    _ => Error::os(words, error),
                });
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Fixes what is still open when a container is made: the names of other containers become ids, for a name may be
    /// another one's later; and ids are chosen. As long as the answer lives nobody else chooses.
    ///
    /// # Errors
    /// When there is no such container, or it does not share; when no ids are left.
    // ANCHOR: settle
    pub(crate) fn settle(&self, options: &mut Options, image: &Image) -> Result<Option<std::fs::File>> {
        let id = |kind: &str, space: &mut Space| -> Result<()> {
            if let Space::Container(name) = space {
                let found = self.find(name).map_err(|error| {
                    Error::within(format!("looking up container to share {kind} namespace with"), error)
                })?;
                if kind == "ipc" && found.options.spaces.ipc == Ipc::Of(Space::Private) {
                    return Err(Error::new(format!(
                        "joining IPC of container {} is not allowed: non-shareable IPC (hint: use IpcMode:shareable for the \
                         donor container)",
                        found.id
                    ))
                    .code(code::NO_NAMESPACE));
                }
                *name = found.id;
            }
            Ok(())
        };
        id("pid", &mut options.spaces.pid)?;
        id("uts", &mut options.spaces.uts)?;
        id("cgroup", &mut options.cgroups.namespace)?;
        if let Ipc::Of(space) = &mut options.spaces.ipc {
            id("ipc", space)?;
        }
        let (mut net, mut user) = (options.network.mode.space(), options.users.space());
        id("net", &mut net)?;
        id("user", &mut user)?;
        if let Space::Container(id) = net {
            options.network.mode = Mode::Container(id);
        }
        if let Space::Container(id) = user {
            options.users = UserMap::Container(id);
        }
        self.choose_ids(&mut options.users, image)
    }
    // ANCHOR_END: settle

    /// `--userns auto`, against what all other containers have, running or not: their files are theirs.
    fn choose_ids(&self, users: &mut UserMap, image: &Image) -> Result<Option<std::fs::File>> {
        let UserMap::Auto(auto) = users else { return Ok(None) };
        if geteuid().is_root() {
            return Err(Error::new(
                "creating a user namespace: no subuid ranges found for user \"containers\" in /etc/subuid",
            )
            .code(code::OTHER_CALLER)
            .hint("--userns auto is there for ordinary users; root has --uidmap and --gidmap"));
        }
        // Of its own: whoever holds it waits for none of the others.
        let place = self.root().join("user-ids");
        crate::state::make_dir(&place)?;
        let gate = lock_dir(&place)?;
        let map = IdMap::of_caller()?;
        let count = |map: &[namespaces::Extent]| map.iter().map(|extent| extent.count).sum();
        let counts = (count(&map.users), count(&map.groups));
        let lines = |map: Vec<namespaces::Extent>| {
            map.into_iter().map(|extent| [extent.inside, extent.outside, extent.count]).collect::<Vec<_>>()
        };
        let (mut uids, mut gids) = (Vec::new(), Vec::new());
        for record in self.list()? {
            if let Ok(Some(map)) = record.options.users.map(counts.0, counts.1) {
                uids.extend(lines(map.users));
                gids.extend(lines(map.groups));
            }
        }
        auto.choose(counts, &(uids, gids), self.size_of(image))?;
        Ok(Some(gate))
    }

    /// How many ids an image needs: one more than the last that it has a name for.
    fn size_of(&self, image: &Image) -> u32 {
        let layers = self.store().layer_dirs(image);
        let last = |place: &str| {
            let read = |layer: &std::path::PathBuf| {
                let root = Root::open(layer).ok()?;
                beneath::read(&root, std::path::Path::new(place), 4 << 20).ok().flatten()
            };
            let text = layers.iter().find_map(read).unwrap_or_default();
            let id = |line: &str| line.split(':').nth(2)?.parse::<u32>().ok().filter(|id| *id < 65534);
            String::from_utf8_lossy(&text).lines().filter_map(id).max().unwrap_or(0)
        };
        last("/etc/passwd").max(last("/etc/group")) + 1
    }
}

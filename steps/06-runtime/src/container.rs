//! A container: all the walls of the lower steps, in the order that works.

use std::cell::Cell;
use std::os::fd::{BorrowedFd, OwnedFd};

use namespaces::{Hostname, IdMap, Joined, Namespaces};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Pid, Uid, setresgid, setresuid};
use process::{Console, Created, Error, Halfway, Held, Program, Result, Setup, Start};
use rootfs::{Mapped, Rootfs};

use confinement::Confinement;

/// What a container is made of.
pub struct Container {
    /// A user namespace of its own, below the one that we are in, with these ids.
    pub users: Option<IdMap>,
    /// The namespaces that its first process gets besides.
    pub namespaces: CloneFlags,
    /// Those of others, that it is born in.
    pub joined: Joined,
    /// What it sees.
    pub rootfs: Rootfs,
    /// What it is called.
    pub hostname: Hostname,
    /// What it may do.
    pub confinement: Confinement,
    /// What it runs.
    pub program: Program,
}

impl Container {
    /// Runs it and returns its exit status. We have to be root in a user namespace, or root. `console` makes its
    /// terminal; without one it has our standard descriptors.
    ///
    /// # Errors
    /// Whatever failed on the way; nothing of the container is left then.
    pub fn run(&self, console: Option<Console>) -> Result<u8> {
        let console = console.map(|console| console.owner(self.confinement.user.uid));
        self.create(&console, None, &|_| Ok(()))?.start()?.wait()
    }

    /// Makes its first process, with everything but the program: that one waits for the caller's word. `stdio` is
    /// what gives it its standard descriptors, `cgroup` the directory that it is born in, `parent` what only we can do to it, while it has its namespaces and
    /// nothing else.
    ///
    /// # Errors
    /// Whatever failed on the way; nothing of the container is left then.
    pub fn create(
        &self,
        stdio: &dyn Setup,
        cgroup: Option<BorrowedFd<'_>>,
        parent: &dyn Fn(Pid) -> Result<()>,
    ) -> Result<Created> {
        self.make(&Making { cgroup, parent, ..Making::new(stdio) })
    }

    /// The same, with everything that can be asked for.
    ///
    /// # Errors
    /// As [`Container::create`].
    // ANCHOR: create
    pub fn make(&self, making: &Making<'_>) -> Result<Created> {
        let own = self.namespaces & CloneFlags::CLONE_NEWCGROUP;
        let joined = self.joined.kinds();
        let mapped = self.rootfs.mapped()?;
        let house = House {
            mapped: &mapped,
            rootfs: &self.rootfs,
            root: BecomeRoot(self.users.is_some() || joined.contains(CloneFlags::CLONE_NEWUSER)),
            // The kernel would take the parent's cgroup for the root of the new namespace, even for a process that it puts
            // into another one.
            own: Unshare(own),
            is_seen: joined.contains(CloneFlags::CLONE_NEWPID),
            mount: Cell::new(None),
            pivots: making.pivots,
            // Without one of its own or of others it has the caller's.
            is_shared: !(self.namespaces | joined).contains(CloneFlags::CLONE_NEWNS),
        };
        // The name before the confinement takes CAP_SYS_ADMIN; the terminal after the root has changed, for it is
        // made of the container's /dev, and before the system calls are filtered by somebody else's rules.
        let inside = (&self.hostname, (making.stdio, &self.confinement));
        let second = (making.mounted, (Enter(&house), (making.entered, inside)));
        let born = (&self.joined, making.born);
        let through = (!joined.is_empty() || making.born.is_some()).then_some(&born as &dyn Setup);
        let namespaces = Namespaces { users: self.users.clone(), others: self.namespaces - own };
        let parent = |pid| {
            // Before anything else, for without ids it may do nothing.
            self.users.as_ref().map_or(Ok(()), |map| map.write(pid))?;
            self.confinement.tell(pid)?;
            (making.parent)(pid)
        };
        let start = |setup: &dyn Setup, halfway| {
            namespaces.with(&self.program, setup, |start| {
                let Making { cgroup, held, keeps, .. } = *making;
                Start { parent: Some(&parent), through, cgroup, halfway, held, keeps, ..*start }.create()
            })
        };
        match making.halfway {
            Some(parent) => start(&house, Some(Halfway { parent, setup: &second })),
            None => start(&(&house, second), None),
        }
    }
    // ANCHOR_END: create
}

/// What a caller has to do with a container while it is made.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// What gives it its standard descriptors.
    pub stdio: &'a dyn Setup,
    /// The directory of the cgroup that it is born in.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// What we do to its first process when it has namespaces and nothing else.
    pub parent: &'a dyn Fn(Pid) -> Result<()>,
    /// What is done to who gives birth to it, as making a time namespace.
    pub born: Option<&'a dyn Setup>,
    /// Whether what it does not see is let go of, too.
    pub pivots: bool,
    /// What we do when its root is mounted, and not `/` yet.
    pub halfway: Option<&'a dyn Fn(Pid) -> Result<()>>,
    /// What it does itself then, after us.
    pub mounted: &'a dyn Setup,
    /// What it does in its root, before it is confined.
    pub entered: &'a dyn Setup,
    /// By whose word it begins, when not by ours.
    pub held: Option<Held<'a>>,
    /// How many descriptors after the standard ones it keeps.
    pub keeps: u32,
}

impl<'a> Making<'a> {
    /// Nothing to do.
    #[must_use]
    pub fn new(stdio: &'a dyn Setup) -> Making<'a> {
        let parent = &|_| Ok(());
        Making {
            stdio,
            cgroup: None,
            parent,
            born: None,
            pivots: true,
            halfway: None,
            mounted: &(),
            entered: &(),
            held: None,
            keeps: 0,
        }
    }
}

/// Its root file system, by its root, in the two halves that others may come between.
struct House<'a> {
    rootfs: &'a Rootfs,
    mapped: &'a Mapped,
    root: BecomeRoot,
    own: Unshare,
    /// There are others in its PID namespace.
    is_seen: bool,
    /// What the first half has made.
    mount: Cell<Option<OwnedFd>>,
    pivots: bool,
    /// All that is mounted is the caller's as well.
    is_shared: bool,
}

impl Setup for House<'_> {
    fn setup(&self) -> Result<()> {
        if self.is_seen {
            process::secret::memory()?;
            process::secret::environment();
        }
        // By the caller, whose directories they are in: they may be closed to everybody that the container has an id of.
        let opened = if self.is_shared { self.rootfs.open_here()? } else { self.rootfs.open()? };
        let opened = opened.with(self.mapped)?;
        self.root.setup()?;
        self.own.setup()?;
        self.mount.set(Some(self.rootfs.mount(opened)?));
        Ok(())
    }
}

struct Enter<'a>(&'a House<'a>);

impl Setup for Enter<'_> {
    fn setup(&self) -> Result<()> {
        let House { rootfs, pivots, is_shared, mount, .. } = self.0;
        match mount.take() {
            Some(mount) if *is_shared => rootfs.stay(&mount),
            Some(mount) if *pivots => rootfs.pivot(&mount),
            Some(mount) => rootfs.cover(&mount),
            None => Ok(()),
        }
    }
}

/// Who makes what is in a container is its root, whoever its parent was.
pub(crate) struct BecomeRoot(pub bool);

impl Setup for BecomeRoot {
    fn setup(&self) -> Result<()> {
        if !self.0 {
            return Ok(());
        }
        let root = (Uid::from_raw(0), Gid::from_raw(0));
        setresgid(root.1, root.1, root.1).and_then(|()| setresuid(root.0, root.0, root.0)).map_err(|errno| {
            Error::os("become root of the container's user namespace", errno)
                .hint("its map has to have user 0 and group 0")
        })
    }
}

/// Namespaces that a process makes for itself, once its parent has prepared it for them.
struct Unshare(CloneFlags);

impl Setup for Unshare {
    fn setup(&self) -> Result<()> {
        match self.0.is_empty() {
            true => Ok(()),
            false => unshare(self.0).map_err(|errno| Error::os("make a cgroup namespace", errno)),
        }
    }
}

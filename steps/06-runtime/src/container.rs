//! A container: all the walls of the lower steps, in the order that works.

use std::os::fd::BorrowedFd;

use namespaces::{Hostname, IdMap, Joined, Namespaces};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Pid, Uid, setresgid, setresuid};
use process::{Console, Created, Error, Program, Result, Setup, Start};
use rootfs::Rootfs;

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
    // ANCHOR: create
    pub fn create(
        &self,
        stdio: &dyn Setup,
        cgroup: Option<BorrowedFd<'_>>,
        parent: &dyn Fn(Pid) -> Result<()>,
    ) -> Result<Created> {
        // The name before the confinement takes CAP_SYS_ADMIN; the terminal after the root has changed, for it is
        // made of the container's /dev, and before the system calls are filtered by somebody else's rules.
        let setup = (&self.hostname, (stdio, &self.confinement));
        // The kernel would take the parent's cgroup for the root of the new namespace, even for a process that it puts
        // into another one.
        let own = self.namespaces & CloneFlags::CLONE_NEWCGROUP;
        let joined = self.joined.kinds();
        let users = self.users.is_some() || joined.contains(CloneFlags::CLONE_NEWUSER);
        let setup = (
            House {
                rootfs: &self.rootfs,
                root: Root(users),
                own: Unshare(own),
                is_seen: joined.contains(CloneFlags::CLONE_NEWPID),
            },
            setup,
        );
        let through = (!joined.is_empty()).then_some(&self.joined as &dyn Setup);
        let namespaces = Namespaces { users: self.users.clone(), others: self.namespaces - own };
        let parent = |pid| {
            // Before anything else, for without ids it may do nothing.
            self.users.as_ref().map_or(Ok(()), |map| map.write(pid))?;
            parent(pid)
        };
        namespaces
            .with(&self.program, &setup, |start| Start { parent: Some(&parent), through, cgroup, ..*start }.create())
    }
    // ANCHOR_END: create
}

/// Its root file system, by its root.
struct House<'a> {
    rootfs: &'a Rootfs,
    root: Root,
    own: Unshare,
    /// There are others in its PID namespace.
    is_seen: bool,
}

impl Setup for House<'_> {
    fn setup(&self) -> Result<()> {
        if self.is_seen {
            process::secret::memory()?;
            process::secret::environment();
        }
        // By the caller, whose directories they are in: they may be closed to everybody that the container has an id of.
        let opened = self.rootfs.open()?;
        self.root.setup()?;
        self.own.setup()?;
        self.rootfs.enter(opened)
    }
}

/// Who makes what is in a container is its root, whoever its parent was.
struct Root(bool);

impl Setup for Root {
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

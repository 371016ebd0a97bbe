//! A container: all the walls of the lower steps, in the order that works.

use namespaces::{Hostname, Namespaces};
use nix::sched::CloneFlags;
use process::{Console, Program, Result};
use rootfs::Rootfs;

use confinement::Confinement;

/// What a container is made of.
pub struct Container {
    /// The namespaces that its first process gets, beside the user namespace that we are in already.
    pub namespaces: CloneFlags,
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
    // ANCHOR: run
    pub fn run(&self, console: Option<Console>) -> Result<u8> {
        let console = console.map(|console| console.owner(self.confinement.user.uid));
        // The name before the confinement takes CAP_SYS_ADMIN; the terminal after the root has changed, for it is
        // made of the container's /dev, and before the system calls are filtered by somebody else's rules.
        let setup = (&self.rootfs, (&self.hostname, (console, &self.confinement)));
        let namespaces = Namespaces { users: None, others: self.namespaces };
        namespaces.start(&self.program, &setup)?.wait()
    }
    // ANCHOR_END: run
}

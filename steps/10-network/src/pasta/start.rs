//! The start of pasta, beside the container's own.

use nix::unistd::Pid;
use process::Result;

use crate::pasta::coming::{Again, By, Coming, Way};
use crate::pasta::{Attached, arguments, program};
use crate::{Mode, Network, publish};

/// A network that is coming up.
#[derive(Debug)]
#[must_use = "the network is not there before it is ready"]
pub struct Starting(Option<Coming>);

impl Network {
    /// Begins to give the process `pid` a network, and returns at once. `pid` has to have a network namespace that
    /// belongs to the caller's user namespace, and the caller to be root in it, with the host's network, in a thread
    /// that lives as long as the container: when it dies, pasta dies.
    ///
    /// # Errors
    /// When a port is taken or forbidden, or pasta is missing; nothing runs then.
    // ANCHOR: begin
    pub fn begin(&self, pid: Pid) -> Result<Starting> {
        let Mode::Pasta(options) = &self.mode else { return Ok(Starting(None)) };
        let program = program::find()?;
        // pasta would be content with a part of what a port asks for, and its words differ from release to release.
        publish::check(&self.ports)?;
        let again = Again {
            args: arguments::arguments(self, options, program.maps_guest),
            by: if program.maps_guest { By::Path } else { By::Descriptor },
            way: Way::Pipe,
            program: &program.path,
            pid,
        };
        Coming::start(again, self.ports.clone()).map(|coming| Starting(Some(coming)))
    }
    // ANCHOR_END: begin

    /// Gives the process `pid` a network: [`Network::begin`], then [`Starting::ready`]. `None` when there is nothing
    /// to do, because it has none or the host's.
    ///
    /// # Errors
    /// As both.
    pub fn attach(&self, pid: Pid) -> Result<Option<Attached>> {
        self.begin(pid)?.ready()
    }
}

impl Starting {
    /// Waits until the network works.
    ///
    /// # Errors
    /// What pasta complained of; nothing runs then.
    pub fn ready(self) -> Result<Option<Attached>> {
        self.0.map(Coming::ready).transpose()
    }
}

//! The caller's side of a start: a monitor is born, and says how it went.

use std::os::fd::OwnedFd;

use monitor::{client, spawn};
use process::{Child, Result};

use crate::running::Running;
use crate::{Engine, Record};

/// A container that runs, and its monitor, which goes on without us.
pub(crate) struct Launched {
    monitor: Child,
    /// The connection to the monitor.
    pub socket: OwnedFd,
}

impl Engine {
    /// Starts the container that is ours by `running`. With `attach` its output comes to us from the first byte on.
    ///
    /// # Errors
    /// Why it could not be started.
    // ANCHOR: launch
    pub(crate) fn launch(&self, record: &Record, running: Running, attach: bool) -> Result<Launched> {
        // A leftover of an earlier life.
        let _ = std::fs::remove_file(self.state().container(&record.id).join("stop"));
        let args = self.again(&["monitor", &record.id]);
        let (monitor, socket) = spawn::spawn(args, running.hand_over()?, |socket| match attach {
            // Said before it can be heard, so that nothing is missed.
            true => client::hello(socket, record.options.terminal),
            false => Ok(()),
        })?;
        Ok(Launched { monitor, socket })
    }
    // ANCHOR_END: launch
}

impl Launched {
    /// Waits until the program runs.
    ///
    /// # Errors
    /// Why it does not.
    pub fn started(&self) -> Result<()> {
        client::started(&self.socket).map(drop)
    }

    /// Leaves it alone.
    pub fn leave(self) {
        self.monitor.leave();
    }

    /// The same, but for the connection.
    pub fn leave_connected(self) -> OwnedFd {
        self.monitor.leave();
        self.socket
    }
}

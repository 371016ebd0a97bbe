//! The birth of a process: clone, wait for the parent's part, set up, exec; an error on that way comes back.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::sys::signal::SigSet;
use nix::unistd::{Pid, pipe2, setsid};

use crate::error::EXIT_ENGINE;
use crate::{Child, Error, Program, Result, Setup, kernel, signals};

/// How to start a process.
pub struct Start<'a> {
    /// The new namespaces; empty for none.
    pub flags: CloneFlags,
    /// What it becomes.
    pub program: &'a Program,
    /// What it does to itself before.
    pub setup: &'a dyn Setup,
    /// What only the parent can do to it before that, as writing its id maps.
    pub parent: Option<&'a dyn Fn(Pid) -> Result<()>>,
}

impl Start<'_> {
    /// Starts the process and returns when it executes its program. It leads a session of its own, gets the
    /// caller's standard descriptors and no other, and dies when the caller dies.
    ///
    /// # Errors
    /// Whatever failed on the way, in the parent or in the child; no process is left then.
    // ANCHOR: start
    pub fn start(&self) -> Result<Child> {
        let failed = |errno| Error::os("make a pipe", errno);
        let (report, reporter) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        let (ready, go) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        // From here on a signal waits until somebody can forward it.
        let before = signals::block()?;

        let Some(pid) = kernel::clone(self.flags).map_err(|errno| Error::os("create a process", errno))? else {
            drop((report, go));
            self.child(&before, ready, reporter)
        };
        let child = Child::new(pid, before);
        drop((ready, reporter));

        if let Some(parent) = self.parent {
            parent(pid)?;
        }
        // The child may be dead already; then its report says why.
        let _ = File::from(go).write_all(b"!");
        match read_report(report)? {
            None => Ok(child),
            Some(error) => Err(error),
        }
    }
    // ANCHOR_END: start

    fn child(&self, before: &SigSet, ready: OwnedFd, reporter: OwnedFd) -> ! {
        // A panic must not unwind into what is the parent's part of the stack.
        let result = catch_unwind(AssertUnwindSafe(|| self.become_program(before, ready, &reporter)));
        let error = match result {
            Ok(Err(error)) => error,
            Ok(Ok(never)) => match never {},
            Err(_) => Error::new("the set-up of the process panicked"),
        };
        let _ = serde_json::to_writer(File::from(reporter), &error);
        kernel::exit(EXIT_ENGINE)
    }

    // ANCHOR: child
    fn become_program(&self, before: &SigSet, ready: OwnedFd, reporter: &OwnedFd) -> Result<std::convert::Infallible> {
        die_with_parent(reporter)?;
        let mut byte = [0];
        if File::from(ready).read(&mut byte).map_err(|error| Error::os("wait for the parent", error))? == 0 {
            kernel::exit(EXIT_ENGINE);
        }
        // Out of the caller's terminal: a program that shares it could type into it (CVE-2017-5226).
        setsid().map_err(|errno| Error::os("create a session", errno))?;
        self.setup.setup()?;
        // A change of user ids took it back, so once more.
        die_with_parent(reporter)?;
        kernel::default_signals();
        signals::restore(before)?;
        kernel::close_on_exec_from(3).map_err(|errno| Error::os("mark descriptors close-on-exec", errno))?;
        self.program.exec()
    }
    // ANCHOR_END: child
}

/// Asks the kernel for a SIGKILL when the parent dies; if it was faster, nobody reads our reports any more.
fn die_with_parent(reporter: &OwnedFd) -> Result<()> {
    kernel::die_with_parent().map_err(|errno| Error::os("ask to die with the parent", errno))?;
    let mut ends = [PollFd::new(reporter.as_fd(), PollFlags::empty())];
    match poll(&mut ends, PollTimeout::ZERO) {
        Ok(0) => Ok(()),
        _ => kernel::exit(EXIT_ENGINE),
    }
}

/// What the child reported; `None` when exec has closed the pipe.
fn read_report(report: OwnedFd) -> Result<Option<Error>> {
    let mut text = Vec::new();
    File::from(report).read_to_end(&mut text).map_err(|error| Error::os("read the child's report", error))?;
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&text).map_err(|error| Error::because("read the child's report", error))?))
}

//! What a child does between its birth and its `exec`.

use std::os::fd::RawFd;

use crate::Result;

/// One thing that a new process does to itself before it becomes the program.
///
/// This is the seam of the house: a higher step adds a wall to the container by implementing it, and no lower
/// step has to know. It runs in the child, which is single-threaded, may allocate, and must not print: an
/// error travels to the parent.
// ANCHOR: setup
pub trait Setup {
    /// Does it.
    ///
    /// # Errors
    /// Whatever the kernel answered; the child then ends and the parent gets the error.
    fn setup(&self) -> Result<()>;

    /// What it does last of all, when nothing is left but to execute the program.
    ///
    /// # Errors
    /// As [`Setup::setup`].
    fn seal(&self) -> Result<()> {
        Ok(())
    }

    /// The descriptors that it needs for that: all others are closed before.
    fn needs(&self) -> Vec<RawFd> {
        Vec::new()
    }
}

/// Nothing to do.
impl Setup for () {
    fn setup(&self) -> Result<()> {
        Ok(())
    }
}

/// One after the other.
impl<A: Setup, B: Setup> Setup for (A, B) {
    fn setup(&self) -> Result<()> {
        self.0.setup()?;
        self.1.setup()
    }

    fn seal(&self) -> Result<()> {
        self.0.seal()?;
        self.1.seal()
    }

    fn needs(&self) -> Vec<RawFd> {
        [self.0.needs(), self.1.needs()].concat()
    }
}

/// Perhaps nothing.
impl<T: Setup> Setup for Option<T> {
    fn setup(&self) -> Result<()> {
        self.as_ref().map_or(Ok(()), Setup::setup)
    }

    fn seal(&self) -> Result<()> {
        self.as_ref().map_or(Ok(()), Setup::seal)
    }

    fn needs(&self) -> Vec<RawFd> {
        self.as_ref().map(Setup::needs).unwrap_or_default()
    }
}

/// All of them, in their order.
impl<T: Setup> Setup for [T] {
    fn setup(&self) -> Result<()> {
        self.iter().try_for_each(Setup::setup)
    }

    fn seal(&self) -> Result<()> {
        self.iter().try_for_each(Setup::seal)
    }

    fn needs(&self) -> Vec<RawFd> {
        self.iter().flat_map(Setup::needs).collect()
    }
}

impl<T: Setup + ?Sized> Setup for &T {
    fn setup(&self) -> Result<()> {
        (**self).setup()
    }

    fn seal(&self) -> Result<()> {
        (**self).seal()
    }

    fn needs(&self) -> Vec<RawFd> {
        (**self).needs()
    }
}
// ANCHOR_END: setup

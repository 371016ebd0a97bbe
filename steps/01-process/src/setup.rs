//! What a child does between its birth and its `exec`.

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
}

/// Perhaps nothing.
impl<T: Setup> Setup for Option<T> {
    fn setup(&self) -> Result<()> {
        self.as_ref().map_or(Ok(()), Setup::setup)
    }

    fn seal(&self) -> Result<()> {
        self.as_ref().map_or(Ok(()), Setup::seal)
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
}

impl<T: Setup + ?Sized> Setup for &T {
    fn setup(&self) -> Result<()> {
        (**self).setup()
    }

    fn seal(&self) -> Result<()> {
        (**self).seal()
    }
}
// ANCHOR_END: setup

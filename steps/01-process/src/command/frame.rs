//! What stands around the verbs.

use clap::ArgMatches;

use crate::{Error, Result};

// ANCHOR: frame
/// What a program adds to its command line as a whole. The steps add nothing, and are framed by `()`.
pub trait Frame {
    /// Adds the flags that stand before the verb. Called only when one stands there, and for help.
    fn define(&self, app: clap::Command) -> clap::Command {
        app
    }

    /// Heeds those flags, before the verb runs.
    ///
    /// # Errors
    /// When one cannot be heeded.
    fn heed(&self, _matches: &ArgMatches) -> Result<()> {
        Ok(())
    }

    /// What it knows of a verb or a flag that is not there: `asked` are the words before it that are there (the
    /// first is the program), `rest` is what follows, beginning with the unknown one.
    fn unknown(&self, _asked: &[&str], _rest: &[&str]) -> Option<Error> {
        None
    }
}
// ANCHOR_END: frame

impl Frame for () {}

//! The one error that crosses every layer, and every process boundary.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Exit status for an error of the engine itself, as Podman's.
pub const EXIT_ENGINE: u8 = 125;
/// Exit status when the program was found but could not be executed.
pub const EXIT_CANNOT_EXECUTE: u8 = 126;
/// Exit status when the program was not found.
pub const EXIT_NOT_FOUND: u8 = 127;

/// A step that failed: what was tried and on what, what the kernel answered, what to do about it.
///
/// It is plain data because most failures happen in a child between its birth and its `exec`, and have to
/// travel through a pipe to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    tried: String,
    cause: Option<String>,
    hint: Option<String>,
    exit: u8,
    #[serde(default)]
    code: Option<u16>,
}

/// The result of everything that can fail in these crates.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error without a system call behind it.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Error { tried: what.into(), cause: None, hint: None, exit: EXIT_ENGINE, code: None }
    }

    /// `tried` names the step and its object ("mount proc on /proc"), `cause` is the kernel's answer.
    #[must_use]
    pub fn os(tried: impl Into<String>, cause: impl Into<std::io::Error>) -> Self {
        let cause = cause.into();
        // One of ours may have travelled inside, through a reader say.
        let ours = || cause.get_ref()?.downcast_ref::<Error>()?.code;
        let code = cause.raw_os_error().and_then(|code| u16::try_from(code).ok()).or_else(ours);
        Error { cause: Some(words(&cause)), code, ..Error::new(tried) }
    }

    /// `tried` names the step, `cause` is another library's error.
    #[must_use]
    pub fn because(tried: impl Into<String>, cause: impl fmt::Display) -> Self {
        Error { cause: Some(cause.to_string()), ..Error::new(tried) }
    }

    /// `tried` names the step, `why` is an error of ours that ended it; what is known of that is known of this.
    #[must_use]
    pub fn within(tried: impl Into<String>, why: Error) -> Self {
        let code = why.code;
        Error::because(tried, why).code(code)
    }

    /// An error of which a person knows already, because another process of ours has told it.
    #[must_use]
    pub fn told(status: u8) -> Self {
        Error::new(String::new()).exit(status)
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.tried.is_empty() && self.cause.is_none()
    }

    /// Whether nobody reads our output any more.
    #[must_use]
    pub fn is_closed_output(&self) -> bool {
        self.tried == "write to standard output" && self.cause.as_deref() == Some(nix::errno::Errno::EPIPE.desc())
    }

    /// What a person can do about it; printed after `Hint:`.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit status that this error ends the program with (125 unless said otherwise).
    #[must_use]
    pub fn exit(mut self, status: u8) -> Self {
        self.exit = status;
        self
    }

    /// What `podling explain` knows it by, one of [`crate::code`]; without a word about it an answer of the kernel has its own
    /// number, and a wrong word of a person none.
    #[must_use]
    pub fn code(mut self, code: impl Into<Option<u16>>) -> Self {
        self.code = code.into();
        self
    }

    /// [`code`](Self::code) for one that has none yet: what failed has no answer of the kernel behind it.
    #[must_use]
    pub fn or_code(mut self, code: u16) -> Self {
        self.code = self.code.or(Some(code));
        self
    }

    /// Its code, when there is more to say about it.
    #[must_use]
    pub fn known_code(&self) -> Option<u16> {
        self.code.filter(|code| crate::code::trouble(*code).is_some())
    }

    /// Whether a system call failed, or a library; else it is about what was asked for.
    #[must_use]
    pub fn is_kernel(&self) -> bool {
        self.cause.is_some() && self.hint.is_none()
    }

    /// The exit status that this error ends the program with.
    #[must_use]
    pub fn status(&self) -> u8 {
        self.exit
    }
}

/// The kernel's words without Rust's "(os error N)".
#[must_use]
pub fn words(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => nix::errno::Errno::from_raw(code).desc().to_string(),
        None => error.to_string(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tried)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nHint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

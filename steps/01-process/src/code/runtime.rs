//! Step 06: configurations that others write.

use super::Trouble;

/// config.json is not one.
pub const BAD_CONFIGURATION: u16 = 604;
/// config.json asks for what is not there.
pub const CONFIGURATION_NOT_DONE: u16 = 605;
/// A terminal and nobody for it, or the other way round.
pub const NO_CONSOLE_SOCKET: u16 = 606;
/// A hook failed.
pub const HOOK_FAILED: u16 = 607;
/// There is no such runtime.
pub const NO_RUNTIME: u16 = 608;
/// Another runtime failed.
pub const RUNTIME_FAILED: u16 = 609;
/// criu is not there, or failed.
pub const CRIU_FAILED: u16 = 610;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-06")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        BAD_CONFIGURATION,
        "the configuration of the container cannot be used",
        "config.json is no JSON, lacks something, or says what contradicts itself",
        "the message says what; the OCI runtime specification describes it, and runtime spec writes a good one",
    ),
    trouble(
        CONFIGURATION_NOT_DONE,
        "the configuration asks for something that this runtime does not do",
        "it is not there yet, or would be unsafe",
        "take it out of config.json; runtime features lists what is there",
    ),
    trouble(
        NO_CONSOLE_SOCKET,
        "--console-socket and process.terminal do not fit together",
        "a runtime that does not stay gives the terminal away through a socket; a container without a terminal has \
         none",
        "set both, or neither",
    ),
    trouble(
        HOOK_FAILED,
        "a hook of the configuration failed",
        "the program ended with an error, or not in time; what it said is in the message",
        "run the program by hand, with the state of the container (runtime state ID) as its input",
    ),
    trouble(
        NO_RUNTIME,
        "there is no such OCI runtime",
        "--runtime, or containers.conf, names a program that is not there",
        "name it by its path; podling --runtime podling does it by itself",
    ),
    trouble(
        RUNTIME_FAILED,
        "another OCI runtime failed",
        "the program of --runtime, or of containers.conf, has ended with an error, whose words are in the message",
        "podling --runtime podling does it by itself, for a new container; if that works, the other runtime is in the way",
    ),
    trouble(
        CRIU_FAILED,
        "a container cannot be written down, or brought back",
        "criu, which does it, is not there or has ended with an error; it takes root, and knows not all that a \
         container may have",
        "the message has criu's words; install criu, or do without what it names",
    ),
];

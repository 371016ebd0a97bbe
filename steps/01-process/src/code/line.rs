//! Step 16: the command line itself.

use super::Trouble;

/// A flag or a command is not known.
pub const UNKNOWN_FLAG: u16 = 1601;
/// A value is not one of those that a flag takes.
pub const BAD_VALUE: u16 = 1602;
/// Two things that exclude each other.
pub const CONFLICT: u16 = 1603;
/// Too few arguments, or too many.
pub const WRONG_COUNT: u16 = 1604;
/// Podman has it, podling not yet.
pub const NOT_THERE_YET: u16 = 1605;
/// A filter is not known.
pub const BAD_FILTER: u16 = 1606;
/// A template cannot be used.
pub const BAD_TEMPLATE: u16 = 1607;
/// There was nobody to answer.
pub const NO_ANSWER: u16 = 1608;
/// Several things failed.
pub const SEVERAL: u16 = 1609;
/// containers.conf is broken.
pub const CONTAINERS_CONF: u16 = 1610;

const fn trouble(code: u16, what: &'static str, cause: &'static str, cure: &'static str) -> Trouble {
    Trouble::new(code, what, cause, cure, "step-16")
}

pub(super) const TROUBLES: &[Trouble] = &[
    trouble(
        UNKNOWN_FLAG,
        "unknown flag or command",
        "neither podling nor Podman has it under this name; flags before the verb are podling's, those after it the \
         verb's, those after the image the program's",
        "podling --help lists the commands, podling VERB --help the flags; -- ends the flags",
    ),
    trouble(
        BAD_VALUE,
        "a value cannot be understood",
        "the flag or argument takes another kind of word: a number, a size, a duration, KEY=VALUE, or one of a few",
        "the message says what; podling VERB --help has the form",
    ),
    trouble(
        CONFLICT,
        "two things that were asked for exclude each other",
        "each of them has a meaning alone, together they have none",
        "leave one of them out",
    ),
    trouble(
        WRONG_COUNT,
        "something is missing on the command line, or too much",
        "the verb wants a name or a file (or a number of them), or nothing when --all is given",
        "podling VERB --help shows it in its first lines",
    ),
    trouble(
        NOT_THERE_YET,
        "Podman has this, podling not yet",
        "podling is younger than Podman; what it lacks it says instead of doing something else",
        "the hint says what to do meanwhile, where there is something; podling --help lists what is there",
    ),
    trouble(
        BAD_FILTER,
        "a filter or an order is unknown, or its value cannot be understood",
        "--filter is NAME=VALUE, and each list has its own names; --sort takes the names of columns",
        "podling VERB --help lists them",
    ),
    trouble(
        BAD_TEMPLATE,
        "the template of --format cannot be used",
        "it is a template of Go: {{.Field}}, and the field is misspelt or not one of this list, or a brace is \
         missing",
        "--format json shows every field",
    ),
    trouble(
        NO_ANSWER,
        "nobody answered a question",
        "podling asks on the terminal, and its input ended before an answer",
        "--force answers yes; podling login takes --username and --password-stdin",
    ),
    trouble(
        SEVERAL,
        "several things failed",
        "each has a line of its own in the message",
        "do it for one of them: then its own code is told",
    ),
    trouble(
        CONTAINERS_CONF,
        "containers.conf cannot be read",
        "it is no TOML, or has another kind of value than it should",
        "the message names the file; containers.conf(5) has the form",
    ),
];

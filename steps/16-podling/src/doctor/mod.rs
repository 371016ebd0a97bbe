//! `doctor`: what this machine has of what podling needs, and what mends the rest.

mod containers;
mod network;
mod system;
mod users;

use std::io::Write;

use clap::ArgMatches;
use images::template;
use process::prerequisite::{PREREQUISITES, Prerequisite};
use process::{Command, Error, Result};
use serde_json::{Value, json};

use crate::version;

/// The verb.
pub const DOCTOR: Command =
    Command { name: "doctor", about: "Tell what this machine lacks for containers, and what mends it", define, run };

fn define(command: clap::Command) -> clap::Command {
    images::root_argument(version::format_argument(command))
}

/// How it is with one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is there.
    Fine,
    /// It is not, and something that one might ask for does not work.
    Limited,
    /// It is not, and no container runs.
    Missing,
    /// It does not matter here.
    Unneeded,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Fine => "ok",
            State::Limited => "limited",
            State::Missing => "missing",
            State::Unneeded => "unneeded",
        }
    }
}

/// What was found: how it is, what was seen, and what mends it where the table's own way would not.
struct Found(State, String, Option<String>);

impl Found {
    fn fine(seen: impl Into<String>) -> Found {
        Found(State::Fine, seen.into(), None)
    }
    fn limited(seen: impl Into<String>) -> Found {
        Found(State::Limited, seen.into(), None)
    }
    fn missing(seen: impl Into<String>) -> Found {
        Found(State::Missing, seen.into(), None)
    }
    fn unneeded(seen: impl Into<String>) -> Found {
        Found(State::Unneeded, seen.into(), None)
    }

    /// What mends this.
    fn by(self, mend: impl Into<String>) -> Found {
        Found(self.0, self.1, Some(mend.into()))
    }

    fn mending(&self, prerequisite: &Prerequisite, user: &str) -> String {
        self.2.clone().unwrap_or_else(|| prerequisite.mending(user))
    }
}

/// Looks at one of them.
// ANCHOR: look
fn look(id: &str) -> Found {
    match id {
        "kernel" => system::kernel(),
        "user-namespaces" => users::namespaces(),
        "apparmor-userns" => users::apparmor(),
        "subids" => users::subids(),
        "newuidmap" => users::helpers(),
        "newuidmap-rights" => users::rights(),
        "overlay" => containers::overlay(),
        "fuse-overlayfs" => containers::fuse_overlayfs(),
        "fuse" => containers::fuse_device(),
        "cgroup-v2" => containers::cgroups(),
        "delegation" => containers::delegation(),
        "seccomp" => containers::seccomp(),
        "selinux" => containers::selinux(),
        "catatonit" => containers::init(),
        "runtime-directory" => system::runtime_directory(),
        "systemd-user" => system::systemd(),
        "linger" => system::linger(),
        "pasta" => network::pasta(),
        "tun" => network::tun(),
        "unprivileged-ports" => network::ports(),
        "ping" => network::ping(),
        "netavark" => network::netavark(),
        _ => Found::unneeded("not looked at"),
    }
}
// ANCHOR_END: look

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let all: Vec<(&Prerequisite, Found)> =
        PREREQUISITES.iter().map(|prerequisite| (prerequisite, look(prerequisite.id))).collect();
    let missing = all.iter().filter(|(_, found)| found.0 == State::Missing).count();
    let user = system::user();
    let documents: Vec<Value> = all.iter().map(|(prerequisite, found)| document(prerequisite, found, &user)).collect();
    match matches.get_one::<String>("format") {
        Some(format) if template::is_json(format) => template::print_json(out, &Value::Array(documents), 2)?,
        Some(format) => {
            for document in &documents {
                template::print_one(out, "doctor", format, document)?;
            }
        }
        None => {
            let text = table(&all, &user);
            out.write_all(text.as_bytes()).map_err(|error| Error::os("write to standard output", error))?;
        }
    }
    Ok(u8::from(missing > 0))
}

fn document(prerequisite: &Prerequisite, found: &Found, user: &str) -> Value {
    let mend = matches!(found.0, State::Missing | State::Limited).then(|| found.mending(prerequisite, user));
    json!({
        "ID": prerequisite.id,
        "What": prerequisite.what,
        "State": found.0.name(),
        "Found": found.1,
        "Why": prerequisite.why,
        "Mend": mend.unwrap_or_default(),
        "Chapter": prerequisite.chapter,
    })
}

/// A line each; under what is not as it should be, why that matters and what to do.
fn table(all: &[(&Prerequisite, Found)], user: &str) -> String {
    let width = all.iter().map(|(prerequisite, _)| prerequisite.id.len()).max().unwrap_or(0);
    let mut text = format!("{:width$}  {:8}  FOUND\n", "CHECK", "STATE");
    for (prerequisite, found) in all {
        let Found(state, seen, _) = found;
        text += &format!("{:width$}  {:8}  {seen}\n", prerequisite.id, state.name());
        if matches!(state, State::Missing | State::Limited) {
            let indent = " ".repeat(width + 2);
            text += &format!("{indent}wanted: {}; {}\n", prerequisite.what, prerequisite.why);
            text += &format!("{indent}mend:   {}\n", found.mending(prerequisite, user));
            text += &format!("{indent}book:   {}.html\n", prerequisite.chapter);
        }
    }
    let count = |state| all.iter().filter(|(_, found)| found.0 == state).count();
    text += &match (count(State::Missing), count(State::Limited)) {
        (0, 0) => "\nContainers run here, and nothing is lacking.\n".to_string(),
        (0, limited) => format!("\nContainers run here; {limited} of these limit what they can do.\n"),
        (missing, _) => format!("\nContainers do not run here: {missing} of these have to be mended first.\n"),
    };
    text
}

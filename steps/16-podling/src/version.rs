//! `version`.

use std::io::Write;

use clap::{Arg, ArgMatches};
use images::template;
use process::{Command, Error, Result, code};
use serde_json::json;

/// The verb.
pub const VERSION: Command =
    Command { name: "version", about: "Display the version information", define: format_argument, run };

/// Adds `--format`.
pub fn format_argument(command: clap::Command) -> clap::Command {
    let format = Arg::new("format").short('f').long("format").value_name("TEMPLATE");
    command.arg(format.help("Print it as json, or by a Go template"))
}

fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<u8> {
    let version = engine::info::version();
    // Without a remote service there is no server: Podman leaves it out, too.
    let all = json!({ "Client": version });
    match matches.get_one::<String>("format") {
        Some(format) if template::is_json(format) => {
            let version = serde_json::to_string(&version)
                .map_err(|error| Error::because("write JSON", error).code(code::INTERNAL))?;
            writeln!(out, r#"{{"Client":{version}}}"#).map_err(|error| Error::os("write to standard output", error))?;
        }
        Some(format) => {
            // Scripts ask for the server's version as well, and Podman answers with the client's.
            let text = format.replace(".Server.", ".Client.").replace(".Server ", ".Client ");
            let client = all.get("Client").cloned().unwrap_or_default();
            template::print_one(out, "version", &text, &all)
                .or_else(|_| template::print_one(out, "version", &format.replace(".Server.", "."), &client))?;
        }
        None => write!(
            out,
            "Client:       Podling Engine\nVersion:      {}\nAPI Version:  {}\nOS/Arch:      {}\n",
            version.version, version.api_version, version.os_arch
        )
        .map_err(|error| Error::os("write to standard output", error))?,
    }
    Ok(0)
}

//! Why pasta could not start, so that a person can do something about it.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::process::ExitStatus;

use process::{Error, code};

use crate::{Port, publish};

/// The exit status of Podman when pasta fails.
const EXIT: u8 = 126;

/// What it wrote, without what is noise: that nobody keeps a system log, and its whole help.
pub(crate) fn words(says: &[u8]) -> String {
    let text = String::from_utf8_lossy(says);
    let noise = |line: &&str| !(line.is_empty() || line.starts_with("Failed to send ") && line.ends_with("to syslog"));
    let lines: Vec<&str> =
        text.lines().map(str::trim_end).filter(noise).take_while(|line| !line.starts_with("Usage:")).take(20).collect();
    lines.join("\n").chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// Its words, or better ones.
pub(crate) fn explain(says: &str, status: Option<ExitStatus>, ports: &[Port]) -> Error {
    if says.contains("bind") {
        // Taken since we looked.
        if let Err(error) = publish::check(ports) {
            return error;
        }
    }
    let code = status.and_then(|status| status.code());
    let how = code.map_or_else(|| "was killed".to_string(), |code| format!("failed with exit code {code}"));
    let error = Error::because(format!("pasta {how}"), if says.is_empty() { "it says nothing" } else { says });
    let error = match tun() {
        Some(hint) => error.hint(hint),
        None if says.contains("interface") => error
            .hint("it takes its addresses from the interface with the default route; --network none needs no route"),
        None => error,
    };
    error.exit(EXIT).code(code::PASTA_FAILED)
}

/// What is wrong with the device that it makes network cards by.
fn tun() -> Option<&'static str> {
    match OpenOptions::new().read(true).write(true).open("/dev/net/tun") {
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Some("/dev/net/tun has to be open for everybody: sudo chmod 0666 /dev/net/tun")
        }
        Err(_) => Some("/dev/net/tun is missing: sudo modprobe tun"),
    }
}

//! Asking a person: with echo for the name, without for the password.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use nix::sys::signal::{Signal, raise};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use process::{Error, Result, code};

const LIMIT: usize = 64 << 10;

/// Asks for the user; an empty answer is `known`.
///
/// # Errors
/// When there is no answer.
pub fn user(out: &mut dyn Write, known: Option<&str>) -> Result<String> {
    let question = known.map_or("Username: ".to_string(), |known| format!("Username ({known}): "));
    ask(out, &question)?;
    let mut line = String::new();
    let read = io::stdin().lock().take(LIMIT as u64).read_line(&mut line);
    let failed = |error| Error::os("reading username", error);
    match (read.map_err(failed)?, line.trim(), known) {
        (0, ..) => Err(Error::because("reading username", "EOF").code(code::NO_ANSWER)),
        (_, "", Some(known)) => Ok(known.to_string()),
        (_, line, _) => Ok(line.to_string()),
    }
}

/// Asks for the password.
///
/// # Errors
/// When there is no answer.
pub fn password(out: &mut dyn Write) -> Result<String> {
    ask(out, "Password: ")?;
    let password = match io::stdin().is_terminal() {
        true => silently(),
        false => {
            let mut line = String::new();
            let read = io::stdin().lock().take(LIMIT as u64).read_line(&mut line);
            read.map(|count| (count > 0).then_some(line))
        }
    };
    ask(out, "\n")?;
    let password = password.map_err(|error| Error::os("reading password", error))?;
    let password = password.ok_or_else(|| Error::because("reading password", "EOF").code(code::NO_ANSWER))?;
    Ok(password.trim_end_matches(['\n', '\r']).to_string())
}

fn ask(out: &mut dyn Write, question: &str) -> Result<()> {
    write!(out, "{question}").and_then(|()| out.flush()).map_err(|error| Error::os("write to standard output", error))
}

/// The terminal as it was.
struct Restore(Termios);

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &self.0);
    }
}

/// Reads a line that is not shown. Ctrl-C comes as a character too, because a process that ends by the signal leaves
/// a terminal behind that shows nothing.
fn silently() -> io::Result<Option<String>> {
    let before = tcgetattr(io::stdin())?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
    tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &silent)?;
    let restore = Restore(before);
    let mut line = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte? {
            b'\n' | b'\r' => return Ok(Some(String::from_utf8_lossy(&line).into_owned())),
            0x03 => {
                drop(restore);
                raise(Signal::SIGINT)?;
                return Ok(None);
            }
            // Ctrl-D, backspace, Ctrl-U.
            0x04 if line.is_empty() => return Ok(None),
            0x04 => {}
            0x7f | 0x08 => drop(line.pop()),
            0x15 => line.clear(),
            byte if line.len() < LIMIT => line.push(byte),
            _ => {}
        }
    }
    Ok(None)
}

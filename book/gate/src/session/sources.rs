//! Where the programs of a session come from: what this workspace built, and what the system has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Stands in for cargo in a session: the programs are built already, and the reader's checkout may be closed to
/// the user of the test. Like cargo's own, its `run` becomes the program.
const CARGO: &str = r#"#!/bin/bash
bin=${0%/*}
[[ $1 == run ]] || { echo "cargo: sessions know only cargo run" >&2; exit 125; }
shift
name= example=
while (($#)); do
    case $1 in
    -q | --quiet | --release) ;;
    -p | --package) name=$2; shift ;;
    --example) example=$2; shift ;;
    --) shift; break ;;
    *) echo "cargo: sessions do not know $1" >&2; exit 125 ;;
    esac
    shift
done
program=${example:-$name}
[[ -x $bin/$program ]] || { echo "cargo: $program is not in this session's \`% needs\`" >&2; exit 125; }
exec "$bin/$program" "$@"
"#;

/// The directory of the built programs: that of this program, or the one above a test's.
fn built() -> PathBuf {
    let exe = std::env::current_exe().unwrap_or_default();
    let dir = exe.parent().unwrap_or(Path::new("/"));
    if dir.ends_with("deps") { dir.parent().unwrap_or(dir).to_path_buf() } else { dir.to_path_buf() }
}

/// Puts the programs of `% needs` into `bin`, which is first in the session's PATH.
///
/// # Errors
/// A program that is not there, with the command that brings it.
pub fn provide(book: &Path, bin: &Path, programs: &[String]) -> Result<(), String> {
    for program in programs {
        let missing = match origin(book, program) {
            Origin::Built(path, build) => {
                if path.is_file() {
                    copy(&path, &bin.join(program))?;
                    continue;
                }
                format!("{program} is not built; run: {build}")
            }
            Origin::System => {
                if ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
                    .iter()
                    .any(|dir| Path::new(dir).join(program).is_file())
                {
                    continue;
                }
                format!("{program} is missing; run: scripts/setup --dev")
            }
        };
        return Err(missing);
    }
    write_cargo(bin)
}

enum Origin {
    /// The file, and the command that builds it.
    Built(PathBuf, String),
    System,
}

/// A program is a step's binary, a step's example, or the system's.
fn origin(book: &Path, program: &str) -> Origin {
    let steps = book.parent().unwrap_or(book).join("steps");
    let names: Vec<String> = fs::read_dir(steps)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.split_once('-').map(|(_, name)| name.to_owned()))
        .collect();
    if names.iter().any(|name| name == program) {
        return Origin::Built(built().join(program), format!("cargo build -p {program}"));
    }
    match program.strip_suffix("-naive") {
        Some(name) if names.iter().any(|known| known == name) => {
            let build = format!("cargo build -p {name} --example {program}");
            Origin::Built(built().join("examples").join(program), build)
        }
        _ => Origin::System,
    }
}

/// By cp, because a file open for writing here would be busy for the children of other sessions.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let status = Command::new("cp").arg(from).arg(to).status();
    let status = status.and_then(|copied| {
        let executable = Command::new("chmod").arg("755").arg(to).status()?;
        Ok(copied.success() && executable.success())
    });
    match status {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(format!("{} could not be copied to {}", from.display(), to.display())),
    }
}

fn write_cargo(bin: &Path) -> Result<(), String> {
    let path = bin.join("cargo.new");
    let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::write(&path, CARGO).map_err(wrong)?;
    copy(&path, &bin.join("cargo"))?;
    fs::remove_file(&path).map_err(wrong)
}

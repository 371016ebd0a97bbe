//! The files of a cgroup: short texts, written whole.

use std::fs;
use std::io;
use std::path::Path;

use process::{Error, Result};

pub(crate) fn read(dir: &Path, file: &str) -> Result<String> {
    let path = dir.join(file);
    fs::read_to_string(&path).map_err(|error| Error::os(format!("read {}", path.display()), error))
}

/// Only into what is there already: a name with a slip in it must not become a file of a directory that is none.
pub(crate) fn write(dir: &Path, file: &str, value: &str) -> io::Result<()> {
    use std::io::Write;
    fs::OpenOptions::new().write(true).open(dir.join(file))?.write_all(value.as_bytes())
}

/// The same, with the sentence for a person.
pub(crate) fn set(dir: &Path, file: &str, value: &str) -> Result<()> {
    write(dir, file, value)
        .map_err(|error| Error::os(format!("write {value:?} to {}", dir.join(file).display()), error))
}

/// The value of a line `KEY VALUE` in a file of such lines.
pub(crate) fn field(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Whether the word is in a file of words.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.split_whitespace().any(|known| known == word)
}

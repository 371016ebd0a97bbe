//! Small files, read in as few system calls as they need.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Larger than nearly all that podling writes.
const FIRST: usize = 8192;

/// All of a regular file, but no more than `limit` bytes: open, read, close, when it is small.
///
/// # Errors
/// Those of open(2) and read(2).
pub fn read(path: impl AsRef<Path>, limit: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; FIRST.min(limit)];
    let mut length = 0;
    loop {
        length += match file.read(&mut bytes[length..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        };
        // Less than was asked for is the end (read(2), of regular files).
        if length < bytes.len() || length == limit {
            bytes.truncate(length);
            return Ok(bytes);
        }
        bytes.resize((bytes.len() * 2).min(limit), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_whatever_its_size() {
        let dir = tempfile::tempdir().unwrap();
        for size in [0, 1, FIRST - 1, FIRST, FIRST + 1, 5 * FIRST] {
            let path = dir.path().join(size.to_string());
            let bytes: Vec<u8> = (0..size).map(|number| number as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path, usize::MAX).unwrap(), bytes);
            assert_eq!(read(&path, 100).unwrap(), bytes[..size.min(100)]);
        }
    }
}

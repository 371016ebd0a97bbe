//! Unpacks a layer the way everybody would at first, and with care: no name may begin with `/` or have a `..`.
//! The care is for the text of a name. The kernel walks the disk, and on the disk may be a link that the layer
//! itself put there a moment ago.
//!
//! ```text
//! cargo run -p images --example images-naive -- LAYER.tar DIRECTORY
//! ```

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [layer, directory] = arguments.as_slice() else {
        eprintln!("Usage: images-naive LAYER.tar DIRECTORY");
        std::process::exit(125);
    };
    for line in unpack(&fs::read(layer)?, Path::new(directory))? {
        println!("{line}");
    }
    Ok(())
}

/// Unpacks `tar` below `directory`; returns what it did.
// ANCHOR: naive
pub fn unpack(tar: &[u8], directory: &Path) -> io::Result<Vec<String>> {
    let mut done = Vec::new();
    let mut rest = tar;
    while let Some((header, after)) = rest.split_at_checked(512) {
        let name = text(&header[..100]);
        if name.is_empty() {
            break;
        }
        if !is_harmless(&name) {
            done.push(format!("refused   {name}"));
            return Ok(done);
        }
        let path = directory.join(&name);
        let size = usize::from_str_radix(&text(&header[124..136]), 8).map_err(io::Error::other)?;
        let Some(content) = after.get(..size) else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        match header[156] {
            b'5' => fs::create_dir_all(&path)?,
            b'2' => symlink(text(&header[157..257]), &path)?,
            _ => {
                fs::create_dir_all(path.parent().unwrap_or(directory))?;
                fs::write(&path, content)?;
            }
        }
        done.push(format!("unpacked  {name}"));
        rest = after.get(size.next_multiple_of(512)..).unwrap_or_default();
    }
    Ok(done)
}

/// Whether a name stays below the directory, as far as a name can tell.
fn is_harmless(name: &str) -> bool {
    Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
// ANCHOR_END: naive

/// A field of a header: text up to the first zero byte.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).trim().to_string()
}

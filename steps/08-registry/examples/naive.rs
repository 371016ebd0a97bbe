//! Fetches an image the way everybody would at first: asks for the manifest, then for each layer, and writes down
//! what comes. A layer's digest is used for what it looks like, a name.
//!
//! ```text
//! cargo run -p registry --example registry-naive -- 127.0.0.1:5000 nginx DIRECTORY
//! ```

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [registry, name, directory] = arguments.as_slice() else {
        eprintln!("Usage: registry-naive HOST:PORT NAME DIRECTORY");
        std::process::exit(125);
    };
    for line in pull(registry, name, Path::new(directory))? {
        println!("{line}");
    }
    Ok(())
}

/// Writes the layers of an image to `directory`; returns what it did.
// ANCHOR: naive
pub fn pull(registry: &str, name: &str, directory: &Path) -> io::Result<Vec<String>> {
    let mut done = Vec::new();
    let manifest = get(registry, &format!("/v2/{name}/manifests/latest"))?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest)?;
    fs::create_dir_all(directory)?;
    for layer in manifest["layers"].as_array().into_iter().flatten() {
        let digest = layer["digest"].as_str().unwrap_or_default();
        let content = get(registry, &format!("/v2/{name}/blobs/{digest}"))?;
        fs::write(directory.join(digest.replace(':', "-")), content)?;
        done.push(format!("saved {digest}"));
    }
    Ok(done)
}
// ANCHOR_END: naive

/// One request on one connection; the answer is what follows the first empty line.
fn get(registry: &str, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(registry)?;
    let accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {registry}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    Ok(answer.split_off(end.map_or(answer.len(), |end| end + 4)))
}

//! The image that is built in, so that the first `run` needs no network and no archive.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use process::{Error, Result, code};
use rustix::fs::{MemfdFlags, memfd_create};
use tar_core::EntryType;
use tar_core::builder::EntryBuilder;

use crate::{Digest, HELLO, Image, Store};

/// `hello/main.rs`, compiled for this machine and linked statically by `build.rs`.
const PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hello"));
const OS_RELEASE: &[u8] = b"NAME=\"podling hello\"\nID=podling-hello\nIMAGE_ID=hello\nIMAGE_VERSION=1\n";
/// 2026-01-01: the same program makes the same image, to the digest.
const CREATED: (u64, &str) = (1_767_225_600, "2026-01-01T00:00:00Z");

impl Store {
    /// Stores the built-in image `localhost/hello:latest`, unless it is there. Like every load it sets owners,
    /// so it must run as root, of a user namespace at least.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn add_hello(&self) -> Result<Image> {
        let image = layout()?;
        if let Ok(known) = self.find(HELLO)
            && known.id == image.0.hex()
        {
            return Ok(known);
        }
        // Through the front door: an archive, in memory.
        let failed = |error: std::io::Error| Error::os("write the built-in image", error);
        let memory = memfd_create("hello", MemfdFlags::CLOEXEC).map_err(|error| failed(error.into()))?;
        let mut memory = File::from(memory);
        memory.write_all(&image.1).and_then(|()| memory.seek(SeekFrom::Start(0)).map(drop)).map_err(failed)?;
        self.load_file(memory)?;
        self.find(HELLO)
    }
}

/// The ID of the image, and the image as an oci-archive.
fn layout() -> Result<(Digest, Vec<u8>)> {
    let layer = tar(&[
        ("etc", 0o755, None),
        ("etc/os-release", 0o644, Some(OS_RELEASE)),
        ("hello", 0o755, Some(PROGRAM)),
        ("dev", 0o755, None),
        ("proc", 0o555, None),
        ("sys", 0o555, None),
        ("tmp", 0o1777, None),
    ])?;
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let config = serde_json::json!({
        "architecture": architecture,
        "os": "linux",
        "created": CREATED.1,
        "config": { "Cmd": ["/hello"], "Env": ["PATH=/"], "WorkingDir": "/" },
        "rootfs": { "type": "layers", "diff_ids": [Digest::of(&layer).to_string()] },
        "history": [{ "created": CREATED.1, "created_by": "podling" }],
    })
    .to_string()
    .into_bytes();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
    })
    .to_string()
    .into_bytes();
    let mut top = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    top["annotations"] = serde_json::json!({ "org.opencontainers.image.ref.name": HELLO });
    let index = serde_json::json!({ "schemaVersion": 2, "manifests": [top] }).to_string();
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", Digest::of(bytes).hex());
    let archive = tar(&[
        ("oci-layout", 0o644, Some(br#"{"imageLayoutVersion":"1.0.0"}"#)),
        ("index.json", 0o644, Some(index.as_bytes())),
        (&blob(&manifest), 0o644, Some(&manifest)),
        (&blob(&config), 0o644, Some(&config)),
        (&blob(&layer), 0o644, Some(&layer)),
    ])?;
    Ok((Digest::of(&config), archive))
}

fn descriptor(media_type: &str, bytes: &[u8]) -> serde_json::Value {
    serde_json::json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

/// A tar of files, and of directories where there is no content.
fn tar(entries: &[(&str, u32, Option<&[u8]>)]) -> Result<Vec<u8>> {
    let mut tar = Vec::new();
    for (path, mode, content) in entries {
        let kind = if content.is_some() { EntryType::Regular } else { EntryType::Directory };
        let content = content.unwrap_or_default();
        tar.extend(
            header(path, *mode, kind, content.len())
                .map_err(|error| Error::because("write a tar", error).code(code::INTERNAL))?,
        );
        tar.extend_from_slice(content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    Ok(tar)
}

fn header(path: &str, mode: u32, kind: EntryType, size: usize) -> tar_core::Result<Vec<u8>> {
    let mut builder = EntryBuilder::new_ustar();
    builder.path(path).entry_type(kind);
    builder.mode(mode)?.uid(0)?.gid(0)?.size(size as u64)?.mtime(CREATED.0)?;
    Ok(builder.finish_bytes())
}

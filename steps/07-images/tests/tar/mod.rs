//! A tar writer that writes what it is told, also what no tar program would; images made of such layers; and a
//! picture of a directory.
#![allow(dead_code, reason = "no test uses all of it")]

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use images::Digest;

/// A tar in the making. Owner of every entry is `owner`, 0 unless said otherwise.
#[derive(Clone, Default)]
pub struct Tar {
    bytes: Vec<u8>,
    owner: u32,
}

impl Tar {
    pub fn new() -> Tar {
        Tar::default()
    }

    /// Entries that an unprivileged test can unpack by itself.
    pub fn mine() -> Tar {
        Tar { owner: rustix::process::geteuid().as_raw(), ..Tar::default() }
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Tar {
        self.header(name, b'0', 0o644, "", content.as_ref().len() as u64).raw(content)
    }

    pub fn dir(self, name: &str, mode: u32) -> Tar {
        self.header(name, b'5', mode, "", 0)
    }

    pub fn symlink(self, name: &str, target: &str) -> Tar {
        self.header(name, b'2', 0o777, target, 0)
    }

    pub fn hardlink(self, name: &str, target: &str) -> Tar {
        self.header(name, b'1', 0o777, target, 0)
    }

    /// A PAX header for the next entry.
    pub fn pax(self, records: &[(&str, &str)]) -> Tar {
        let mut text = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let length = (1..).map(|digits| rest + digits).find(|length| length.to_string().len() + rest == *length);
            text.extend(format!("{} {key}={value}\n", length.unwrap()).into_bytes());
        }
        self.header("PaxHeader", b'x', 0o644, "", text.len() as u64).raw(text)
    }

    /// One header block.
    pub fn header(mut self, name: &str, kind: u8, mode: u32, link: &str, size: u64) -> Tar {
        let mut block = [0u8; 512];
        let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, &format!("{mode:07o}"));
        put(108, &format!("{:07o}", self.owner));
        put(116, &format!("{:07o}", self.owner));
        put(124, &format!("{size:011o}"));
        put(136, "14000000000");
        put(148, "        ");
        put(157, link);
        put(257, "ustar\x0000");
        block[156] = kind;
        sign(&mut block);
        self.bytes.extend(block);
        self
    }

    /// A device: `b'3'` has characters, `b'4'` blocks.
    pub fn device(mut self, name: &str, kind: u8, (major, minor): (u32, u32)) -> Tar {
        let at = self.bytes.len();
        self = self.header(name, kind, 0o666, "", 0);
        let block = &mut self.bytes[at..];
        block[329..336].copy_from_slice(format!("{major:07o}").as_bytes());
        block[337..344].copy_from_slice(format!("{minor:07o}").as_bytes());
        block[148..156].fill(b' ');
        sign(block);
        self
    }

    /// Content, padded to a block.
    pub fn raw(mut self, content: impl AsRef<[u8]>) -> Tar {
        self.bytes.extend_from_slice(content.as_ref());
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    /// The tar, ended as it should be.
    pub fn end(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 1024, 0);
        self.bytes
    }
}

/// Writes a header's sum, over which its own place counts as spaces.
fn sign(block: &mut [u8]) {
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
}

/// The configuration of an image of these plain layers; the same on every machine.
pub fn config(layers: &[Vec<u8>]) -> String {
    let ids: Vec<String> = layers.iter().map(|layer| format!("\"{}\"", Digest::of(layer))).collect();
    format!(
        r#"{{"architecture":"amd64","os":"linux","created":"2026-01-02T03:04:05Z","config":{{"Cmd":["/bin/sh"]}},"rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
        ids.join(",")
    )
}

/// A docker-archive of plain layers, named `localhost/test:latest`.
pub fn docker_archive(layers: &[Vec<u8>]) -> Vec<u8> {
    docker_archive_of(&config(layers), layers)
}

/// A docker-archive with this configuration and these layers as they are.
pub fn docker_archive_of(config: &str, layers: &[Vec<u8>]) -> Vec<u8> {
    let names: Vec<String> = (0..layers.len()).map(|n| format!("\"{n}.tar\"")).collect();
    let manifest =
        format!(r#"[{{"Config":"c.json","RepoTags":["localhost/test:latest"],"Layers":[{}]}}]"#, names.join(","));
    let mut tar = Tar::new().file("manifest.json", manifest).file("c.json", config);
    for (n, layer) in layers.iter().enumerate() {
        tar = tar.file(&format!("{n}.tar"), layer);
    }
    tar.end()
}

/// The parts of an oci-archive, to be bent.
pub struct Layout {
    pub index: String,
    pub manifest: String,
    pub config: String,
    pub layers: Vec<Vec<u8>>,
}

impl Layout {
    /// An image of layers `stored` (compressed, perhaps), whose plain form is `plain`.
    pub fn new(plain: &[Vec<u8>], stored: &[Vec<u8>]) -> Layout {
        let config = config(plain);
        let layers: Vec<String> = stored.iter().map(|layer| descriptor("layer.v1.tar", layer)).collect();
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}}"#,
            descriptor("config.v1+json", config.as_bytes()),
            layers.join(",")
        );
        Layout { index: String::new(), manifest, config, layers: stored.to_vec() }.indexed()
    }

    /// The index made anew for the manifest as it is now.
    pub fn indexed(mut self) -> Layout {
        let entry = descriptor("manifest.v1+json", self.manifest.as_bytes());
        let annotation = r#","annotations":{"org.opencontainers.image.ref.name":"localhost/test:latest"}}"#;
        let entry = format!("{}{annotation}", entry.trim_end_matches('}'));
        self.index = format!(r#"{{"schemaVersion":2,"manifests":[{entry}]}}"#);
        self
    }

    /// The members of the archive.
    pub fn tar(&self) -> Tar {
        let mut tar =
            Tar::new().file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#).file("index.json", &self.index);
        let documents = [self.manifest.as_bytes(), self.config.as_bytes()];
        for blob in documents.into_iter().chain(self.layers.iter().map(Vec::as_slice)) {
            tar = tar.file(&format!("blobs/sha256/{}", Digest::of(blob).hex()), blob);
        }
        tar
    }
}

fn descriptor(kind: &str, bytes: &[u8]) -> String {
    format!(
        r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{}","size":{}}}"#,
        Digest::of(bytes),
        bytes.len()
    )
}

/// gzip, by flate2.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut reader = flate2::read::GzEncoder::new(bytes, flate2::Compression::default());
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut out).unwrap();
    out
}

/// zstd.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Every file below `dir`, one a line: type, mode, owner (`root` is the user itself, as in the user's
/// namespace), name, what is in it, and its attributes.
pub fn tree(dir: &Path) -> String {
    let mut lines = Vec::new();
    walk(dir, dir, &mut lines);
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

fn walk(root: &Path, path: &Path, lines: &mut Vec<(PathBuf, String)>) {
    let meta = fs::symlink_metadata(path).unwrap_or_else(|error| panic!("stat {}: {error}", path.display()));
    let (kind, content) = match meta.file_type() {
        kind if kind.is_dir() => ('d', String::new()),
        kind if kind.is_symlink() => ('l', format!(" -> {}", fs::read_link(path).unwrap().display())),
        kind if kind.is_file() && meta.len() <= 64 => {
            ('f', format!(" {:?}", String::from_utf8_lossy(&fs::read(path).unwrap())))
        }
        kind if kind.is_file() => ('f', " ...".to_string()),
        kind if kind.is_char_device() => ('c', format!(" {}", meta.rdev())),
        _ => ('?', String::new()),
    };
    let user = support::user();
    let owner = match meta.uid() {
        uid if uid == user.uid => "root".to_string(),
        uid => (i64::from(uid) - i64::from(user.subuid.0) + 1).to_string(),
    };
    let name = path.strip_prefix(root).unwrap();
    let shown = if name.as_os_str().is_empty() { Path::new(".") } else { name };
    let mut value = [0; 8];
    let opaque = rustix::fs::lgetxattr(path, "user.overlay.opaque", &mut value).is_ok();
    let content = if opaque { " (opaque)".to_string() } else { content };
    let mut list = [0u8; 4096];
    let length = rustix::fs::llistxattr(path, &mut list[..]).unwrap_or(0);
    let names = list[..length].split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let attributes: Vec<_> = names.filter(|name| name.starts_with("user.") && name != "user.overlay.opaque").collect();
    let attributes = if attributes.is_empty() { String::new() } else { format!(" {{{}}}", attributes.join(" ")) };
    let line = format!("{kind} {:04o} {owner:>5} {}{content}{attributes}", meta.mode() & 0o7777, shown.display());
    lines.push((name.to_path_buf(), line));
    if meta.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(root, &entry.unwrap().path(), lines);
        }
    }
}

//! Archives of one small image, `localhost/busybox:latest`: made by hand, and made by Podman.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::World;
use crate::prerequisite::{Package, installer};
use crate::user::give;

/// The name of the image in these archives.
pub const BUSYBOX: &str = "localhost/busybox:latest";

/// What images set.
const IMAGE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The archive formats that Podman writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `manifest.json` and plain layers.
    DockerArchive,
    /// The OCI image layout in a tar, layers compressed.
    OciArchive,
}

impl Format {
    /// As `podman save --format` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::DockerArchive => "docker-archive",
            Format::OciArchive => "oci-archive",
        }
    }
}

/// A docker-archive of [`BUSYBOX`], made with tar(1) and sha256sum(1) only: one plain layer with the root file
/// system of [`crate::busybox_rootfs`], owned by root but for `/home/user`; `Cmd` is `/bin/sh`. The same
/// on every run, to the digest.
///
/// # Panics
/// When a tool is missing.
#[must_use]
pub fn busybox_archive(world: &World) -> PathBuf {
    let archive = world.root().join("busybox.tar");
    if archive.exists() {
        return archive;
    }
    let layer = world.root().join("busybox-layer.tar");
    rootfs_tar(world, &layer);
    let config = format!(r#""Cmd":["/bin/sh"],"Env":["PATH={IMAGE_PATH}"],"Labels":{{"made-by":"tar"}}"#);
    pack(world, &archive, BUSYBOX, &config, &[&layer]);
    archive
}

/// A docker-archive of `localhost/NAME:latest`: busybox below, above it a layer of what `above` makes in an empty
/// directory, owned by root. `config` is what is inside the braces of the image's `config`.
///
/// # Panics
/// When a tool is missing.
#[must_use]
pub fn busybox_and(world: &World, name: &str, config: &str, above: impl Fn(&Path)) -> PathBuf {
    let base = world.root().join("busybox-layer.tar");
    if !base.exists() {
        rootfs_tar(world, &base);
    }
    let dir = world.root().join(format!("{name}-above"));
    fs::create_dir_all(&dir).expect("make a directory");
    above(&dir);
    let layer = world.root().join(format!("{name}-layer.tar"));
    tar(&dir, &["--sort=name", "--numeric-owner", "--owner=0", "--group=0", "-cf", text(&layer), "."]);
    let archive = world.root().join(format!("{name}.tar"));
    pack(world, &archive, &format!("localhost/{name}:latest"), config, &[&base, &layer]);
    archive
}

/// A docker-archive of plain layers.
///
/// # Panics
/// When a tool is missing.
pub fn pack(world: &World, archive: &Path, name: &str, config: &str, layers: &[&Path]) {
    let dir = tempfile::tempdir_in(world.root()).expect("make a directory");
    let ids: Vec<String> = layers.iter().map(|layer| format!("\"sha256:{}\"", sha256(layer))).collect();
    let names: Vec<String> = (0..layers.len()).map(|number| format!("layer{number}.tar")).collect();
    let config = format!(
        r#"{{"architecture":"{}","os":"linux","created":"2026-01-02T03:04:05Z","config":{{{config}}},"rootfs":{{"type":"layers","diff_ids":[{}]}},"history":[{{"created":"2026-01-02T03:04:05Z","created_by":"tar"}}]}}"#,
        architecture(),
        ids.join(","),
    );
    fs::write(dir.path().join("config.json"), config).expect("write a file");
    for (name, layer) in names.iter().zip(layers) {
        std::os::unix::fs::symlink(layer, dir.path().join(name)).expect("make a link");
    }
    let manifest =
        format!(r#"[{{"Config":"config.json","RepoTags":["{name}"],"Layers":["{}"]}}]"#, names.join("\",\""));
    fs::write(dir.path().join("manifest.json"), manifest).expect("write a file");
    let members = names.iter().map(String::as_str);
    let words: Vec<&str> =
        ["--dereference", "-cf", text(archive), "manifest.json", "config.json"].into_iter().chain(members).collect();
    tar(dir.path(), &words);
    give(archive);
}

/// An archive of [`BUSYBOX`] that `podman save` wrote; as [`busybox_archive`], but made by others.
///
/// # Panics
/// When there is no Podman, or it fails.
#[must_use]
pub fn podman_save(world: &World, format: Format) -> PathBuf {
    let archive = world.root().join(format!("podman-{}.tar", format.name()));
    if archive.exists() {
        return archive;
    }
    let layer = world.root().join("podman-layer.tar");
    if !layer.exists() {
        rootfs_tar(world, &layer);
        give(&layer);
        let changes = ["--change", r#"CMD ["/bin/sh"]"#, "--change", "LABEL made-by=podman"];
        podman(world).arg("import").args(changes).arg(&layer).arg(BUSYBOX).assert().success();
    }
    let partial = world.root().join("tmp").join(archive.file_name().expect("a name"));
    podman(world).args(["save", "--format", format.name(), "-o"]).arg(&partial).arg(BUSYBOX).assert().success();
    fs::rename(&partial, &archive).expect("rename");
    archive
}

/// Podman, as the unprivileged user, with everything it keeps in this world.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn podman(world: &World) -> assert_cmd::Command {
    tool("podman");
    let mut command = world.command("podman");
    command.arg("--root").arg(world.root().join("podman")).arg("--runroot").arg(world.root().join("podman-run"));
    command.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]);
    command
}

/// Podman keeps its user namespace alive by a process that does nothing; it ends with the world.
pub(crate) fn end_podman(world: &Path) {
    let Ok(pid) = fs::read_to_string(world.join("run/libpod/tmp/pause.pid")) else { return };
    let Ok(pid) = pid.trim().parse::<u32>() else { return };
    if crate::observe::processes_of(world).contains(&pid) {
        let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
    }
}

/// skopeo, as the unprivileged user; it takes any image signed by anyone.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn skopeo(world: &World) -> assert_cmd::Command {
    tool("skopeo");
    let mut command = world.command("skopeo");
    command.args(["--insecure-policy", "--tmpdir"]).arg(world.root().join("tmp"));
    command
}

/// The sha256 of a file, 64 digits.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg("--").arg(path).output().expect("run sha256sum");
    assert!(output.status.success(), "sha256sum {}", path.display());
    String::from_utf8_lossy(&output.stdout).trim_start_matches('\\').chars().take(64).collect()
}

/// Go's name of this machine's architecture, as images have it.
#[must_use]
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

/// The root file system as the plain tar of a layer.
fn rootfs_tar(world: &World, layer: &Path) {
    let rootfs = world.busybox_rootfs();
    let common = ["--sort=name", "--mtime=@1767323045", "--numeric-owner", "--format=gnu"];
    let root = ["--owner=0", "--group=0", "--exclude=./home/user", "-cf", text(layer), "."];
    tar(&rootfs, &[&common[..], &root].concat());
    let user = ["--owner=1000", "--group=1000", "-rf", text(layer), "./home/user"];
    tar(&rootfs, &[&common[..], &user].concat());
}

fn tar(directory: &Path, arguments: &[&str]) {
    let status = Command::new("tar").arg("-C").arg(directory).args(arguments).status().expect("run tar");
    assert!(status.success(), "tar {arguments:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of a test is text")
}

/// Fails with the command that installs `name`, unless it is there.
pub(crate) fn tool(name: &'static str) {
    let found = ["/usr/local/bin", "/usr/bin", "/bin"].iter().any(|dir| Path::new(dir).join(name).is_file());
    let package = match name {
        "htpasswd" => Package {
            apt: "apache2-utils",
            dnf: "httpd-tools",
            pacman: "apache",
            zypper: "apache2-utils",
            apk: "apache2-utils",
        },
        name => Package { apt: name, dnf: name, pacman: name, zypper: name, apk: name },
    };
    assert!(found, "{name} is missing; run: scripts/setup --dev ({})", package.install(installer()));
}

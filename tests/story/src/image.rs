//! The story's image.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use support::World;
use support::image::{pack, sha256};

/// How it is made; a change makes another one.
const SCRIPT: &str = include_str!("nginx.sh");

/// A docker-archive of `localhost/nginx:latest`: Debian's nginx, some programs of busybox, and a page that says `Hello
/// from nginx`. Made once, and kept below `~/.cache/podling`.
///
/// # Panics
/// When it cannot be made: the message says what that needs.
#[must_use]
pub fn nginx(world: &World) -> PathBuf {
    let script = world.write("tmp/nginx.sh", SCRIPT);
    let kept = cache().join(format!("nginx-{}-{}.tar", &sha256(&script)[..12], env::consts::ARCH));
    if !kept.exists() {
        let dir = world.dir("nginx");
        let shell = |words: &[&str]| {
            let mut command = world.command(words[0]);
            for name in ["http_proxy", "https_proxy", "no_proxy", "DEBIAN_MIRROR"] {
                command.envs(env::var_os(name).map(|value| (name, value)));
            }
            let output = command.current_dir(&dir).args(&words[1..]).output().expect("start a shell");
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "no image of nginx could be made: {text}\nIt needs mmdebstrap and podman (scripts/setup --dev), and once \
                 a network; another mirror: DEBIAN_MIRROR=http://..."
            );
        };
        let script = script.to_str().expect("a path of a test is text");
        shell(&["unshare", "--map-root-user", "--map-auto", "--mount", "sh", script, "packages"]);
        shell(&["sh", script, "image"]);
        fs::create_dir_all(kept.parent().expect("a directory")).expect("make a directory");
        let partial = kept.with_extension(std::process::id().to_string());
        fs::copy(dir.join("nginx.tar"), &partial).expect("keep the image");
        fs::rename(partial, &kept).expect("rename");
    }
    let archive = world.root().join("nginx.tar");
    fs::copy(&kept, &archive).expect("copy the image");
    archive
}

/// The same with one file or another above it: what is in `above`, and what `config` has besides (`"Cmd":["/no"]`).
///
/// # Panics
/// When a tool is missing.
#[must_use]
pub fn nginx_saying(world: &World, name: &str, above: &[(&str, &str)], config: &str) -> PathBuf {
    let archive = nginx(world);
    let dir = world.dir(format!("{name}-layers"));
    let run = |words: &[&str]| {
        let output = std::process::Command::new(words[0]).current_dir(&dir).args(&words[1..]).output().expect("run");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    run(&["tar", "-xf", archive.to_str().expect("text")]);
    let layers = run(&["jq", "-r", ".[0].Layers[]", "manifest.json"]);
    let mut layers: Vec<PathBuf> = layers.lines().map(|layer| dir.join(layer)).collect();
    let top = dir.join("top");
    fs::create_dir_all(&top).expect("make a directory");
    for (path, text) in above {
        let path = top.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("make a directory");
        fs::write(path, text).expect("write a file");
    }
    run(&["tar", "-C", top.to_str().expect("text"), "--owner=0", "--group=0", "-cf", "top.tar", "."]);
    layers.push(dir.join("top.tar"));
    let layers: Vec<&Path> = layers.iter().map(PathBuf::as_path).collect();
    let made = world.root().join(format!("{name}.tar"));
    let path = r#""Env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],"StopSignal":"SIGQUIT""#;
    pack(world, &made, "localhost/nginx:latest", &format!("{path},{config}"), &layers);
    made
}

fn cache() -> PathBuf {
    let home = env::var_os("HOME").expect("HOME is set");
    let cache = env::var_os("XDG_CACHE_HOME").map_or_else(|| Path::new(&home).join(".cache"), PathBuf::from);
    cache.join("podling")
}

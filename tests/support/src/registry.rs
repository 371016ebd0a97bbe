//! A registry on the loopback: Debian's docker-registry, with a password or without, with TLS or without.
//!
//! ```no_run
//! let world = support::World::new();
//! let registry = support::Registry::of(&world).with_password("ann", "secret").with_tls().start();
//! registry.push(&world, &support::busybox_archive(&world), "nginx:latest");
//! registry.trust(&world);
//! let name = format!("{}/nginx", registry.address());
//! world.command("registry").args(["pull", "--creds", "ann:secret", &name]).assert().success();
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::World;
use crate::image::{skopeo, tool};
use crate::observe::await_some;
use crate::user::give_tree;

/// A registry that runs as the world's user, and ends when this is dropped. What was pushed stays in the world.
pub struct Registry {
    child: Child,
    dir: PathBuf,
    port: u16,
    password: Option<(String, String)>,
    tls: bool,
}

/// What a registry shall be.
pub struct Options<'a> {
    world: &'a World,
    name: String,
    port: u16,
    password: Option<(String, String)>,
    tls: bool,
    clients: bool,
}

impl Registry {
    /// A registry in `world`, to be started by [`Options::start`]: on a free port of 127.0.0.1, without a password,
    /// over plain HTTP, unless told otherwise.
    #[must_use]
    pub fn of(world: &World) -> Options<'_> {
        Options { world, name: "registry".to_string(), port: 0, password: None, tls: false, clients: false }
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that signed the registry's, as PEM; only with TLS.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// Certificate and key of a client that the authority signed, as PEM; only with TLS.
    #[must_use]
    pub fn client(&self) -> (PathBuf, PathBuf) {
        (self.dir.join("client.cert"), self.dir.join("client.key"))
    }

    /// Lets the world's user trust the registry: by `certs.d` with TLS, else by `insecure` in registries.conf.
    ///
    /// # Panics
    /// When a file cannot be written.
    pub fn trust(&self, world: &World) {
        let address = self.address();
        if self.tls {
            let ca = fs::read(self.ca()).expect("read the certificate");
            world.write(format!("home/.config/containers/certs.d/{address}/ca.crt"), ca);
        } else {
            let drop_in = format!("home/.config/containers/registries.conf.d/{}.conf", self.port);
            world.write(drop_in, format!("[[registry]]\nlocation = \"{address}\"\ninsecure = true\n"));
        }
        give_tree(&world.root().join("home/.config"));
    }

    /// Pushes the one image of a docker-archive by skopeo, as `name` (`nginx:latest`), and returns the digest of
    /// its manifest.
    ///
    /// # Panics
    /// When that fails.
    pub fn push(&self, world: &World, archive: &Path, name: &str) -> String {
        self.copy(world, &format!("docker-archive:{}", archive.display()), name, &[])
    }

    /// As [`Registry::push`], from anywhere skopeo can read and with more of its flags (`--format`, `v2s2`).
    ///
    /// # Panics
    /// When that fails.
    pub fn copy(&self, world: &World, source: &str, name: &str, flags: &[&str]) -> String {
        let digest = world.root().join("tmp").join(format!("digest-{}", name.replace(['/', ':'], "-")));
        let mut command = skopeo(world);
        command.args(["copy", "--dest-tls-verify=false", "--digestfile"]).arg(&digest);
        if let Some((user, password)) = &self.password {
            command.arg(format!("--dest-creds={user}:{password}"));
        }
        command.args(flags).arg(source).arg(format!("docker://{}/{name}", self.address())).assert().success();
        fs::read_to_string(digest).expect("read the digest").trim().to_string()
    }

    /// What it has written: a line a request, among others.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// The directory of its blobs and links, `docker/registry/v2` of the registry's file system driver.
    #[must_use]
    pub fn storage(&self) -> PathBuf {
        self.dir.join("storage/docker/registry/v2")
    }
}

impl Options<'_> {
    /// Only this user gets in.
    #[must_use]
    pub fn with_password(mut self, user: &str, password: &str) -> Self {
        self.password = Some((user.to_string(), password.to_string()));
        self
    }

    /// Over HTTPS, with a certificate for 127.0.0.1 and localhost from an authority made for it.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// With TLS: only clients that show a certificate of the authority get in.
    #[must_use]
    pub fn asking_for_certificates(mut self) -> Self {
        self.clients = true;
        self
    }

    /// On this port; to start one again where it was.
    #[must_use]
    pub fn on_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Another one beside the first: each name has a directory of its own in the world.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_string();
        self
    }

    /// Starts it, and returns when it answers.
    ///
    /// # Panics
    /// When a tool is missing, or it does not start.
    #[must_use]
    pub fn start(self) -> Registry {
        tool("docker-registry");
        let dir = self.world.dir(&self.name);
        let mut config = format!(
            "version: 0.1\nlog:\n  formatter: text\nstorage:\n  filesystem:\n    rootdirectory: {0}/storage\n  delete:\n    \
             enabled: true\nhttp:\n  addr: 127.0.0.1:{1}\n",
            dir.display(),
            self.port
        );
        if self.tls {
            certificates(&dir);
            config += &format!("  tls:\n    certificate: {0}/server.crt\n    key: {0}/server.key\n", dir.display());
            if self.clients {
                config += &format!("    clientcas: [{}/ca.crt]\n", dir.display());
            }
        }
        if let Some((user, password)) = &self.password {
            tool("htpasswd");
            let output = Command::new("htpasswd").args(["-Bbn", user, password]).output().expect("run htpasswd");
            assert!(output.status.success(), "htpasswd -Bbn");
            fs::write(dir.join("htpasswd"), output.stdout).expect("write the passwords");
            config += &format!("auth:\n  htpasswd:\n    realm: podling\n    path: {}/htpasswd\n", dir.display());
        }
        fs::write(dir.join("config.yml"), config).expect("write the configuration");
        give_tree(&dir);
        let log = File::create(dir.join("log")).expect("make the log");
        let child = self
            .world
            .process("docker-registry")
            .args(["serve"])
            .arg(dir.join("config.yml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("duplicate the log"))
            .stderr(log)
            .spawn()
            .expect("start docker-registry");
        let mut registry = Registry { child, dir, port: 0, password: self.password, tls: self.tls };
        registry.port = await_some("the registry to listen", || {
            let ended = registry.child.try_wait().expect("look at the registry");
            assert!(ended.is_none(), "docker-registry ended:\n{}", registry.log());
            // The log is where it says which port the kernel gave to it.
            let log = registry.log();
            let after = log.split("listening on 127.0.0.1:").nth(1)?;
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            after.len().gt(&digits.len()).then(|| digits.parse().ok())?
        });
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority, and certificates for the server and for a client, by openssl(1).
fn certificates(dir: &Path) {
    if dir.join("server.crt").exists() {
        return;
    }
    tool("openssl");
    let run = |words: &[&str]| {
        let output = Command::new("openssl").current_dir(dir).args(words).output().expect("run openssl");
        assert!(output.status.success(), "openssl {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let join = |words: &[&[&'static str]]| words.concat();
    run(&join(&[
        &["req", "-x509"],
        &key,
        &["-days", "2", "-subj", "/CN=podling tests", "-keyout", "ca.key", "-out", "ca.crt"],
    ]));
    for (name, subject, extensions, certificate) in [
        ("server", "/CN=registry", "subjectAltName=IP:127.0.0.1,DNS:localhost\n", "server.crt"),
        ("client", "/CN=client", "extendedKeyUsage=clientAuth\n", "client.cert"),
    ] {
        fs::write(dir.join("extensions"), extensions).expect("write a file");
        let (key_file, request) = (format!("{name}.key"), format!("{name}.csr"));
        let words = [&["req"][..], &key, &["-subj", subject, "-keyout", &key_file, "-out", &request]].concat();
        run(&words);
        run(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "extensions",
            "-out",
            certificate,
        ]);
    }
}

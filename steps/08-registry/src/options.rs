//! What every verb that talks to a registry can be told.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use process::{Error, Result, code};
use serde::{Deserialize, Serialize};

/// How to talk to a registry, and which of several images to take.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// `user:password`, instead of what `login` has written. Never written to a file, nor into a message.
    #[serde(skip)]
    pub creds: Option<String>,
    /// The file with passwords, instead of `$REGISTRY_AUTH_FILE` and the user's.
    pub authfile: Option<PathBuf>,
    /// A directory with certificates, instead of `certs.d`.
    pub cert_dir: Option<PathBuf>,
    /// Whether HTTPS is required and certificates are checked; unsaid: as registries.conf has it, and so yes.
    pub tls_verify: Option<bool>,
    /// Say nothing about progress.
    pub quiet: bool,
    /// The operating system, in Go's words; unsaid: this one's.
    pub os: Option<String>,
    /// The architecture, in Go's words; unsaid: this machine's.
    pub arch: Option<String>,
    /// The variant of the architecture.
    pub variant: Option<String>,
    /// How often a transfer is tried again; unsaid: three times.
    pub retry: Option<u32>,
}

/// Adds `--creds`, `--authfile`, `--cert-dir`, `--tls-verify`.
#[must_use]
pub fn arguments(command: clap::Command) -> clap::Command {
    command
        .arg(authfile())
        .arg(cert_dir())
        .arg(Arg::new("creds").long("creds").value_name("USER[:PASSWORD]").help("Use these credentials"))
        .arg(tls_verify())
}

fn path(name: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("PATH").value_parser(value_parser!(PathBuf))
}

/// `--authfile PATH`.
#[must_use]
pub fn authfile() -> Arg {
    path("authfile")
        .help("File with the passwords (default: $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json)")
}

/// `--cert-dir PATH`.
#[must_use]
pub fn cert_dir() -> Arg {
    path("cert-dir").help("Directory with certificates and keys for the registry")
}

/// `--tls-verify[=BOOL]`.
#[must_use]
pub fn tls_verify() -> Arg {
    Arg::new("tls-verify")
        .long("tls-verify")
        .value_name("BOOL")
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(BoolishValueParser::new())
        .help("Require HTTPS and check certificates (default: true)")
}

/// Adds `--platform`, `--os`, `--arch`, `--variant`.
#[must_use]
pub fn platform_arguments(command: clap::Command) -> clap::Command {
    let word = |name: &'static str| Arg::new(name).long(name).value_name("NAME");
    command
        .arg(word("os").help("Take the image for this operating system instead of Linux"))
        .arg(word("arch").help("Take the image for this architecture instead of this machine's"))
        .arg(word("variant").help("Take the image for this variant of the architecture"))
        .arg(
            Arg::new("platform")
                .long("platform")
                .value_name("OS/ARCH[/VARIANT]")
                .conflicts_with_all(["os", "arch"])
                .help("Take the image for this platform"),
        )
}

/// Adds `--quiet`, `-q`.
#[must_use]
pub fn quiet_argument(command: clap::Command) -> clap::Command {
    let quiet = Arg::new("quiet").short('q').long("quiet").action(ArgAction::SetTrue);
    command.arg(quiet.help("Suppress progress output"))
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = Options { creds: self.creds.as_ref().map(|_| "[hidden]".to_string()), ..self.clone() };
        write!(f, "{}", serde_json::to_string(&shown).unwrap_or_default())
    }
}

impl Options {
    /// What the command line says; flags that the verb does not have are unsaid.
    ///
    /// # Errors
    /// When `--platform` is none.
    pub fn from_arguments(matches: &ArgMatches) -> Result<Options> {
        let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let path = |name: &str| matches.try_get_one::<PathBuf>(name).ok().flatten().cloned();
        let mut options = Options {
            creds: text("creds"),
            authfile: path("authfile"),
            cert_dir: path("cert-dir"),
            tls_verify: matches.try_get_one::<bool>("tls-verify").ok().flatten().copied(),
            quiet: matches.try_get_one::<bool>("quiet").ok().flatten().copied().unwrap_or_default(),
            os: text("os"),
            arch: text("arch"),
            variant: text("variant"),
            retry: matches.try_get_one::<u32>("retry").ok().flatten().copied(),
        };
        if let Some(platform) = text("platform") {
            options.platform(&platform)?;
        }
        Ok(options)
    }

    /// Takes the image for `OS/ARCH[/VARIANT]`.
    ///
    /// # Errors
    /// When `platform` is not of that form.
    pub fn platform(&mut self, platform: &str) -> Result<()> {
        let parts: Vec<&str> = platform.split('/').collect();
        if parts.len() > 3 || parts.iter().any(|part| part.is_empty()) {
            return Err(Error::new(format!("invalid platform syntax for {platform:?} (use OS/ARCH[/VARIANT])"))
                .code(code::BAD_VALUE));
        }
        let part = |number: usize| parts.get(number).map(|part| (*part).to_string());
        (self.os, self.arch, self.variant) = (part(0), part(1), part(2));
        Ok(())
    }
}

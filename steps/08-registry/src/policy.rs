//! When an image is pulled: `--pull` of `run`, `--policy` of `pull`.

use serde::{Deserialize, Serialize};

/// When an image is pulled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Always; when that fails, it is an error.
    Always,
    /// When there is none of that name here.
    #[default]
    Missing,
    /// When the registry's is another one; when the registry cannot be asked, what is here will do.
    Newer,
    /// Never.
    Never,
}

impl Policy {
    /// Podman's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Policy::Always => "always",
            Policy::Missing => "missing",
            Policy::Newer => "newer",
            Policy::Never => "never",
        }
    }

    /// Reads a value of the command line, as Podman does: `true` is `always`, `false` is `missing`.
    ///
    /// # Errors
    /// When it is none; for use as a value parser.
    pub fn parse(text: &str) -> Result<Policy, String> {
        match text {
            "always" | "true" => Ok(Policy::Always),
            "missing" | "ifnotpresent" | "ifmissing" | "false" => Ok(Policy::Missing),
            "newer" | "ifnewer" => Ok(Policy::Newer),
            "never" => Ok(Policy::Never),
            _ => Err(format!("unsupported pull policy {text:?}")),
        }
    }
}

//! `.image` and `.artifact`: something is pulled.

use process::{Error, Result, code};

use super::Translation;

/// Translates an image.
///
/// # Errors
/// When it has no name.
pub fn translate(of: &mut Translation<'_>) -> Result<()> {
    let name = of.text("Image").ok_or_else(|| Error::new("no Image key specified").code(code::BAD_UNIT))?;
    let mut pull = of.command();
    pull.extend(["image", "pull"]);
    pull.texts(
        of,
        &[
            ("Arch", "--arch"),
            ("AuthFile", "--authfile"),
            ("CertDir", "--cert-dir"),
            ("Creds", "--creds"),
            ("DecryptionKey", "--decryption-key"),
            ("OS", "--os"),
            ("Policy", "--policy"),
            ("Retry", "--retry"),
            ("RetryDelay", "--retry-delay"),
            ("Variant", "--variant"),
        ],
    );
    pull.switches(of, &[("AllTags", "--all-tags"), ("TLSVerify", "--tls-verify")]);
    pull.own_arguments(of);
    pull.push(name);
    of.exec("ExecStart", &pull);
    of.oneshot(true);
    // An archive, say, is pulled by one name, and its image has another.
    of.makes(of.text("ImageTag").unwrap_or(name));
    Ok(())
}

/// Translates an artifact.
///
/// # Errors
/// When it has no name.
pub fn artifact(of: &mut Translation<'_>) -> Result<()> {
    let name = of.text("Artifact").ok_or_else(|| Error::new("no Artifact key specified").code(code::BAD_UNIT))?;
    let mut pull = of.command();
    pull.extend(["artifact", "pull"]);
    pull.texts(
        of,
        &[
            ("AuthFile", "--authfile"),
            ("CertDir", "--cert-dir"),
            ("Creds", "--creds"),
            ("DecryptionKey", "--decryption-key"),
            ("Retry", "--retry"),
            ("RetryDelay", "--retry-delay"),
        ],
    );
    pull.switches(of, &[("Quiet", "--quiet"), ("TLSVerify", "--tls-verify")]);
    pull.own_arguments(of);
    pull.push(name);
    of.exec("ExecStart", &pull);
    of.oneshot(true);
    of.makes(name);
    Ok(())
}

//! `.build`: an image is built.

use process::{Error, Result, code};

use super::{Translation, directory, sources};

/// Translates it.
///
/// # Errors
/// What the file says cannot be done.
pub fn translate(of: &mut Translation<'_>) -> Result<()> {
    if of.all("ImageTag").is_empty() {
        return Err(Error::new("no ImageTag key specified").code(code::BAD_UNIT));
    }
    let mut build = of.command();
    build.push("build");
    // The value of this flag is optional: as a word of its own it would be something else.
    if let Some(pull) = of.text("Pull") {
        build.push(format!("--pull={pull}"));
    }
    build.texts(
        of,
        &[
            ("Arch", "--arch"),
            ("AuthFile", "--authfile"),
            ("IgnoreFile", "--ignorefile"),
            ("Retry", "--retry"),
            ("RetryDelay", "--retry-delay"),
            ("Target", "--target"),
            ("Variant", "--variant"),
        ],
    );
    build.switches(of, &[("ForceRM", "--force-rm"), ("TLSVerify", "--tls-verify")]);
    build.all(
        of,
        &[
            ("DNS", "--dns"),
            ("DNSOption", "--dns-option"),
            ("DNSSearch", "--dns-search"),
            ("GroupAdd", "--group-add"),
            ("ImageTag", "--tag"),
        ],
    );
    build.assignments(
        of,
        &[("Annotation", "--annotation"), ("BuildArg", "--build-arg"), ("Environment", "--env"), ("Label", "--label")],
    );
    sources::networks(of, &mut build)?;
    for secret in of.arguments("Secret") {
        build.option("--secret", secret);
    }
    sources::volumes(of, &mut build)?;

    let context = directory::set(of)?;
    let working = of.service.text("Service", "WorkingDirectory").map(str::to_string);
    let file = of.text("File");
    if working.is_none() && file.is_none() && context.is_none() {
        return Err(Error::new("neither SetWorkingDirectory, nor File key specified").code(code::BAD_UNIT));
    }
    if let Some(file) = file {
        build.option("--file", file);
    }
    build.own_arguments(of);
    // Where the build happens comes last.
    let anywhere = file.is_some_and(|file| file.starts_with(['/', '%']) || directory::is_url(file));
    match (context, working) {
        (Some(context), _) => build.push(context),
        (None, _) if anywhere => {}
        (None, Some(working)) => build.push(working),
        (None, None) => {
            return Err(
                Error::new("relative path in File key requires SetWorkingDirectory key to be set").code(code::BAD_UNIT)
            );
        }
    }
    of.exec("ExecStart", &build);
    of.oneshot(false);
    Ok(())
}

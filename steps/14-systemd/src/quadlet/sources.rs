//! What a container uses, and which may be made by another Quadlet file: images, networks, volumes.

use process::{Error, Result, code};

use super::{CommandLine, Translation};

/// An image's name, or a file that pulls or builds it.
///
/// # Errors
/// When there is no such file.
pub fn image(of: &mut Translation<'_>, name: &str) -> Result<String> {
    match name.ends_with(".build") || name.ends_with(".image") {
        true => of.require("image", name),
        false => Ok(name.to_string()),
    }
}

/// `Network=`: a network, a file that makes it, or a container whose network is shared.
///
/// # Errors
/// When there is no such file, or nobody can know the name of what it makes.
pub fn networks(of: &mut Translation<'_>, line: &mut CommandLine) -> Result<()> {
    for network in of.all("Network") {
        let (name, options) = network.split_once(':').map_or((network, None), |(name, options)| (name, Some(options)));
        let container = name.ends_with(".container");
        if !container && !name.ends_with(".network") {
            line.option("--network", network);
            continue;
        }
        if container && options.is_some() {
            return Err(Error::new("extra options are not supported when joining another container's network")
                .code(code::BAD_UNIT));
        }
        let resource = of.require("unit", name)?;
        if resource.is_empty() {
            return Err(Error::new(format!("cannot get the resource name of {name}")).code(code::BAD_UNIT));
        }
        line.option(
            "--network",
            match (container, options) {
                (true, _) => format!("container:{resource}"),
                (false, Some(options)) => format!("{resource}:{options}"),
                (false, None) => resource,
            },
        );
    }
    Ok(())
}

/// `Volume=SOURCE:DESTINATION[:OPTIONS]`, or only a destination.
///
/// # Errors
/// When there is no file that makes the source.
pub fn volumes(of: &mut Translation<'_>, line: &mut CommandLine) -> Result<()> {
    for volume in of.all("Volume") {
        let volume = match volume.split_once(':') {
            Some((from, rest)) if !from.is_empty() => format!("{}:{rest}", source(of, from, false)?),
            Some((_, rest)) => rest.to_string(),
            None => volume.to_string(),
        };
        line.option("-v", volume);
    }
    Ok(())
}

/// The source of a volume or a mount: a path, a name, or a file that makes it. An image can be one of a mount only.
fn source(of: &mut Translation<'_>, source: &str, of_mount: bool) -> Result<String> {
    let source = if source.starts_with('.') { of.path(source) } else { source.to_string() };
    if source.starts_with('/') {
        of.needs_mount(&source);
        return Ok(source);
    }
    let made = [".volume", ".artifact"].iter().any(|suffix| source.ends_with(suffix));
    if made || (of_mount && source.ends_with(".image")) {
        return of.require("source", &source);
    }
    Ok(source)
}

/// `Mount=type=TYPE,source=...`: the value with its source resolved.
///
/// # Errors
/// When there is no source, or no file that makes it.
pub fn mount(of: &mut Translation<'_>, mount: &str) -> Result<String> {
    let mut fields = split(mount)?;
    let at = fields.iter().position(|field| field.strip_prefix("type=").is_some_and(|kind| !kind.contains('=')));
    let kind = at.map_or("volume".to_string(), |at| fields.remove(at)["type=".len()..].to_string());
    if !["volume", "bind", "glob", "image", "artifact"].contains(&kind.as_str()) {
        return Ok(mount.to_string());
    }
    let named = |field: &String| matches!(field.split('=').next(), Some("source" | "src"));
    match fields.iter().rposition(named) {
        Some(at) => {
            let (_, from) = fields[at]
                .split_once('=')
                .ok_or_else(|| Error::new("source parameter does not include a value").code(code::BAD_UNIT))?;
            if from.is_empty() && kind != "volume" {
                return Err(
                    Error::new(format!("source parameter is required for mount type {kind}")).code(code::BAD_UNIT)
                );
            }
            if !from.is_empty() {
                let from = from.to_string();
                fields[at] = format!("source={}", source(of, &from, true)?);
            }
        }
        None if kind != "volume" => {
            return Err(Error::new(format!("source parameter is required for mount type {kind}")).code(code::BAD_UNIT));
        }
        None => {}
    }
    fields.insert(0, format!("type={kind}"));
    Ok(fields.iter().map(|field| quote(field)).collect::<Vec<_>>().join(","))
}

/// The fields of a line of comma-separated values (RFC 4180): a field in quotes may contain commas.
fn split(line: &str) -> Result<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, after) = rest.split_once(',').map_or((rest, None), |(field, after)| (field, Some(after)));
            if field.contains('"') {
                return Err(Error::new(format!("bare \" in non-quoted field of {line}")).code(code::BAD_UNIT));
            }
            fields.push(field.to_string());
            match after {
                Some(after) => rest = after,
                None => return Ok(fields),
            }
            continue;
        };
        let (mut field, mut at) = (String::new(), quoted);
        loop {
            let (text, after) =
                at.split_once('"').ok_or_else(|| Error::new(format!("missing \" in {line}")).code(code::BAD_UNIT))?;
            field += text;
            match after.strip_prefix('"') {
                Some(after) => {
                    field.push('"');
                    at = after;
                }
                None => {
                    at = after;
                    break;
                }
            }
        }
        fields.push(field);
        match at.strip_prefix(',') {
            Some(after) => rest = after,
            None if at.is_empty() => return Ok(fields),
            None => return Err(Error::new(format!("extraneous \" in field of {line}")).code(code::BAD_UNIT)),
        }
    }
}

/// A field as a line of comma-separated values needs it.
fn quote(field: &str) -> String {
    match field.contains(['"', ',', '\n', '\r']) || field.starts_with([' ', '\t']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_string(),
    }
}

/// `LogDriver=` and `LogOpt=`.
pub fn logs(of: &Translation<'_>, line: &mut CommandLine) {
    if let Some(driver) = of.get("LogDriver") {
        line.option("--log-driver", driver);
    }
    line.lists(of, &[("LogOpt", "--log-opt")]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_separated_by_commas() {
        assert_eq!(split("a,\"b,\"\"c\",,d").unwrap(), ["a", "b,\"c", "", "d"]);
        assert_eq!(["a", "b,\"c", " d"].map(quote), ["a", "\"b,\"\"c\"", "\" d\""]);
        for bad in ["a\"b", "\"a", "\"a\"b"] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }
}

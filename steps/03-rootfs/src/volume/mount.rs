//! `--mount type=TYPE,NAME=VALUE,...`.

use std::path::Path;

use process::{Error, Result};

use super::{Source, Volume, check, destination, host};

/// What may be given once, by several names, and how Podman calls it when it is given twice.
const ONCE: [(&[&str], &str); 5] = [
    (&["readonly", "ro", "rw"], "'readonly', 'ro', or 'rw'"),
    (&["nosuid", "suid"], "'nosuid' and 'suid'"),
    (&["nodev", "dev"], "'nodev' and 'dev'"),
    (&["noexec", "exec"], "'noexec' and 'exec'"),
    (&["tmpcopyup", "notmpcopyup"], "'tmpcopyup' and 'notmpcopyup'"),
];
const PROPAGATION: [&str; 8] =
    ["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"];

impl Volume {
    /// Reads one, with Podman's rules and words. A bind mount, the default in Docker, must be asked for by its type.
    ///
    /// # Errors
    /// The first rule that it breaks; a path of the host that does not exist.
    pub fn parse_mount(text: &str) -> Result<Volume> {
        let fields = fields(text);
        let kind = fields.iter().find_map(|field| field.strip_prefix("type="));
        let kind = kind.ok_or_else(|| {
            Error::new(
                "incorrect mount format: should be --mount type=<bind|tmpfs|volume>,[src=<host-dir|volume-name>,]\
                 target=<ctr-dir>[,options]",
            )
        })?;
        let mut reader = Reader { kind, source: None, destination: None, options: Vec::new() };
        for field in fields.iter().filter(|field| !field.starts_with("type=")) {
            reader.field(field, &fields)?;
        }
        reader.finish()
    }
}

struct Reader<'a> {
    kind: &'a str,
    source: Option<String>,
    destination: Option<String>,
    options: Vec<String>,
}

impl Reader<'_> {
    fn field(&mut self, field: &str, all: &[String]) -> Result<()> {
        let (name, value) = match field.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (field, None),
        };
        if let Some((_, words)) = ONCE.iter().find(|(names, _)| names.contains(&name)) {
            let same = |other: &&String| {
                let other = other.split('=').next().unwrap_or_default();
                ONCE.iter().any(|(names, _)| names.contains(&name) && names.contains(&other))
            };
            if all.iter().filter(same).count() > 1 {
                return Err(argument(&format!("cannot pass {words} options more than once")));
            }
        }
        let required = || value.filter(|value| !value.is_empty()).ok_or_else(|| argument(name));
        let memory = self.kind == "tmpfs";
        match name {
            "src" | "source" if memory => return Err(Error::new("source is not supported with tmpfs mounts")),
            "src" | "source" => self.source = Some(required()?.to_string()),
            "target" | "dst" | "destination" => self.destination = Some(required()?.to_string()),
            "readonly" | "ro" | "rw" => {
                let yes = truth("'readonly', 'ro', or 'rw'", value)?;
                self.options.push(if yes == (name != "rw") { "ro".into() } else { "rw".into() });
            }
            "U" | "chown" => {
                if truth("'U' or 'chown'", value)? {
                    self.options.push("U".into());
                }
            }
            // Docker's hint for its virtual machine on a Mac.
            "consistency" => {}
            "nosuid" | "suid" | "nodev" | "dev" | "noexec" | "exec" => self.options.push(name.into()),
            "tmpcopyup" | "notmpcopyup" if memory => self.options.push(name.into()),
            "tmpfs-size" if memory => self.options.push(format!("size={}", required()?)),
            "tmpfs-mode" if memory => self.options.push(format!("mode={}", required()?)),
            "bind-propagation" if self.kind == "bind" => self.options.push(required()?.into()),
            "bind-nonrecursive" if self.kind == "bind" => {
                if truth("'bind-nonrecursive'", value)? {
                    self.options.push("bind".into());
                }
            }
            "idmap" if self.kind != "tmpfs" => self.options.push("idmap".into()),
            "relabel" if self.kind == "bind" => match value {
                Some("private") => self.options.push("Z".into()),
                Some("shared") => self.options.push("z".into()),
                _ => {
                    return Err(Error::new("relabel mount option must be 'private' or 'shared': invalid mount option"));
                }
            },
            "z" | "Z" if !memory && value.is_none() => self.options.push(name.into()),
            "volume-nocopy" if self.kind == "volume" => {
                if truth("'volume-nocopy'", value)? {
                    self.options.push("nocopy".into());
                }
            }
            "volume-opt" | "volume-label" if self.kind == "volume" => {
                return Err(Error::new(format!("the --{name} option is not presently implemented")));
            }
            name if PROPAGATION.contains(&name) && value.is_none() => self.options.push(name.into()),
            name => return Err(Error::new(format!("{name}: invalid mount option"))),
        }
        Ok(())
    }

    fn finish(self) -> Result<Volume> {
        if !["bind", "volume", "tmpfs"].contains(&self.kind) {
            let words = match self.kind {
                "devpts" | "image" | "glob" | "ramfs" | "npipe" | "artifact" => {
                    format!("mounts of type {} are not supported yet", self.kind)
                }
                kind => format!("invalid filesystem type \"{kind}\""),
            };
            return Err(Error::new(words));
        }
        let place = self.destination.ok_or_else(|| Error::new("must set volume destination"))?;
        let destination = destination(&place)?;
        let source = match (self.kind, self.source) {
            ("tmpfs", _) => Source::Memory,
            ("volume", Some(name)) => Source::Named(name),
            ("volume", None) => Source::Anonymous,
            (_, path) => {
                check(&self.options)?;
                host(path.as_deref().unwrap_or(&place))?
            }
        };
        let volume = Volume { source, destination, options: self.options };
        match volume.source {
            Source::Memory => volume.check_memory()?,
            _ => check(&volume.options)?,
        }
        Ok(volume)
    }
}

/// The same text for whoever has another working directory: a relative source is the caller's.
///
/// # Errors
/// When the working directory cannot be found out.
pub fn absolute(text: &str) -> Result<String> {
    let fields = fields(text);
    if !fields.iter().any(|field| field == "type=bind") {
        return Ok(text.to_string());
    }
    let field = |field: &String| {
        let Some((name @ ("src" | "source"), path)) = field.split_once('=') else { return Ok(quoted(field)) };
        let path =
            std::path::absolute(Path::new(path)).map_err(|error| Error::os(format!("look where {path} is"), error))?;
        Ok(quoted(&format!("{name}={}", path.display())))
    };
    Ok(fields.iter().map(field).collect::<Result<Vec<String>>>()?.join(","))
}

/// Comma-separated values, of which some are in quotes (RFC 4180).
fn fields(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut inside = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if inside && letters.next_if_eq(&'"').is_some() => fields.last_mut().map(|f| f.push('"')).unwrap_or(()),
            '"' => inside = !inside,
            ',' if !inside => fields.push(String::new()),
            letter => fields.last_mut().map(|field| field.push(letter)).unwrap_or(()),
        }
    }
    fields.retain(|field| !field.is_empty());
    fields
}

fn quoted(field: &str) -> String {
    match field.contains([',', '"']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_string(),
    }
}

fn argument(words: &str) -> Error {
    Error::new(format!("{words}: must provide an argument for option"))
}

fn truth(words: &str, value: Option<&str>) -> Result<bool> {
    match value.map(str::to_ascii_lowercase).as_deref() {
        None | Some("true" | "1" | "t") => Ok(true),
        Some("false" | "0" | "f") => Ok(false),
        Some(_) => {
            let value = value.unwrap_or_default();
            Err(argument(&format!("{words} must be set to true or false, instead received \"{value}\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_as_the_short_form() {
        for (long, short) in [
            ("type=bind,src=/tmp,dst=/x", "/tmp:/x"),
            ("type=bind,source=/tmp,target=/x,readonly,bind-propagation=rslave", "/tmp:/x:ro,rslave"),
            ("dst=/x,ro=false,relabel=shared,U=true,type=bind,src=/tmp", "/tmp:/x:rw,z,U"),
            ("type=bind,dst=/tmp", "/tmp:/tmp"),
            ("type=volume,src=data,destination=/x,ro,volume-nocopy", "data:/x:ro,nocopy"),
            ("type=volume,dst=/x", "/x"),
        ] {
            assert_eq!(Volume::parse_mount(long), Volume::parse(short), "{long}");
        }
        let tmpfs =
            Volume::parse_mount("type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=1777,notmpcopyup,consistency=cached");
        assert_eq!(tmpfs, Volume::parse_tmpfs("/x:size=1m,mode=1777,notmpcopyup"));
    }

    #[test]
    fn errors_are_podmans() {
        let form = "incorrect mount format: should be --mount type=<bind|tmpfs|volume>,[src=<host-dir|volume-name>,]\
                    target=<ctr-dir>[,options]";
        for (text, words) in [
            ("", form),
            ("src=foo,dst=/x", form),
            ("type=bind,src=/tmp", "must set volume destination"),
            ("type=bind,dst=/nonexistent", "statfs /nonexistent: no such file or directory"),
            ("type=bind,src=/tmp,dst=x", "invalid container path \"x\", must be an absolute path"),
            ("type=bind,src=/tmp,dst=/x,bogus=1", "bogus: invalid mount option"),
            ("type=bind,src=/tmp,dst=/x,bind-propagation=foo", "invalid option type \"foo\""),
            (
                "type=bind,src=/tmp,dst=/x,ro,rw",
                "cannot pass 'readonly', 'ro', or 'rw' options more than once: must provide an argument for option",
            ),
            (
                "type=bind,src=/tmp,dst=/x,ro=maybe",
                "'readonly', 'ro', or 'rw' must be set to true or false, instead received \"maybe\": must provide an \
                 argument for option",
            ),
            (
                "type=bind,src=/tmp,dst=/x,relabel=foo",
                "relabel mount option must be 'private' or 'shared': invalid mount option",
            ),
            ("type=tmpfs,dst=/x,src=/a", "source is not supported with tmpfs mounts"),
            ("type=tmpfs,dst=/x,tmpfs-size", "tmpfs-size: must provide an argument for option"),
            ("type=bind,source", "source: must provide an argument for option"),
            ("type=volume,src=foo,dst=/x,volume-label=a=b", "the --volume-label option is not presently implemented"),
            ("type=foo,dst=/x", "invalid filesystem type \"foo\""),
            ("type=image,src=foo,dst=/x", "mounts of type image are not supported yet"),
        ] {
            assert_eq!(Volume::parse_mount(text).map_err(|error| error.to_string()), Err(words.into()), "{text}");
        }
    }

    #[test]
    fn a_relative_source_is_the_callers() {
        let here = std::env::current_dir().unwrap();
        let text = absolute("type=bind,\"src=a,b\",dst=/x").unwrap();
        assert_eq!(text, format!("type=bind,\"src={}/a,b\",dst=/x", here.display()));
        assert_eq!(absolute("type=volume,src=a,dst=/x").unwrap(), "type=volume,src=a,dst=/x");
    }
}

//! `--mount type=TYPE,NAME=VALUE,...`.

use std::path::{Path, PathBuf};

use process::{Error, Result, code};

use super::{Source, Volume, check, destination, glob, host};

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
            .code(code::BAD_VOLUME)
        })?;
        let mut reader = Reader { kind, source: None, destination: None, options: Vec::new(), subpath: None };
        if kind == "image" {
            let writable = |field: &String| ["rw", "readwrite", "rw=true", "readwrite=true"].contains(&field.as_str());
            reader.options.push(if fields.iter().any(writable) { "rw".into() } else { "ro".into() });
        }
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
    subpath: Option<String>,
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
            "src" | "source" if self.kind == "devpts" => {
                return Err(Error::new("source is not supported with devpts mounts").code(code::BAD_VOLUME));
            }
            "uid" | "gid" | "mode" | "max" if self.kind == "devpts" => {
                self.options.push(format!("{name}={}", required()?));
            }
            "rw" | "readwrite" if self.kind == "image" => drop(truth("'rw' or 'readwrite'", value)?),
            "subpath" | "volume-subpath" if ["volume", "image"].contains(&self.kind) => {
                self.subpath = Some(required()?.to_string());
            }
            "src" | "source" if memory => {
                return Err(Error::new("source is not supported with tmpfs mounts").code(code::BAD_VOLUME));
            }
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
                    return Err(Error::new("relabel mount option must be 'private' or 'shared': invalid mount option")
                        .code(code::BAD_VOLUME));
                }
            },
            "z" | "Z" if !memory && value.is_none() => self.options.push(name.into()),
            "volume-nocopy" if self.kind == "volume" => {
                if truth("'volume-nocopy'", value)? {
                    self.options.push("nocopy".into());
                }
            }
            "volume-opt" | "volume-label" if self.kind == "volume" => {
                return Err(
                    Error::new(format!("the --{name} option is not presently implemented")).code(code::NOT_THERE_YET)
                );
            }
            name if PROPAGATION.contains(&name) && value.is_none() => self.options.push(name.into()),
            name => return Err(Error::new(format!("{name}: invalid mount option")).code(code::BAD_VOLUME)),
        }
        Ok(())
    }

    fn finish(self) -> Result<Volume> {
        if !["bind", "volume", "tmpfs", "devpts", "image"].contains(&self.kind) {
            let words = match self.kind {
                "ramfs" | "npipe" | "artifact" => format!("mounts of type {} are not supported yet", self.kind),
                kind => format!("invalid filesystem type \"{kind}\""),
            };
            return Err(Error::new(words).code(code::BAD_VOLUME));
        }
        if self.kind == "image" && (self.source.is_none() || self.destination.is_none()) {
            return Err(Error::new("must set source and destination for image volume").code(code::BAD_VOLUME));
        }
        let place = self.destination.ok_or_else(|| Error::new("must set volume destination").code(code::BAD_VOLUME))?;
        let destination = destination(&place)?;
        let source = match (self.kind, self.source) {
            ("tmpfs", _) => Source::Memory,
            ("volume", Some(name)) => Source::Named(name),
            ("volume", None) => Source::Anonymous,
            ("devpts", _) => Source::Terminals,
            ("image", name) => Source::Image(name.unwrap_or_default()),
            (_, path) => {
                check(&self.options)?;
                host(path.as_deref().unwrap_or(&place))?
            }
        };
        let mut volume = Volume { source, destination, options: self.options };
        match volume.source {
            Source::Memory => volume.check_memory()?,
            Source::Terminals => {}
            _ => check(&volume.options)?,
        }
        volume.options.extend(self.subpath.map(|path| format!("subpath={path}")));
        Ok(volume)
    }
}

/// The same texts for whoever has another working directory: a relative source is the caller's, and a pattern
/// (`type=glob`) stands for the binds of all that fits it now.
///
/// # Errors
/// When the working directory cannot be found out; when nothing fits the pattern.
pub fn given(text: &str) -> Result<Vec<String>> {
    let fields = fields(text);
    let kind = fields.iter().find_map(|field| field.strip_prefix("type=")).unwrap_or_default();
    if !["bind", "glob"].contains(&kind) {
        return Ok(vec![text.to_string()]);
    }
    let (mut source, mut place, mut others) = (None, None, Vec::new());
    for field in &fields {
        match field.split_once('=') {
            Some(("src" | "source", path)) => {
                let absolute = std::path::absolute(Path::new(path));
                source = Some(absolute.map_err(|error| Error::os(format!("look where {path} is"), error))?);
            }
            Some(("dst" | "destination" | "target", path)) if kind == "glob" => place = Some(path.to_string()),
            Some(("type", _)) => {}
            _ => others.push(quoted(field)),
        }
    }
    let one = |source: Option<&Path>, place: Option<&Path>| {
        let named = |name: &str, path: Option<&Path>| path.map(|path| quoted(&format!("{name}={}", path.display())));
        let kind = Some("type=bind".to_string());
        let fields = [kind, named("src", source), named("dst", place)].into_iter().flatten();
        fields.chain(others.iter().cloned()).collect::<Vec<_>>().join(",")
    };
    if kind == "bind" {
        return Ok(vec![one(source.as_deref(), None)]);
    }
    let pattern = source.ok_or_else(|| Error::new("must set source for glob mounts").code(code::BAD_VOLUME))?;
    let found = glob::find(&pattern);
    if found.is_empty() {
        return Err(Error::new(format!("no file paths matching glob {:?}", pattern.display().to_string()))
            .code(code::NO_SOURCE));
    }
    let bind = |path: &PathBuf| match &place {
        Some(place) => one(Some(path), Some(&Path::new(place).join(path.file_name().unwrap_or_default()))),
        None => one(Some(path), Some(path)),
    };
    Ok(found.iter().map(bind).collect())
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
    Error::new(format!("{words}: must provide an argument for option")).code(code::BAD_VOLUME)
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
            ("type=image,src=foo", "must set source and destination for image volume"),
            ("type=npipe,src=foo,dst=/x", "mounts of type npipe are not supported yet"),
            ("type=devpts,src=foo,dst=/x", "source is not supported with devpts mounts"),
        ] {
            assert_eq!(Volume::parse_mount(text).map_err(|error| error.to_string()), Err(words.into()), "{text}");
        }
    }

    #[test]
    fn a_relative_source_is_the_callers() {
        let here = std::env::current_dir().unwrap();
        let text = given("type=bind,\"src=a,b\",dst=/x").unwrap();
        assert_eq!(text, [format!("type=bind,\"src={}/a,b\",dst=/x", here.display())]);
        assert_eq!(given("type=volume,src=a,dst=/x").unwrap(), ["type=volume,src=a,dst=/x"]);
        assert_eq!(
            given("type=glob,src=/etc/passw?,dst=/x,ro").unwrap(),
            ["type=bind,src=/etc/passwd,dst=/x/passwd,ro"]
        );
        assert!(given("type=glob,src=/nowhere/*,dst=/x").is_err());
    }
}

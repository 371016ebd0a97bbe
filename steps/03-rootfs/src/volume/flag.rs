//! `--volume [SOURCE:]DESTINATION[:OPTIONS]`.

use process::{Error, Result, code};

use super::{Source, Volume, check, destination, host};

impl Volume {
    /// Reads one, with Podman's rules and words.
    ///
    /// # Errors
    /// The first rule that it breaks; a path of the host that does not exist.
    // ANCHOR: volume
    pub fn parse(text: &str) -> Result<Volume> {
        let parts: Vec<&str> = text.split(':').collect();
        let (source, place, words) = match parts[..] {
            [place] => (None, place, ""),
            [source, place] => (Some(source), place, ""),
            [source, place, words] => (Some(source), place, words),
            _ => {
                let form = "incorrect volume format, should be [host-dir:]ctr-dir[:option]";
                return Err(Error::new(format!("{text}: {form}")).code(code::BAD_VOLUME));
            }
        };
        if source == Some("") {
            return Err(Error::new("host directory cannot be empty").code(code::BAD_VOLUME));
        }
        let destination = destination(place)?;
        let options: Vec<String> = words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        check(&options)?;
        // A name has no slash in front: that is how Docker tells one from a directory.
        let source = match source {
            None => Source::Anonymous,
            Some(path) if path.starts_with(['/', '.']) => host(path)?,
            Some(name) => Source::Named(name.into()),
        };
        Ok(Volume { source, destination, options })
    }
    // ANCHOR_END: volume
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_private_and_without_devices_unless_said_otherwise() {
        let options = |text| Volume::parse(text).map(|volume| volume.mount().options.join(","));
        assert_eq!(options("/tmp:/a"), Ok("rbind,rprivate,nodev,nosuid".into()));
        assert_eq!(options("/tmp:/a:O,upperdir=/,workdir=/"), Ok("rbind,rprivate,nodev,nosuid".into()));
        assert_eq!(options("/tmp:/a:ro,Z,slave,U,nocopy"), Ok("rbind,nodev,nosuid,rro,slave".into()));
    }

    #[test]
    fn a_name_is_no_directory() {
        let source = |text| Volume::parse(text).map(|volume| volume.source);
        assert_eq!(source("data:/a"), Ok(Source::Named("data".into())));
        assert_eq!(source("/a"), Ok(Source::Anonymous));
        assert_eq!(source("./:/a"), Ok(Source::Host("./".into())));
        let volume = Volume::parse("data:/a/:Z,U,nocopy").unwrap();
        assert_eq!((volume.relabel(), volume.chown(), volume.copies()), (Some('Z'), true, false));
        assert_eq!(volume.destination, std::path::Path::new("/a"));
    }

    #[test]
    fn errors_are_podmans() {
        for (text, words) in [
            ("/nonexistent:/x", "statfs /nonexistent: no such file or directory"),
            ("/tmp:x", "invalid container path \"x\", must be an absolute path"),
            ("name", "invalid container path \"name\", must be an absolute path"),
            ("/x:ro", "invalid container path \"ro\", must be an absolute path"),
            ("/tmp:/a:b:c", "/tmp:/a:b:c: incorrect volume format, should be [host-dir:]ctr-dir[:option]"),
            ("/tmp:/a:bogus", "invalid option type \"bogus\""),
            ("/tmp:/a:ro,rw", "invalid options \"ro, rw\", can only specify 1 'rw' or 'ro' option"),
            ("a:/a:O,z", "invalid options \"O, z\", can only specify 1 'z', 'Z', or 'O' option"),
            ("a:/a:copy,nocopy", "invalid options \"copy, nocopy\", can only specify 1 'copy' or 'nocopy' option"),
            ("/tmp:/a:upperdir=/tmp", "unknown mount option \"upperdir=/tmp\": invalid mount option"),
            ("/tmp:/a:O,workdir=/tmp", "must set both `upperdir` and `workdir`"),
            ("/tmp:/a:O,upperdir=/tmp,workdir=/nowhere", "statfs /nowhere: no such file or directory"),
            (
                "/tmp:/a:O,workdir=/tmp,workdir=/tmp",
                "invalid options \"O, workdir=/tmp, workdir=/tmp\", can only specify 1 workdir per overlay",
            ),
            (":/a", "host directory cannot be empty"),
            (":", "host directory cannot be empty"),
            ("", "container directory cannot be empty"),
            ("/tmp:", "container directory cannot be empty"),
        ] {
            assert_eq!(Volume::parse(text).map_err(|error| error.to_string()), Err(words.into()), "{text}");
        }
    }
}

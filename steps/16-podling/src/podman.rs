//! What Podman's command line has, so that what podling lacks of it is known by name. The table is text, and is read
//! only after a verb or a flag was not found: it costs a start nothing.

use process::Error;
use process::code;

const TABLE: &str = include_str!("podman.txt");

/// What to do meanwhile, for verbs with which podling ends up elsewhere; the rest has the general advice.
const INSTEAD: &[(&str, &str)] = &[
    ("build", "build it with podman or buildah: `podman build -t NAME . && podman save NAME | podling load`"),
    ("commit", "an image is built by podman or buildah, and comes by `podling load` or `podling pull`"),
    ("compose", "start `podling system service`, and let docker-compose speak to its socket by DOCKER_HOST"),
    ("generate kube", "a container is written down by `podling generate systemd`"),
    ("machine", "podling runs on Linux itself; on macOS and Windows, Podman has the virtual machine"),
    ("push", "`podman push` or `skopeo copy` takes an image to a registry"),
];

/// A verb of Podman's, and its line in the table.
struct Verb {
    name: &'static str,
    rest: &'static str,
}

fn verbs() -> impl Iterator<Item = Verb> {
    TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let end = [line.find(" -"), line.find(" =")].into_iter().flatten().min().unwrap_or(line.len());
        Verb { name: &line[..end], rest: &line[end..] }
    })
}

/// The longest verb of Podman's that `words` begin with.
fn verb(words: &[&str]) -> Option<Verb> {
    (1..=words.len()).rev().find_map(|count| {
        let name = words[..count].join(" ");
        verbs().find(|verb| verb.name == name)
    })
}

/// Whether Podman's `verb` has `flag`: `--name`, `-n`.
fn has_flag(verb: &str, flag: &str) -> bool {
    verbs().find(|known| known.name == verb).is_some_and(|known| match known.rest.strip_prefix(" = ") {
        Some(other) => has_flag(other, flag),
        None => known.rest.split_whitespace().any(|known| known == flag),
    })
}

// ANCHOR: lacking
/// What to say about a verb or a flag that is not there: `asked` are the words that are, without the program. `None`
/// when Podman does not have it either.
#[must_use]
pub fn lacking(asked: &[&str], rest: &[&str]) -> Option<Error> {
    let first = rest.first()?;
    if first.starts_with('-') {
        let asked = asked.join(" ");
        let advice = format!("`podman {asked}` has it, podling not yet; `podling {asked} --help` lists what is there");
        return has_flag(&asked, first)
            .then(|| Error::new(format!("unknown flag: {first}")).code(code::NOT_THERE_YET).hint(advice));
    }
    let words: Vec<&str> = asked.iter().chain(rest).copied().collect();
    let verb = verb(&words).filter(|verb| verb.name.split(' ').count() > asked.len())?;
    let instead = INSTEAD.iter().find(|(name, _)| verb.name == *name || verb.name.starts_with(&format!("{name} ")));
    let advice = instead.map_or("`podling --help` lists what is there", |(_, advice)| advice);
    Some(
        Error::new(format!("podling {}: not there yet (Podman has it)", verb.name))
            .code(code::NOT_THERE_YET)
            .hint(advice),
    )
}
// ANCHOR_END: lacking

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_can_be_looked_up() {
        for known in verbs() {
            let words: Vec<&str> = known.name.split(' ').collect();
            assert_eq!(verb(&words).map(|verb| verb.name), Some(known.name));
            for flag in known.rest.split_whitespace().filter(|word| word.starts_with('-')) {
                assert!(has_flag(known.name, flag), "{} {flag}", known.name);
            }
            if let Some(other) = known.rest.strip_prefix(" = ") {
                assert!(verbs().any(|verb| verb.name == other), "{}{}", known.name, known.rest);
            }
        }
    }

    #[test]
    fn what_podman_lacks_too_is_not_promised() {
        assert!(lacking(&[], &["biuld"]).is_none());
        assert!(lacking(&["run"], &["--no-such-flag"]).is_none());
        assert!(lacking(&["ps"], &["word"]).is_none(), "a verb that is there, and a word too many");
    }

    #[test]
    fn advice_is_for_what_podman_has() {
        for (name, _) in INSTEAD {
            assert!(verbs().any(|verb| verb.name == *name), "{name}");
        }
    }
}

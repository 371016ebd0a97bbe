//! `--mount type=glob`: a pattern stands for the binds of all that fit it.

use std::fs;
use std::path::{Path, PathBuf};

/// What fits the pattern, in order: `*`, `?` and `[a-z]` in each part of the path, as Go's `filepath.Glob` has them.
pub(super) fn find(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.components().skip(1) {
        let part = part.as_os_str().to_string_lossy().into_owned();
        let below = |directory: PathBuf| -> Vec<PathBuf> {
            if !part.contains(['*', '?', '[']) {
                return Some(directory.join(&part))
                    .filter(|path| path.symlink_metadata().is_ok())
                    .into_iter()
                    .collect();
            }
            let names = fs::read_dir(&directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
            let letters: Vec<char> = part.chars().collect();
            let fits = |name: &std::ffi::OsString| fits(&letters, &name.to_string_lossy().chars().collect::<Vec<_>>());
            names.filter(fits).map(|name| directory.join(name)).collect()
        };
        found = found.into_iter().flat_map(below).collect();
    }
    found.sort();
    found
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=name.len()).any(|skipped| fits(rest, &name[skipped..])),
        (['?', rest @ ..], [_, others @ ..]) => fits(rest, others),
        (['[', rest @ ..], [letter, others @ ..]) => {
            let Some(end) = rest.iter().position(|letter| *letter == ']') else { return false };
            let (set, rest) = (&rest[..end], &rest[end + 1..]);
            let (set, not) = if let ['^', set @ ..] = set { (set, true) } else { (set, false) };
            is_in(set, *letter) != not && fits(rest, others)
        }
        (['\\', wanted, rest @ ..] | [wanted, rest @ ..], [letter, others @ ..]) => {
            wanted == letter && fits(rest, others)
        }
        _ => false,
    }
}

fn is_in(set: &[char], letter: char) -> bool {
    match set {
        [first, '-', last, rest @ ..] => (*first..=*last).contains(&letter) || is_in(rest, letter),
        [one, rest @ ..] => *one == letter || is_in(rest, letter),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let fits =
            |pattern: &str, name: &str| fits(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
        for (pattern, name) in [
            ("*", "x"),
            ("a*c", "abbc"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[^a]", "b"),
            ("\\*", "*"),
            ("*.txt", ".txt"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "b"), ("a*c", "ab"), ("?", ""), ("[a", "a"), ("[^a]", "a"), ("\\*", "x")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(find(Path::new("/et?/pass*")).contains(&PathBuf::from("/etc/passwd")));
        assert!(find(Path::new("/nowhere/*")).is_empty());
    }
}

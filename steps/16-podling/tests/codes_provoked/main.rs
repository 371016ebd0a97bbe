//! Every code that can be provoked, provoked through the program: what a person sees ends in "More: podling explain CODE".

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../08-registry/tests/fake/mod.rs"]
mod fake;

mod images;
mod life;
mod line;
mod registries;
mod walls;

use std::process::Output;

use support::World;

/// The code under the error of a command that fails.
fn code(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it succeeds: {output:?}");
    let last = said.trim_end().lines().last().unwrap_or_default();
    last.strip_prefix("More: podling explain ").unwrap_or_else(|| panic!("no code: {said}")).to_string()
}

/// The code that a command line leads to. Nobody answers its questions.
fn of(world: &World, words: &[&str]) -> String {
    code(&world.command("podling").args(words).write_stdin("").output().unwrap())
}

/// Asserts that command lines lead to those codes; one that has others beside them lists them all, by `|`.
fn provoke(world: &World, cases: &[(&str, &[&str])]) {
    let wrong = |(wanted, words): &(&str, &[&str])| {
        let is = of(world, words);
        (!wanted.split('|').any(|wanted| wanted == is)).then(|| format!("{words:?}: {is}, not {wanted}"))
    };
    let wrong: Vec<String> = cases.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same of `podling run --rm --network none FLAGS busybox true`.
fn provoke_by(world: &World, cases: &[(&str, &[&str])]) {
    let run = ["run", "--rm", "--network", "none"];
    let lines: Vec<Vec<&str>> = cases.iter().map(|(_, flags)| [&run, *flags, &["busybox", "true"]].concat()).collect();
    let cases: Vec<(&str, &[&str])> =
        cases.iter().zip(&lines).map(|((wanted, _), line)| (*wanted, line.as_slice())).collect();
    provoke(world, &cases);
}

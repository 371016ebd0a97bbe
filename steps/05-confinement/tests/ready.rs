//! The filter that is ready-made is the one that would be compiled.

use std::fmt::Write;
use std::fs;

use confinement::CapSet;
use confinement::seccomp::{Arch, Filter, Profile};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seccomp/ready.rs");

fn source(filter: &Filter) -> String {
    let mut text = String::from(
        "//! The default profile's filter for the default capabilities on x86_64, as `Filter::compile` makes it: to compile it\n\
         //! costs more than to load it. Written by `UPDATE=1 cargo test -p confinement --test ready`, whenever the profile or\n\
         //! the compiler changes.\n\n",
    );
    writeln!(text, "#[rustfmt::skip]").unwrap();
    writeln!(text, "pub(super) const PROGRAM: [(u16, u8, u8, u32); {}] = [", filter.len()).unwrap();
    for line in filter.program().chunks(6) {
        let words: Vec<_> = line.iter().map(|i| format!("({}, {}, {}, {:#x})", i.code, i.jt, i.jf, i.k)).collect();
        writeln!(text, "    {},", words.join(", ")).unwrap();
    }
    text + "];\n"
}

#[test]
fn what_is_ready_is_what_would_be_compiled() {
    let profile = Profile::default_for(&CapSet::default_for_root());
    let made = source(&Filter::compile(&profile, Arch::X86_64).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(FILE, &made).unwrap();
    }
    let kept = fs::read_to_string(FILE).unwrap();
    assert_eq!(kept, made, "run: UPDATE=1 cargo test -p confinement --test ready");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn it_is_what_a_container_gets() {
    let capabilities = CapSet::default_for_root();
    let compiled = Filter::compile(&Profile::default_for(&capabilities), Arch::NATIVE).unwrap();
    let given = Filter::default_for(&capabilities).unwrap();
    let words = |filter: &Filter| filter.program().iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect::<Vec<_>>();
    assert_eq!(words(&given), words(&compiled));
}

//! Compiles the program of the built-in image, statically: the image holds it and nothing that it could need.

use std::env;
use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "src/hello/main.rs";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));
    let target = variable("TARGET");
    let output = PathBuf::from(variable("OUT_DIR")).join("hello");
    let mut rustc = Command::new(variable("RUSTC"));
    rustc.args(["--edition=2024", "--crate-name=hello", "--target", &target, SOURCE, "-o"]).arg(output);
    for option in ["target-feature=+crt-static", "opt-level=s", "panic=abort", "strip=symbols"] {
        rustc.args(["-C", option]);
    }
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.args(["-C", &format!("linker={linker}")]);
    }
    if !rustc.status().is_ok_and(|status| status.success()) {
        println!(
            "cargo::error=cannot link {SOURCE} statically for {target}: install the C library's static archive \
             (Debian, Ubuntu: libc6-dev; Fedora, RHEL: glibc-static) or build for a -musl target"
        );
        std::process::exit(1);
    }
}

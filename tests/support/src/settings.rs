//! What differs from run to run and from machine to machine is taken out of a snapshot before it is compared.

use insta::Settings;

use crate::user;

/// Settings with the filters; `support::settings().bind(|| insta::assert_snapshot!(text))`.
///
/// Filtered: paths of worlds, names and ids of the user, namespaces' numbers, container and image ids, times,
/// process ids that follow the word "pid". Prefer ids above 1000 for users in a test's container: the person who
/// runs the tests often is 1000.
#[must_use]
pub fn settings() -> Settings {
    let user = user();
    let mut settings = literal();
    settings.add_filter(&format!(r"\b{}\b", user.name), "[USER]");
    settings.add_filter(&format!(r"\b{}\b", user.subuid.0), "[SUBUID]");
    settings.add_filter(&format!(r"\b{}\b", user.subgid.0), "[SUBGID]");
    settings.add_filter(&format!(r"\b{}\b", user.uid), "[UID]");
    settings.add_filter(&format!(r"\b{}\b", user.gid), "[GID]");
    settings
}

/// The same without the user's name and ids: for numbers that are the container's own.
#[must_use]
pub fn literal() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, with) in [
        (r"/tmp/podling-[A-Za-z0-9]{6}", "[WORLD]"),
        (r"\b(cgroup|ipc|mnt|net|pid|time|user|uts):\[\d+\]", "$1:[NUMBER]"),
        (r"\b([0-9a-f]{64}|[0-9a-f]{12})\b", "[ID]"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|UTC|[+-]\d\d:?\d\d))*", "[TIME]"),
        (r"(?i)\b(pid[ :=]+)\d+", "${1}[PID]"),
        (r"(--add-sub[ug]ids) \d+-\d+", "$1 [RANGE]"),
        (r"sudo (apt|dnf|zypper) install \S+|sudo pacman -S \S+|sudo apk add \S+", "[INSTALL]"),
    ] {
        settings.add_filter(pattern, with);
    }
    settings
}

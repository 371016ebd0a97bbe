//! Confinement in words.

use process::explain::{Explain, Line};

use crate::{CapSet, Confinement};

/// A set's names, or how many when it is all or nearly all.
#[must_use]
pub fn capabilities(set: CapSet) -> String {
    let names: Vec<String> = set.each().map(|one| one.to_string()).collect();
    match names.len() {
        0 => "none".to_string(),
        count @ 30.. => format!("{count} of them"),
        _ => names.join(" "),
    }
}

fn paths(what: &str, paths: &[std::path::PathBuf]) -> Option<Line> {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    (!names.is_empty()).then(|| Line::new(5, format!("{what} {}", names.join(" "))))
}

impl Explain for Confinement {
    fn explain(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        lines.extend(self.label.as_ref().map(|label| Line::new(5, format!("let SELinux call it {label}"))));
        let sysctl = |sysctl: &crate::Sysctl| Line::new(5, format!("set {} to {}", sysctl.name, sysctl.value));
        lines.extend(self.sysctls.iter().map(sysctl));
        lines.extend(paths("make read-only", &self.readonly));
        lines.extend(paths("hide", &self.masked));
        let limit =
            |limit: &crate::Rlimit| Line::new(5, format!("limit {} to {}:{}", limit.kind, limit.soft, limit.hard));
        lines.extend(self.rlimits.iter().map(limit));
        lines.push(Line::new(
            5,
            format!("keep the capabilities {}, for any program", capabilities(self.capabilities.bounding)),
        ));
        let further = match self.user.groups.iter().map(u32::to_string).collect::<Vec<_>>() {
            _ if self.user.keep_groups => ", and stay in the caller's groups".to_string(),
            groups if groups.is_empty() => String::new(),
            groups => format!(", and of the groups {}", groups.join(", ")),
        };
        lines.push(Line::new(5, format!("become user {}, group {}{further}", self.user.uid, self.user.gid)));
        lines.push(Line::new(5, format!("have the capabilities {}", capabilities(self.capabilities.effective))));
        if self.no_new_privileges {
            lines.push(Line::new(5, "set no_new_privs: setuid programs have no effect"));
        }
        lines.push(Line::new(
            5,
            match &self.seccomp {
                Some(filter) => format!("filter system calls by {} instructions", filter.len()),
                None => "filter no system calls".to_string(),
            },
        ));
        lines
    }
}

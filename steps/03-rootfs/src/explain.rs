//! Mounts in words.

use process::explain::{Explain, Line};

use crate::{Mount, Rootfs};

impl Explain for Mount {
    fn explain(&self) -> Vec<Line> {
        let what = match (&self.source, &self.fstype) {
            (Some(source), _) if self.is_bind() => format!("show {} of the host", source.display()),
            (_, Some(kind)) => format!("mount a new {kind}"),
            (_, None) => "mount".to_string(),
        };
        let words: Vec<&str> =
            self.options.iter().map(String::as_str).filter(|word| !word.starts_with("context=")).collect();
        let options = if words.is_empty() { String::new() } else { format!(" ({})", words.join(",")) };
        vec![Line::new(3, format!("{what} at {}{options}", self.destination.display()))]
    }
}

impl Explain for Rootfs {
    fn explain(&self) -> Vec<Line> {
        let mut lines = vec![Line::new(3, format!("take {} as the root to be", self.root.display()))];
        lines.extend(self.mounts.iter().flat_map(Mount::explain));
        let devices: Vec<String> = self.devices.iter().map(|device| device.container.display().to_string()).collect();
        lines.push(Line::new(3, format!("show the host's devices {}", devices.join(" "))));
        if self.readonly {
            lines.push(Line::new(3, "make the root read-only"));
        }
        lines.push(Line::new(3, "pivot_root: nothing of the host's files is left"));
        lines
    }
}

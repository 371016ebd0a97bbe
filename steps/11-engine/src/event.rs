//! What happens to containers, told to whoever listens.

use std::collections::BTreeMap;

use crate::events::{Event, Events};
use crate::{Engine, Record};

impl Engine {
    /// Notes that something happened to a container. That it cannot be noted is no reason for it not to happen.
    pub(crate) fn event(&self, action: &str, record: &Record, more: &[(&str, String)]) {
        let status =
            more.iter().find(|(name, _)| *name == "containerExitCode").and_then(|(_, value)| value.parse().ok());
        let mut attributes: BTreeMap<String, String> = record.options.labels.clone();
        attributes.extend(more.iter().map(|(name, value)| ((*name).to_string(), value.clone())));
        Events::of_user(self.root()).note(&Event {
            id: record.id.clone(),
            name: record.name.clone(),
            image: record.image.clone(),
            container_exit_code: status,
            attributes,
            ..Event::new("container", action)
        });
    }
}

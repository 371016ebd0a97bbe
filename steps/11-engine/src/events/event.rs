//! One event.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Something that happened. In the file it has the names that Podman's file of events has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// With which status a container ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_exit_code: Option<i32>,
    /// Of a container or an image.
    #[serde(rename = "ID", default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// A container's image.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What happened: `create`, `start`, `died`, `remove`, ...
    pub status: String,
    /// When.
    pub time: Timestamp,
    /// To what: `container`, `image`, `volume`, `system`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// A container's labels, and more of what happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Event {
    /// Something that happens now.
    #[must_use]
    pub fn new(kind: &str, status: &str) -> Event {
        Event {
            container_exit_code: None,
            id: String::new(),
            image: String::new(),
            name: String::new(),
            status: status.into(),
            time: Timestamp::now(),
            kind: kind.into(),
            attributes: BTreeMap::new(),
        }
    }

    /// As Podman's command shows it.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut shown = json!({
            "Status": self.status,
            "Type": self.kind,
            "time": self.time.as_second(),
            "timeNano": i64::try_from(self.time.as_nanosecond()).unwrap_or(i64::MAX),
            "Attributes": if self.attributes.is_empty() { Value::Null } else { json!(self.attributes) },
        });
        for (name, text) in [("ID", &self.id), ("Image", &self.image), ("Name", &self.name)] {
            if !text.is_empty() {
                shown[name] = text.as_str().into();
            }
        }
        if let Some(status) = self.container_exit_code {
            shown["ContainerExitCode"] = status.into();
        }
        shown
    }

    /// The same for a template: every field is there.
    #[must_use]
    pub fn row(&self) -> Value {
        json!({
            "ID": self.id, "Image": self.image, "Name": self.name, "Status": self.status, "Type": self.kind,
            "Time": self.time.as_second(), "TimeNano": i64::try_from(self.time.as_nanosecond()).unwrap_or(i64::MAX),
            "Attributes": self.attributes, "ContainerExitCode": self.container_exit_code.unwrap_or(0), "Network": "",
            "HealthStatus": "", "Error": "", "PodID": "",
        })
    }

    /// As a person reads it, in Podman's words; `short` ids have twelve digits.
    #[must_use]
    pub fn line(&self, short: bool) -> String {
        let id: String = self.id.chars().take(if short { 12 } else { usize::MAX }).collect();
        let head = format!("{} {} {}", self.local_time(), self.kind, self.status);
        match self.kind.as_str() {
            "container" | "pod" => {
                let attributes: String =
                    self.attributes.iter().map(|(name, value)| format!(", {name}={value}")).collect();
                format!("{head} {id} (image={}, name={}{attributes})", self.image, self.name)
            }
            "image" => format!("{head} {id} {}", self.name),
            _ if self.name.is_empty() => head,
            _ => format!("{head} {}", self.name),
        }
    }

    /// As Go writes a time.
    fn local_time(&self) -> String {
        self.time.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.f %z %Z").to_string()
    }
}

//! Which containers use a volume.

use std::collections::BTreeSet;

use process::Result;

use crate::{Engine, Record};

impl Engine {
    /// The containers that use the volume `name`, running or not.
    ///
    /// # Errors
    /// When the containers cannot be read.
    pub fn users_of_volume(&self, name: &str) -> Result<Vec<Record>> {
        let uses = |record: &Record| record.volumes.iter().any(|mounted| mounted.name == name);
        Ok(self.list()?.into_iter().filter(uses).collect())
    }

    /// The names of all volumes that any container uses.
    ///
    /// # Errors
    /// When the containers cannot be read.
    pub fn used_volumes(&self) -> Result<BTreeSet<String>> {
        let records = self.list()?;
        Ok(records.into_iter().flat_map(|record| record.volumes).map(|mounted| mounted.name).collect())
    }

    /// The ids of those that use `name`, in order.
    pub(crate) fn ids_of_users(&self, name: &str) -> Result<Vec<String>> {
        let mut ids: Vec<String> = self.users_of_volume(name)?.into_iter().map(|record| record.id).collect();
        ids.sort();
        Ok(ids)
    }
}

//! Docker's documents.

pub(crate) mod container;
pub(crate) mod exec;
pub(crate) mod image;
pub(crate) mod info;
pub(crate) mod version;

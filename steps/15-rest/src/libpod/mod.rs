//! Podman's documents, where they are not Docker's.

pub(crate) mod container;

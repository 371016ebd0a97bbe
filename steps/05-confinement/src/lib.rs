//! confinement.

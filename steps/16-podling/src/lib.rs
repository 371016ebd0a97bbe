//! podling.

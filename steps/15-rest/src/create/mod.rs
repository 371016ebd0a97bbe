//! From a request for a new container to the words of `podling create`: each of the two APIs has a document for it, and
//! the command line has a flag for each of their wishes. So there is one place that knows what the engine can do, and
//! whatever it refuses on the command line it refuses here.

mod docker;
mod libpod;
mod rest;
mod words;

pub(crate) use docker::Create as Docker;
pub(crate) use libpod::Create as Libpod;
use rest::Rest;
use words::Words;

#[cfg(test)]
mod tests;

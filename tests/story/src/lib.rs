//! A web server's image made of Debian's packages, and a teller that runs commands and writes down what they say.

mod image;
mod teller;

pub use image::{nginx, nginx_saying};
pub use teller::{Teller, Told};

//! The book's gate. mdBook lets a missing include pass as an empty block, and nothing keeps a person from
//! typing an output that no program ever printed. Here both are errors: [`check`] reads the sources,
//! [`html`] reads what mdBook made of them, and [`session`] executes every console session of the book.

pub mod check;
mod fence;
pub mod finding;
pub mod html;
mod include;
mod link;
mod page;
pub mod session;
mod summary;

pub use finding::Finding;

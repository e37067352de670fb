//! Files as coresift reads and writes them: features, lists of rows and classes, and files written whole
//! or not at all.
//!
//! Every file is opened by [`file::open`], which never waits for a pipe. Errors name the file, the argument
//! that named it, what was found and what was expected.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod columns;
mod entry;
mod error;
pub mod features;
mod fields;
pub mod file;
mod form;
pub mod indices;
mod json;
pub mod labels;
pub mod loaded;
pub mod memory;
mod npy;
pub mod outputs;
pub mod reader;
pub mod source;
mod stretch;
pub mod target;
mod values;
pub mod workers;

pub use columns::Column;
pub use error::Error;
pub use stretch::Memory;

//! A pool whose rows are with several workers: what each is to load, and the driver's side of it.

mod driver;
mod frame;
mod process;
mod share;
#[cfg(test)]
mod tests;
mod worker;

pub use driver::Workers;
pub use frame::{read, write};
pub use process::Processes;
pub use share::Share;
pub use worker::{Pipe, work};

//! The selectors: one algorithm a file, on the host, through `&dyn Pool`.

mod classes;
mod gram_schmidt;
mod norm;
mod sas;
mod uniform;

pub use classes::Classes;
pub use gram_schmidt::{GramSchmidt, OnExhaustion};
pub use norm::Norm;
pub use sas::{Objective, Refine, Road, Sas, Similarity};
pub use uniform::Uniform;

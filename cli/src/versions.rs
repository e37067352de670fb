//! Which versions a record is of.

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Versions {
    pub(crate) coresift: &'static str,
}

impl Versions {
    pub(crate) const OURS: Self = Self {
        coresift: env!("CARGO_PKG_VERSION"),
    };
}

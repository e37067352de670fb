//! How it is found which rows are near.

use super::answers::Near;
use super::by_kernels::ByKernels;
use super::exact::Exact;

/// How it is found which rows are near.
pub(crate) enum Found<'a> {
    /// By kernels, as long as they leave few pairs open.
    Kernels(ByKernels<'a>),
    /// On the host.
    Host(Exact<'a>),
}

/// One in so many of all pairs may be settled one by one; then distances are found on the host, since
/// kernels cannot tell these rows apart. To settle so many takes a good part of what that takes.
const PAIRS_OF_DOUBT: usize = 64;

impl Found<'_> {
    pub(crate) fn by(&self) -> &dyn Near {
        match self {
            Self::Kernels(near) => near,
            Self::Host(near) => near,
        }
    }

    /// Whether kernels have left so many pairs of so many rows open that distances are better found on the host.
    pub(crate) fn are_poor(&self, doubts: usize, rows: usize) -> bool {
        let most = rows.saturating_mul(rows) / PAIRS_OF_DOUBT;
        doubts > most && matches!(self, Self::Kernels(_))
    }
}

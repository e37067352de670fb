//! Calls on a pool, and what watches them: to time them, to count them, to refuse them or to change their
//! answers. A watcher restates what it has to do with, and nothing else.

use crate::error::Error;
use crate::kernels::assigner::{Assignment, CandidateGroup, Margins};
use crate::kernels::pool::ClusterRows;
use crate::kernels::residuals::RowState;

/// A call on a pool or on one of its handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The kernel by its name, or what else was asked for.
    pub name: &'static str,
    /// Multiply-adds that are asked for, as if each pair were met and each row read: a device that knows
    /// better does less. A value or a state that is handed over counts as one.
    pub work: usize,
}

impl Call {
    pub(super) fn of(name: &'static str, work: usize) -> Self {
        Self { name, work }
    }
}

/// What watches the calls on a pool and on its handles. All methods have defaults, which let calls and
/// answers pass.
pub trait Watcher: Send + Sync {
    /// Whether [`states`](Self::states) is to be called. Then every row is deflated each time.
    const CHANGES_STATES: bool = false;

    /// Carries a call out, or does not. No call is made within another.
    ///
    /// # Errors
    ///
    /// Those of the call, and the watcher's own.
    fn around<T>(&self, _call: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        run()
    }

    /// Is told of work that is no kernel's.
    fn count(&self, _work: usize) {}

    /// May change what [`Assigner::assign`](crate::kernels::Assigner::assign) answers.
    fn assign(&self, _found: &mut [Assignment]) {}

    /// May change what [`Assigner::margins`](crate::kernels::Assigner::margins) answers of these vectors, `dim` values each.
    fn margins(
        &self,
        _vectors: &[f64],
        _dim: usize,
        _groups: &[CandidateGroup<'_>],
        _found: &mut [Margins],
    ) {
    }

    /// May change what [`Pool::k_nearest`](crate::Pool::k_nearest) answers.
    fn k_nearest(&self, _clusters: &[ClusterRows<'_>], _found: &mut [Vec<f32>]) {}

    /// May change the states that a deflation or a refresh has left.
    fn states(&self, _before: &[RowState], _after: &mut [RowState]) {}
}

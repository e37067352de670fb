//! Ending a run before it is done.

use crate::error::Error;
use crate::selection::Selection;
use rayon::iter::IndexedParallelIterator;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Ends runs before they are done: from another thread, or a signal's handler.
///
/// A pool holds one ([`CpuPool::with_stop`](crate::CpuPool::with_stop),
/// `Gpu::with_stop`), and looks at it at least every 100 ms where it works on
/// the CPU, and between submissions where a GPU does. Once it is stopped, whatever is asked of the pool
/// fails, and a selection with it: [`Error::Interrupted`] carries the picks made.
///
/// Clones are one token, and it stays stopped. The default is none: it never stops.
///
/// ```
/// use coresift::{CpuPool, Error, Features, Selector, Stop, Uniform};
///
/// let stop = Stop::new();
/// let x = [1.0, 2.0, 3.0, 4.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 1)?).with_stop(stop.clone());
/// stop.stop();
/// let ended = Uniform::default().select(&pool, 3);
/// assert!(matches!(ended, Err(Error::Interrupted { partial, .. }) if partial.picks.is_empty()));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stop(Option<Arc<AtomicBool>>);

impl Stop {
    /// A token of its own.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Ends every run whose pool has this token.
    pub fn stop(&self) {
        if let Some(stopped) = &self.0 {
            stopped.store(true, Relaxed);
        }
    }

    /// Whether it has been stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.as_ref().is_some_and(|stopped| stopped.load(Relaxed))
    }

    /// Whether it may ever be stopped.
    #[cfg(feature = "gpu")] // a device is waited for
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Fails once it has been stopped.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`], without picks.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_stopped() {
            return Err(interrupted());
        }
        Ok(())
    }

    /// The items of a parallel loop, each an error instead once this has been stopped: so a loop can
    /// neither go on nor pass for done.
    pub(crate) fn over<I: IndexedParallelIterator>(
        &self,
        items: I,
    ) -> impl IndexedParallelIterator<Item = Result<I::Item, Error>> {
        items.map(|item| self.check().map(|()| item))
    }
}

/// A run was ended from outside; who has made picks adds them.
pub(crate) fn interrupted() -> Error {
    Error::Interrupted {
        missing: None,
        partial: Box::new(Selection::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn clones_stop_together() {
        let (stop, other) = (Stop::new(), Stop::default());
        stop.clone().stop();
        assert!(stop.is_stopped() && stop.check().is_err());
        assert!(!other.is_stopped() && other.check().is_ok());
    }

    #[test]
    fn loops_end_once_stopped() {
        let stop = Stop::new();
        let done = stop.over((0..1 << 20).into_par_iter()).try_for_each(|at| {
            if at? % 64 == 63 {
                stop.stop();
            }
            Ok(())
        });
        assert!(matches!(done, Err(Error::Interrupted { .. })));
        let all: Result<Vec<usize>, Error> =
            Stop::new().over((0..1 << 10).into_par_iter()).collect();
        assert_eq!(all.unwrap(), (0..1 << 10).collect::<Vec<_>>());
    }
}

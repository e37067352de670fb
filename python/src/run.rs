//! Work that goes on while Python does: other Python threads run, signals are heard, progress is told.

use crate::errors;
use coresift::{Error, Listener, Progress, Stop};
use pyo3::prelude::*;
use rayon::ThreadPool;
use std::ops::ControlFlow;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How often signals are looked for and progress is told.
const EVERY: Duration = Duration::from_millis(50);

/// How far a run has come: what is counted, how many, of how many.
type Step = (&'static str, u64, Option<u64>);

/// Does `work` on these threads, and meanwhile hears signals (Ctrl-C) and tells `progress`, a callable of
/// (what, done, total). What either raises stops the work, which `stop` is to end, and is raised once it has.
///
pub(crate) fn beside<T: Send>(
    py: Python<'_>,
    threads: &ThreadPool,
    progress: Option<&Py<PyAny>>,
    (stop, budget): (&Stop, Option<usize>),
    work: impl FnOnce(&mut Listener<'_>) -> Result<T, Error> + Send,
) -> PyResult<Result<T, Error>> {
    let latest: Mutex<Option<Step>> = Mutex::new(None);
    let (end, ended) = channel::<()>();
    let (worked, raised) = py.detach(move || {
        thread::scope(|scope| {
            let latest = &latest;
            let worker = scope.spawn(move || {
                let _end = end; // dropped where the work ends, however it does
                threads.install(|| {
                    work(&mut |progress| {
                        if let Some(step) = step(&progress, budget) {
                            *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
                        }
                        ControlFlow::Continue(())
                    })
                })
            });
            let mut raised = None;
            loop {
                let is_over = ended.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout);
                if raised.is_none() {
                    let heard = Python::attach(|py| listen(py, progress, latest));
                    if let Err(error) = heard {
                        stop.stop();
                        raised = Some(error);
                    }
                }
                if is_over {
                    return (worker.join(), raised);
                }
            }
        })
    });
    let worked = worked.map_err(|panic| errors::of_panic(&*panic));
    match (worked, raised) {
        (Ok(Err(Error::Interrupted { partial, .. })), Some(raised)) => {
            Err(errors::with_partial(py, raised, &partial))
        }
        (_, Some(raised)) => Err(raised),
        (worked, None) => worked,
    }
}

/// Does `work`, which nothing stops, as the reading of files, on these threads, and meanwhile hears signals. What one
/// raises is raised at once: what the work comes to is then dropped whenever it is done.
pub(crate) fn unless_interrupted<T: Send + 'static>(
    py: Python<'_>,
    threads: Arc<ThreadPool>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (tell, told) = channel();
    py.detach(move || {
        let worker = thread::spawn(move || {
            // Nobody hears it where a signal has ended the wait.
            let _ = tell.send(threads.install(work));
        });
        loop {
            match told.recv_timeout(EVERY) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Timeout) => Python::attach(|py| py.check_signals())?,
                Err(RecvTimeoutError::Disconnected) => {
                    let panic = worker.join().expect_err("it has told nothing");
                    return Err(errors::of_panic(&*panic));
                }
            }
        }
    })
}

/// Runs what signals ask for, and tells of the latest step.
fn listen(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    latest: &Mutex<Option<Step>>,
) -> PyResult<()> {
    py.check_signals()?;
    let step = latest.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let (Some(progress), Some(step)) = (progress, step) {
        progress.call1(py, step)?;
    }
    Ok(())
}

fn step(progress: &Progress<'_>, budget: Option<usize>) -> Option<Step> {
    let of = |of: usize| Some(of as u64);
    Some(match *progress {
        Progress::Picks(picks) => ("picks", picks as u64, budget.map(|budget| budget as u64)),
        Progress::Round { picks, .. } => {
            ("picks", picks as u64, budget.map(|budget| budget as u64))
        }
        Progress::Stage { chosen, of: all } => ("candidates", chosen as u64, of(all)),
        Progress::Centres { placed, clusters } => ("centres", placed as u64, of(clusters)),
        Progress::Sweep { sweep, .. } => ("sweeps", sweep as u64, None),
        Progress::Pairs { met, of } => ("pairs", met, Some(of)),
        Progress::Rows { done, of: all } => ("rows", done as u64, of(all)),
        Progress::Trials { done, of: all } => ("trials", done as u64, of(all)),
        _ => return None,
    })
}

//! Workers: what answers in one, and what carries messages to them by Python's hands.

use coresift::remote::{Lost, Transport};
use coresift::{Device, DeviceChoice, Stop};
use coresift_io::workers::work;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rayon::ThreadPoolBuilder;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often signals are looked for.
const EVERY: Duration = Duration::from_millis(50);

/// Where messages go, and answers come from.
type Ends = (Sender<Vec<u8>>, Receiver<Vec<u8>>);

/// A worker: it loads what the first message says, and answers what follows.
#[pyclass(frozen, module = "coresift._native")]
pub(crate) struct Worker {
    ends: Mutex<Ends>,
    stop: Stop,
}

#[pymethods]
impl Worker {
    /// One that works with so many threads.
    #[new]
    #[pyo3(signature = (n_jobs=None))]
    fn new(n_jobs: Option<usize>) -> PyResult<Self> {
        // Of its own: one of them waits for messages as long as there is a worker.
        let threads = ThreadPoolBuilder::new()
            .num_threads(n_jobs.unwrap_or(0))
            .build();
        let threads = threads.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let (to, messages) = channel();
        let (answers, from) = channel();
        let stop = Stop::new();
        let own = stop.clone();
        std::thread::spawn(move || {
            threads.install(|| {
                work(&mut (messages, answers), own, |share| {
                    let choice: DeviceChoice = share.device.parse()?;
                    let opened = Device::open(&choice, share.device_memory);
                    opened
                        .map(|(device, _)| device)
                        .map_err(|error| error.to_string())
                });
            });
        });
        Ok(Self {
            ends: Mutex::new((to, from)),
            stop,
        })
    }

    /// The answer to a message.
    fn call<'py>(&self, py: Python<'py>, message: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let message = message.to_vec();
        let answer = py.detach(|| self.answer(message))?;
        Ok(PyBytes::new(py, &answer))
    }

    /// Ends the work that is under way, and lets go of the rows.
    fn close(&self) {
        self.stop.stop();
    }
}

impl Worker {
    fn answer(&self, message: Vec<u8>) -> PyResult<Vec<u8>> {
        let ended = || PyRuntimeError::new_err("worker: ended, one at work expected");
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.0.send(message).map_err(|_| ended())?;
        loop {
            match ends.1.recv_timeout(EVERY) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) => Python::attach(|py| py.check_signals())?,
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// What carries messages, in Python: an object with `call(worker, message, is_stopped)`, which gives the answer or
/// raises where there will be none, and `revive(worker)`.
pub(crate) struct Carrier {
    carrier: Py<PyAny>,
    /// What ends the calls of the present run.
    stop: Mutex<Stop>,
}

impl Carrier {
    pub(crate) fn new(carrier: Py<PyAny>) -> Self {
        Self {
            carrier,
            stop: Mutex::default(),
        }
    }

    /// From here on calls end once this is stopped.
    pub(crate) fn until(&self, stop: Stop) {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = stop;
    }
}

/// Whether a run has been stopped, to be asked while an answer is waited for.
#[pyclass(frozen, module = "coresift._native")]
struct IsStopped(Stop);

#[pymethods]
impl IsStopped {
    fn __call__(&self) -> bool {
        self.0.is_stopped()
    }
}

impl Transport for Carrier {
    fn call(&self, worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost> {
        let stop = self
            .stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Python::attach(|py| {
            let message = PyBytes::new(py, message);
            let asked = (worker, message, IsStopped(stop));
            let answer = self.carrier.bind(py).call_method1("call", asked)?;
            Ok(answer.cast::<PyBytes>()?.as_bytes().to_vec())
        })
        .map_err(|error: PyErr| Lost(error.to_string()))
    }

    fn revive(&self, worker: usize) -> Result<(), Lost> {
        Python::attach(|py| self.carrier.call_method1(py, "revive", (worker,)))
            .map(drop)
            .map_err(|error| Lost(error.to_string()))
    }
}

//! Pools: rows made ready once, for any number of selections.

use crate::errors;
use crate::held::Held;
use crate::lists::Whole;
use crate::rows::Source;
use crate::run::{beside, unless_interrupted};
use crate::selection;
use crate::selector::{Given, Rule};
use crate::threads;
use crate::workers::Carrier;
use coresift::evaluate::{Weigher, Weights};
use coresift::{
    Classes, Device, DeviceChoice, Error, Features, GramSchmidt, LeftOut, Listener, Metric, Others,
    Precision, Selection, Selector, Stop,
};
use coresift_io::features::FeatureFile;
use coresift_io::loaded::{Loaded, Room};
use coresift_io::workers::{Share, Workers};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rayon::ThreadPool;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows on a device.
#[pyclass(frozen, module = "coresift._native")]
pub(crate) struct Pool {
    /// None once it is closed.
    open: Mutex<Option<Arc<Open>>>,
    /// The process that made it.
    process: u32,
}

/// What a pool is while it is open.
pub(crate) struct Open {
    pub(crate) held: Held,
    pub(crate) others: Option<Others>,
    /// Bytes for the work on the rows.
    pub(crate) memory: u64,
    precision: Precision,
    /// The mean that was subtracted, where one was.
    mean: Option<Vec<f64>>,
    pub(crate) threads: Arc<ThreadPool>,
    /// A pool that nobody works on at present, with what it has on its device, and what would stop it.
    idle: Mutex<Option<(Box<dyn coresift::Pool>, Stop)>>,
}

/// What is to be made of rows.
#[derive(FromPyObject)]
pub(crate) struct Terms {
    #[pyo3(item)]
    device: String,
    #[pyo3(item)]
    memory: Option<u64>,
    #[pyo3(item)]
    device_memory: Option<u64>,
    #[pyo3(item)]
    pub(crate) threads: Option<usize>,
    #[pyo3(item)]
    center: bool,
    #[pyo3(item)]
    exclude: Option<Whole>,
    #[pyo3(item)]
    skip_invalid: bool,
    #[pyo3(item)]
    skip_zeros: bool,
}

impl Terms {
    /// What they ask for.
    pub(crate) fn asked(self) -> PyResult<Asked> {
        let device = self.device.parse();
        Ok(Asked {
            device: device.map_err(|error| PyValueError::new_err(format!("device: {error}")))?,
            memory: self.memory,
            device_memory: self.device_memory,
            center: self.center,
            left_out: LeftOut {
                rows: self.exclude.map_or(Vec::new(), |rows| rows.0),
                invalid: self.skip_invalid,
                zeros: self.skip_zeros,
            },
        })
    }
}

#[pymethods]
impl Pool {
    /// Makes rows ready: opens the device, reads what is not in memory, checks every value.
    #[new]
    fn new(py: Python<'_>, source: Source, terms: Terms) -> PyResult<Self> {
        let threads = threads::of(terms.threads)?;
        let asked = terms.asked()?;
        let file = source.open(py, "X")?;
        let of_pool = Arc::clone(&threads);
        let open = unless_interrupted(py, threads, move || asked.open(&file, of_pool))?;
        let open = open.map_err(|error| errors::of_file(py, error))?;
        Ok(Self {
            open: Mutex::new(Some(Arc::new(open))),
            process: std::process::id(),
        })
    }

    /// Rows of files that so many workers have, each its part, with what carries messages to them. They read the
    /// files themselves, each in so much memory and with so many threads.
    #[staticmethod]
    fn of_workers(
        py: Python<'_>,
        source: Source,
        terms: Terms,
        carrier: Py<PyAny>,
        workers: usize,
    ) -> PyResult<Self> {
        let (features, raw) = source.files("X")?;
        let threads_of_each = terms.threads;
        let asked = terms.asked()?;
        let share = Share {
            features: features.clone(),
            raw: raw.clone(),
            rows: [0, 0],
            exclude: asked.left_out.rows.iter().map(|&row| row as u64).collect(),
            skip: [asked.left_out.invalid, asked.left_out.zeros],
            center: asked.center,
            device: asked.device.to_string(),
            memory: asked.memory,
            device_memory: asked.device_memory,
            threads: threads_of_each,
        };
        let file = Source::Files {
            files: features,
            raw,
        }
        .open(py, "X")?;
        let (threads, carrier) = (threads::of(None)?, Arc::new(Carrier::new(carrier)));
        let shares = share.cut(file.rows, workers);
        let own = Arc::clone(&threads);
        let open =
            unless_interrupted(py, threads, move || of_workers(&file, shares, carrier, own))?;
        let open = open.map_err(|error| errors::of_library(py, error))?;
        Ok(Self {
            open: Mutex::new(Some(Arc::new(open))),
            process: std::process::id(),
        })
    }

    /// Of workers, the rounds made since rows were last chosen from, and bytes out and back.
    #[getter]
    fn traffic(&self) -> PyResult<Option<[u64; 3]>> {
        Ok(self.open()?.held.traffic())
    }

    /// Lets go of the rows. Selections that are being made go on.
    fn close(&self) {
        *self.lock() = None;
    }

    /// Number of rows that are not left out, and values of each.
    #[getter]
    fn shape(&self) -> PyResult<[usize; 2]> {
        Ok(self.open()?.held.shape())
    }

    /// Number of all rows, those that are left out among them.
    #[getter]
    fn rows(&self) -> PyResult<usize> {
        let open = self.open()?;
        let [rows, _] = open.held.shape();
        Ok(open.others.as_ref().map_or(rows, Others::rows))
    }

    /// The name of the device.
    #[getter]
    fn device(&self) -> PyResult<String> {
        Ok(self.open()?.held.device())
    }

    /// Chooses `budget` rows by the selector that `options` tell, with what `given` says of rows; weighs the
    /// picks by a metric, where one is named.
    fn select<'py>(
        &self,
        py: Python<'py>,
        options: &Bound<'py, PyDict>,
        given: &Bound<'py, PyDict>,
        budget: usize,
        weights: Option<String>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let open = self.open()?;
        let rule = Rule::new(options, given)?;
        let metric = weights.map(|metric| metric.parse::<Metric>()).transpose();
        let metric = metric.map_err(|error| PyValueError::new_err(format!("weights: {error}")))?;
        let given = open.restated(&rule.given);
        let given = given.map_err(|error| errors::of_library(py, error))?;
        let selector = rule.selector(&given, open.rank_tol())?;
        let chosen = open.beside(py, progress.as_ref(), Some(budget), |pool, listener| {
            choose(pool, &*selector, budget, (&given, metric), listener)
        })?;
        let (mut chosen, weights) = chosen.map_err(|error| errors::of_library(py, error))?;
        if let Some(others) = &open.others {
            others.renumber(&mut chosen);
        }
        selection::to_python(py, &chosen, weights.as_ref())
    }
}

impl Pool {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows, where they have not been let go of and are this process's.
    pub(crate) fn open(&self) -> PyResult<Arc<Open>> {
        if self.process != std::process::id() {
            return Err(PyRuntimeError::new_err(
                "pool: made before this process was forked, one made in this process expected",
            ));
        }
        let open = self.lock().clone();
        open.ok_or_else(|| PyValueError::new_err("pool: closed, an open one expected"))
    }
}

/// What is asked for, once it is read.
pub(crate) struct Asked {
    pub(crate) device: DeviceChoice,
    pub(crate) memory: Option<u64>,
    pub(crate) device_memory: Option<u64>,
    center: bool,
    pub(crate) left_out: LeftOut,
}

impl Asked {
    fn open(
        &self,
        file: &Arc<FeatureFile>,
        threads: Arc<ThreadPool>,
    ) -> Result<Open, coresift_io::Error> {
        let of_rows = |error| coresift_io::Error::of_file(file.path(), error);
        let (device, _) = Device::open(&self.device, self.device_memory).map_err(of_rows)?;
        let loaded = Loaded::new(file, Room::of(file, self.memory)?, |_| {})?;
        let (mut left_out, mut mean) = (self.left_out.clone(), None);
        left_out.zeros &= !self.center;
        let shape = [file.rows, file.dim];
        let (precision, loaded) = if self.center {
            let whole = loaded.checked(file, &left_out)?;
            let (precision, others) = (file.precision(&whole), whole.others());
            drop(whole);
            let numbers = others.as_ref().map(Others::numbers);
            let (loaded, subtracted) = loaded.centered(file, numbers, |_| {})?;
            mean = Some(subtracted);
            left_out = match &others {
                Some(others) => others.left_out(&self.left_out),
                None => self.left_out.clone(),
            };
            (Some(precision), loaded)
        } else {
            (None, loaded)
        };
        let memory = loaded.memory;
        let features = Features::without(loaded.into_rows(), shape, &left_out)
            .map_err(|error| file.refused(error))?;
        Ok(Open {
            precision: precision.unwrap_or_else(|| file.precision(&features)),
            others: features.others(),
            held: Held::Here(features, device),
            memory,
            mean,
            threads,
            idle: Mutex::default(),
        })
    }
}

/// Has workers load their shares of the rows of a file.
fn of_workers(
    file: &FeatureFile,
    shares: Vec<Share>,
    carrier: Arc<Carrier>,
    threads: Arc<ThreadPool>,
) -> Result<Open, Error> {
    let workers = Workers::load(Arc::clone(&carrier) as _, shares)?;
    let shape = [workers.rows(), file.dim];
    Ok(Open {
        precision: file.precision_of(workers.precision()),
        others: workers.others(),
        mean: workers.mean().map(<[f64]>::to_vec),
        held: Held::Workers(Mutex::new(workers), carrier, shape),
        memory: u64::MAX,
        threads,
        idle: Mutex::default(),
    })
}

impl Open {
    /// A pool of the rows, to be worked on until this is stopped.
    pub(crate) fn pool(&self, stop: Stop) -> Result<Box<dyn coresift::Pool>, Error> {
        self.held.pool(self.memory, stop)
    }

    /// Does `work` on a pool of the rows, the idle one if there is one, while Python does what else it has to. An
    /// error speaks of rows by the numbers of all.
    pub(crate) fn beside<T: Send>(
        &self,
        py: Python<'_>,
        progress: Option<&Py<PyAny>>,
        budget: Option<usize>,
        work: impl FnOnce(&dyn coresift::Pool, &mut Listener<'_>) -> Result<T, Error> + Send,
    ) -> PyResult<Result<T, Error>> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let (pool, stop) = match idle().take() {
            Some((pool, stop)) => (Some(pool), stop),
            None => (None, Stop::new()),
        };
        beside(py, &self.threads, progress, (&stop, budget), |listener| {
            let named = |error| self.named(error);
            let pool = match pool {
                Some(pool) => pool,
                None => self.pool(stop.clone()).map_err(named)?,
            };
            let done = work(&*pool, listener).map_err(named);
            if done.is_ok() && !stop.is_stopped() {
                *idle() = Some((pool, stop.clone()));
            }
            done
        })
    }

    /// The tolerance of rounded rows, for Gram-Schmidt where none is given.
    fn rank_tol(&self) -> Option<f64> {
        let is_rounded = self.precision != Precision::F32;
        is_rounded.then(|| GramSchmidt::default_rank_tol(self.held.shape()[1], self.precision))
    }

    /// What is said of all rows, of those that are left and as they were centered.
    fn restated(&self, given: &Given) -> Result<Given, Error> {
        let mut given = given.clone();
        if let (Some(Classes::Prompts { embeddings }), Some(mean)) =
            (&mut given.classes, &self.mean)
        {
            coresift::subtract(embeddings, mean);
        }
        match &self.others {
            Some(others) => given.of(others),
            None => Ok(given),
        }
    }

    /// An error by the numbers of all rows.
    fn named(&self, error: Error) -> Error {
        match &self.others {
            Some(others) => others.named(error),
            None => error,
        }
    }
}

/// A selection, weighed where that is asked for: what cannot be weighed is refused before anything is chosen.
fn choose(
    pool: &dyn coresift::Pool,
    selector: &dyn Selector,
    budget: usize,
    (given, metric): (&Given, Option<Metric>),
    listener: &mut Listener<'_>,
) -> Result<(Selection, Option<Weights>), Error> {
    let targets = given.target_weights.as_deref();
    let weigher = metric.map(|metric| Weigher::new(pool, metric, targets));
    let weigher = weigher.transpose()?;
    let selection = selector.select_with(pool, budget, listener)?;
    let weigh = |weigher: Weigher<'_>| weigher.weigh(&given.labelled, &selection.picks);
    match weigher.map(weigh).transpose() {
        Ok(weights) => Ok((selection, weights)),
        Err(error) => Err(error.with_partial(selection)),
    }
}

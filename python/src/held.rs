//! The rows of a pool: of this process, or of workers.

use crate::workers::Carrier;
use coresift::{Device, Error, Features, Stop};
use coresift_io::workers::Workers;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that are not left out.
pub(crate) enum Held {
    /// Here, and what works on them.
    Here(Features<'static>, Device),
    /// With workers, by what carries messages to them.
    Workers(Mutex<Workers>, Arc<Carrier>, [usize; 2]),
}

impl Held {
    /// How many there are, and values of each.
    pub(crate) fn shape(&self) -> [usize; 2] {
        match self {
            Self::Here(features, _) => [features.rows(), features.dim()],
            Self::Workers(.., shape) => *shape,
        }
    }

    /// The name of what works on them.
    pub(crate) fn device(&self) -> String {
        match self {
            Self::Here(_, device) => device.name(),
            Self::Workers(workers, ..) => locked(workers).devices(),
        }
    }

    /// A pool of them, to be worked on until this is stopped, in so many bytes of the host's.
    pub(crate) fn pool(&self, memory: u64, stop: Stop) -> Result<Box<dyn coresift::Pool>, Error> {
        match self {
            Self::Here(features, device) => device.pool(features.clone(), memory, stop),
            Self::Workers(workers, carrier, _) => {
                carrier.until(stop.clone());
                locked(workers).pool(stop)
            }
        }
    }

    /// Rounds, and bytes out and back, since the pool was made; none of rows that are here.
    pub(crate) fn traffic(&self) -> Option<[u64; 3]> {
        match self {
            Self::Here(..) => None,
            Self::Workers(workers, ..) => Some(locked(workers).traffic()),
        }
    }

    /// The rows themselves, and what works on them: of this process alone.
    pub(crate) fn here(&self) -> PyResult<(&Features<'static>, &Device)> {
        match self {
            Self::Here(features, device) => Ok((features, device)),
            Self::Workers(..) => Err(PyValueError::new_err(
                "pool: rows of workers found, rows of this process expected",
            )),
        }
    }
}

fn locked(workers: &Mutex<Workers>) -> std::sync::MutexGuard<'_, Workers> {
    workers.lock().unwrap_or_else(PoisonError::into_inner)
}

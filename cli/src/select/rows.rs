//! The rows that are not left out, wherever they are.

use crate::workers::Started;
use coresift::{Device, Error, Features, Others, Pool, Stop};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows that are ready to be chosen from.
pub(super) enum ReadyRows<'a> {
    /// Of this process: what works on them, and what that may take of memory.
    Here {
        device: Device,
        memory: u64,
        features: Box<Features<'a>>,
    },
    /// Of others, of which each has a part.
    Workers(Mutex<Started>),
}

fn locked(started: &Mutex<Started>) -> MutexGuard<'_, Started> {
    started.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReadyRows<'_> {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Here { features, .. } => features.rows(),
            Self::Workers(started) => locked(started).workers.rows(),
        }
    }

    /// Which of all they are, where some are left out.
    pub(super) fn others(&self) -> Option<Others> {
        match self {
            Self::Here { features, .. } => features.others(),
            Self::Workers(started) => locked(started).workers.others(),
        }
    }

    /// What tells them from others.
    pub(super) fn fingerprint(&self) -> Result<u64, Error> {
        match self {
            Self::Here { features, .. } => features.fingerprint(),
            Self::Workers(started) => locked(started).workers.fingerprint(),
        }
    }

    /// What works on them, in words.
    pub(super) fn device(&self) -> String {
        match self {
            Self::Here { device, .. } => device.name(),
            Self::Workers(started) => locked(started).workers.devices(),
        }
    }

    /// A pool of them, to be worked on until `stop` is stopped.
    pub(super) fn pool(&self, stop: Stop) -> Result<Box<dyn Pool + '_>, Error> {
        match self {
            Self::Here {
                device,
                memory,
                features,
            } => device.pool((**features).clone(), *memory, stop),
            Self::Workers(started) => Ok(locked(started).pool(stop)?),
        }
    }

    /// Puts into a record what has crossed between processes.
    pub(super) fn tell(&self, about: &mut Value) {
        if let Self::Workers(started) = self {
            let started = locked(started);
            let [rounds, bytes_out, bytes_back] = started.workers.traffic();
            about["workers"] = serde_json::json!({
                "count": started.workers.count(),
                "rounds": rounds,
                "bytes_out": bytes_out,
                "bytes_back": bytes_back,
            });
        }
    }
}

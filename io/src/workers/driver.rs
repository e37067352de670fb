//! The driver's side: workers load their shares, agree on a unit, and make one pool.

use super::share::{Loaded, Setup, Share};
use coresift::remote::{Lost, RemotePool, Traffic, Transport};
use coresift::{Error, Features, Others, Pool, Precision, Shards, Stop, Unit};
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::sync::Arc;

/// Workers that have loaded their shares of some rows.
pub struct Workers {
    transport: Arc<Loading>,
    shares: Vec<Share>,
    unit: Unit,
    traffic: Vec<Traffic>,
}

impl Workers {
    /// Has each worker load its share; together they have consecutive rows, from the first on.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] where shares leave rows out or overlap, and where no row is left; [`Error::Worker`] says
    /// which worker cannot load its share, and why.
    pub fn load(transport: Arc<dyn Transport>, shares: Vec<Share>) -> Result<Self, Error> {
        are_consecutive(&shares)?;
        let load = |share: &Share| {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            encoded(&Setup::Load(version, share.clone()))
        };
        let loads: Vec<Vec<u8>> = shares.iter().map(load).collect();
        let answers = each(shares.len(), |worker| {
            named(
                &shares,
                worker,
                transport.call(worker, loads[worker].clone()),
            )
        })?;
        let decoded = answers.iter().enumerate();
        let decoded = decoded.map(|(worker, answer)| decoded_of(&shares, worker, answer));
        let loaded: Vec<Loaded> = decoded.collect::<Result<_, _>>()?;
        let unit = agreed(&shares, &loaded)?;
        let loading = Loading {
            inner: transport,
            loads,
            loaded,
            begin: encoded(&Setup::Begin(unit)),
        };
        let begun = each(shares.len(), |worker| match loading.loaded[worker].rows {
            0 => Ok(()),
            _ => named(&shares, worker, loading.begin(worker)),
        });
        begun?;
        Ok(Self {
            transport: Arc::new(loading),
            shares,
            unit,
            traffic: Vec::new(),
        })
    }

    fn loaded(&self) -> &[Loaded] {
        &self.transport.loaded
    }

    /// Number of workers.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shares.len()
    }

    /// Number of rows that are not left out.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.loaded().iter().map(|part| part.rows as usize).sum()
    }

    /// The numbers of the rows that are left among all, where some are left out.
    #[must_use]
    pub fn others(&self) -> Option<Others> {
        if self.loaded().iter().all(|part| part.numbers.is_none()) {
            return None;
        }
        let rows = self.shares.last().map_or(0, |share| share.rows[1] as usize);
        Some(Others::new(rows, self.numbers().concat()))
    }

    /// Those of each worker.
    fn numbers(&self) -> Vec<Vec<usize>> {
        let parts = self.loaded().iter().zip(&self.shares);
        let of_part = |(part, share): (&Loaded, &Share)| {
            let [first, end] = share.rows.map(|row| row as usize);
            match &part.numbers {
                Some(numbers) => numbers.iter().map(|&row| first + row as usize).collect(),
                None => (first..end).collect(),
            }
        };
        parts.map(of_part).collect()
    }

    /// What the values look rounded to.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.unit.precision()
    }

    /// What works on the rows: the names of all workers' devices, each once.
    #[must_use]
    pub fn devices(&self) -> String {
        let mut names: Vec<&str> = self.loaded().iter().map(|part| &*part.device).collect();
        names.dedup();
        names.join(", ")
    }

    /// What tells the features from others, however they are held.
    ///
    /// # Errors
    ///
    /// Those of the workers.
    pub fn fingerprint(&mut self) -> Result<u64, Error> {
        let pool = self.pool(Stop::default())?;
        let lengths: Vec<&[f64]> = self
            .loaded()
            .iter()
            .map(|part| &*part.squared_lengths)
            .collect();
        Features::fingerprint_of_parts(&lengths, pool.dim(), |rows| pool.given_rows(rows))
    }

    /// Their pools as one, to be worked on until `stop` is stopped.
    ///
    /// # Errors
    ///
    /// Those of the workers.
    pub fn pool(&mut self, stop: Stop) -> Result<Box<dyn Pool>, Error> {
        self.traffic.clear();
        let is_numbered = self.loaded().iter().any(|part| part.numbers.is_some());
        let mut pools: Vec<Box<dyn Pool>> = Vec::new();
        for (worker, numbers) in self.numbers().into_iter().enumerate() {
            if numbers.is_empty() {
                continue;
            }
            let transport = Arc::clone(&self.transport) as Arc<dyn Transport>;
            let pool = RemotePool::new(transport, worker, stop.clone())?;
            self.traffic.push(pool.traffic());
            pools.push(match is_numbered {
                true => Box::new(pool.numbered(numbers)),
                false => Box::new(pool),
            });
        }
        Ok(Box::new(Shards::new(pools)?))
    }

    /// What has crossed since the pool was made: rounds, which are the calls of whichever worker had most, and bytes
    /// out and back.
    #[must_use]
    pub fn traffic(&self) -> [u64; 3] {
        let rounds = self.traffic.iter().map(Traffic::calls).max();
        let out = self.traffic.iter().map(Traffic::bytes_out).sum();
        let back = self.traffic.iter().map(Traffic::bytes_back).sum();
        [rounds.unwrap_or(0), out, back]
    }
}

/// Fails unless shares are of rows one after another.
fn are_consecutive(shares: &[Share]) -> Result<(), Error> {
    let mut next = 0;
    for (worker, share) in shares.iter().enumerate() {
        let [first, end] = share.rows;
        if first != next || end <= first {
            return Err(Error::Argument {
                argument: "workers",
                found: format!("worker {worker} with rows {first} to {end}"),
                expected: format!("rows from {next} on: no row twice, and none left out"),
            });
        }
        next = end;
    }
    Ok(())
}

/// The unit of all rows; fails where parts do not go together.
fn agreed(shares: &[Share], loaded: &[Loaded]) -> Result<Unit, Error> {
    let dim = loaded.first().map_or(0, |part| part.dim);
    if let Some(worker) = loaded.iter().position(|part| part.dim != dim) {
        let found = format!(
            "rows of {} values found, {dim} expected, as worker 0 has",
            loaded[worker].dim
        );
        return named(shares, worker, Err(found));
    }
    let units = loaded.iter().filter_map(|part| part.unit);
    units.reduce(Unit::join).ok_or_else(|| Error::Argument {
        argument: "features",
        found: "no row that is not left out".to_owned(),
        expected: "at least one".to_owned(),
    })
}

/// What `ask` makes of every worker, all at a time.
fn each<T: Send>(
    count: usize,
    ask: impl Fn(usize) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    std::thread::scope(|scope| {
        let ask = &ask;
        let threads: Vec<_> = (0..count)
            .map(|worker| scope.spawn(move || ask(worker)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// An error that says which worker it is of, and which rows that has.
fn named<T, E: Display>(shares: &[Share], worker: usize, found: Result<T, E>) -> Result<T, Error> {
    let [first, end] = shares[worker].rows.map(|row| row as usize);
    found.map_err(|why| Error::Worker {
        worker,
        first,
        last: end.saturating_sub(1),
        reason: why.to_string(),
    })
}

fn encoded(setup: &Setup) -> Vec<u8> {
    // Memory takes every byte.
    postcard::to_stdvec(setup).unwrap_or_default()
}

fn decoded<T: DeserializeOwned>(answer: &[u8]) -> Result<T, String> {
    let answer: Result<Result<T, String>, _> = postcard::from_bytes(answer);
    answer.unwrap_or_else(|_| {
        Err(
            "an answer that cannot be understood found: is it of another version of coresift?"
                .to_owned(),
        )
    })
}

fn decoded_of(shares: &[Share], worker: usize, answer: &[u8]) -> Result<Loaded, Error> {
    named(shares, worker, decoded(answer))
}

/// Has a worker that is brought back load what its predecessor had.
struct Loading {
    inner: Arc<dyn Transport>,
    loads: Vec<Vec<u8>>,
    loaded: Vec<Loaded>,
    begin: Vec<u8>,
}

impl Loading {
    fn begin(&self, worker: usize) -> Result<(), Lost> {
        let answer = self.inner.call(worker, self.begin.clone())?;
        decoded(&answer).map_err(Lost)
    }
}

impl Transport for Loading {
    fn call(&self, worker: usize, message: Vec<u8>) -> Result<Vec<u8>, Lost> {
        self.inner.call(worker, message)
    }

    fn revive(&self, worker: usize) -> Result<(), Lost> {
        self.inner.revive(worker)?;
        let answer = self.inner.call(worker, self.loads[worker].clone())?;
        let found: Loaded = decoded(&answer).map_err(Lost)?;
        match found.has_rows_of(&self.loaded[worker]) {
            true => self.begin(worker),
            false => Err(Lost("its rows are others than they were".to_owned())),
        }
    }
}

//! The driver's side: workers load their shares, agree on a unit, and make one pool.

use super::share::{Loaded, Setup, Share};
use crate::features::mean::{SUMMED, mean_of};
use coresift::remote::{Lost, RemotePool, Traffic, Transport};
use coresift::{Error, Features, MissingRows, Others, Pool, Precision, Shards, Stop, Unit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::ops::Range;
use std::sync::Arc;

/// Times that a worker is brought back for one message before the work begins.
const ATTEMPTS: usize = 3;

/// Workers that have loaded their shares of some rows.
pub struct Workers {
    transport: Arc<Loading>,
    shares: Vec<Share>,
    precision: Precision,
    mean: Option<Vec<f64>>,
    traffic: Vec<Traffic>,
}

impl Workers {
    /// Has each worker load its share; together they have consecutive rows, from the first on.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] where shares leave rows out or overlap, and where no row is left; [`Error::Worker`] says
    /// which worker cannot load its share, and why. One that is lost is brought back.
    pub fn load(transport: Arc<dyn Transport>, shares: Vec<Share>) -> Result<Self, Error> {
        are_consecutive(&shares)?;
        let load = |share: &Share| {
            let version = env!("CARGO_PKG_VERSION").to_owned();
            encoded(&Setup::Load(version, share.clone()))
        };
        let mut loading = Loading {
            inner: transport,
            loads: shares.iter().map(load).collect(),
            loaded: Vec::new(),
            centered: None,
            begin: Vec::new(),
        };
        loading.loaded = answers(&shares, |worker| {
            loading.ask(worker, &loading.loads[worker])
        })?;
        let precision = agreed(&shares, &loading.loaded)?.precision();
        let mut mean = None;
        if shares.iter().any(|share| share.center) {
            let found = mean_row(&shares, &loading)?;
            loading.center(&shares, encoded(&Setup::Center(found.clone())))?;
            mean = Some(found);
        }
        let begin = encoded(&Setup::Begin(agreed(&shares, loading.parts())?));
        let _: Vec<()> = answers(&shares, |worker| match loading.parts()[worker].rows {
            0 => Ok(encoded(&Ok::<_, String>(()))),
            _ => loading.ask(worker, &begin),
        })?;
        loading.begin = begin;
        Ok(Self {
            transport: Arc::new(loading),
            shares,
            precision,
            mean,
            traffic: Vec::new(),
        })
    }

    fn loaded(&self) -> &[Loaded] {
        self.transport.parts()
    }

    /// The mean row that was subtracted, where that was asked for.
    #[must_use]
    pub fn mean(&self) -> Option<&[f64]> {
        self.mean.as_deref()
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

    /// What the values look rounded to, as they are given.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
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
        let numbers = self.numbers();
        let opened = each(numbers.len(), |worker| {
            let transport = Arc::clone(&self.transport) as Arc<dyn Transport>;
            let has_rows = !numbers[worker].is_empty();
            let first = numbers[..worker].iter().map(Vec::len).sum();
            has_rows
                .then(|| RemotePool::new(transport, worker, stop.clone()))
                .transpose()
                .map_err(|error| lacking(error, first..first + numbers[worker].len()))
        })?;
        let mut pools: Vec<Box<dyn Pool>> = Vec::new();
        for (pool, numbers) in opened.into_iter().zip(numbers) {
            let Some(pool) = pool else {
                continue;
            };
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

/// The loss of a worker that has never said how many rows it has: these.
fn lacking(error: Error, rows: Range<usize>) -> Error {
    match error {
        Error::Interrupted {
            missing: Some(MissingRows { reason, .. }),
            partial,
        } => Error::Interrupted {
            missing: Some(MissingRows { rows, reason }),
            partial,
        },
        error => error,
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

fn encoded(setup: &impl Serialize) -> Vec<u8> {
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

/// What every worker answers, all asked at a time.
fn answers<T: DeserializeOwned + Send>(
    shares: &[Share],
    ask: impl Fn(usize) -> Result<Vec<u8>, Lost> + Sync,
) -> Result<Vec<T>, Error> {
    let answers = each(shares.len(), |worker| named(shares, worker, ask(worker)))?;
    let of_worker = |(worker, answer): (usize, &Vec<u8>)| named(shares, worker, decoded(answer));
    answers.iter().enumerate().map(of_worker).collect()
}

/// The mean of all rows that are not left out, to the bit as one process finds it: rows are summed so many at a time, one
/// after the other, and those whose rows are of several workers go from one to the next.
fn mean_row(shares: &[Share], loading: &Loading) -> Result<Vec<f64>, Error> {
    let (mut before, mut firsts) = (0, Vec::new());
    for part in &loading.loaded {
        let rows = part.rows as usize;
        let open = (SUMMED - before % SUMMED) % SUMMED;
        firsts.push(open.min(rows));
        before += rows;
    }
    let asked = |worker: usize| match loading.loaded[worker].rows {
        0 => Ok(encoded(&Ok::<_, String>(Vec::<f64>::new()))),
        _ => loading.ask(worker, &encoded(&Setup::Sums(firsts[worker] as u64))),
    };
    let of_parts: Vec<Vec<f64>> = answers(shares, asked)?;
    let dim = loading.loaded.first().map_or(0, |part| part.dim) as usize;
    let mut sums: Vec<f64> = Vec::new();
    for (worker, found) in of_parts.into_iter().enumerate() {
        let rows = loading.loaded[worker].rows as usize - firsts[worker];
        let expected = rows.div_ceil(SUMMED) * dim;
        if found.len() != expected {
            let found = format!("{} values of sums found, {expected} expected", found.len());
            return named(shares, worker, Err(found));
        }
        if firsts[worker] > 0 {
            let last = sums.split_off(sums.len() - dim);
            let message = encoded(&Setup::First(firsts[worker] as u64, last));
            let answer = named(shares, worker, loading.ask(worker, &message))?;
            let added: Vec<f64> = named(shares, worker, decoded(&answer))?;
            sums.extend(added.into_iter().take(dim));
        }
        sums.extend(found);
    }
    Ok(mean_of(&sums, dim, before))
}

/// Has a worker that is brought back load what its predecessor had, and be as far as that was.
struct Loading {
    inner: Arc<dyn Transport>,
    loads: Vec<Vec<u8>>,
    /// What each worker has loaded; empty until all have.
    loaded: Vec<Loaded>,
    /// What has the rows centered, and what they are then.
    centered: Option<(Vec<u8>, Vec<Loaded>)>,
    /// What has the work begin; empty until all have begun.
    begin: Vec<u8>,
}

impl Loading {
    /// The rows as they are worked on.
    fn parts(&self) -> &[Loaded] {
        match &self.centered {
            Some((_, centered)) => centered,
            None => &self.loaded,
        }
    }

    /// Has all rows centered.
    fn center(&mut self, shares: &[Share], message: Vec<u8>) -> Result<(), Error> {
        let centered = answers(shares, |worker| match self.loaded[worker].rows {
            0 => Ok(encoded(&Ok::<_, String>(&self.loaded[worker]))),
            _ => self.ask(worker, &message),
        })?;
        self.centered = Some((message, centered));
        Ok(())
    }

    /// A worker's answer before the work begins; one that is lost over it is brought back.
    fn ask(&self, worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost> {
        let mut answer = self.inner.call(worker, message);
        for _ in 0..ATTEMPTS {
            if answer.is_ok() {
                break;
            }
            let revived = self.revive(worker);
            answer = revived.and_then(|()| self.inner.call(worker, message));
        }
        answer
    }

    /// Has a worker load or center its rows again, which must come to what they were.
    fn again(&self, worker: usize, message: &[u8], were: &[Loaded]) -> Result<(), Lost> {
        let answer = self.inner.call(worker, message)?;
        let found: Loaded = decoded(&answer).map_err(Lost)?;
        match found.has_rows_of(&were[worker]) {
            true => Ok(()),
            false => Err(Lost("its rows are others than they were".to_owned())),
        }
    }
}

impl Transport for Loading {
    fn call(&self, worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost> {
        self.inner.call(worker, message)
    }

    fn revive(&self, worker: usize) -> Result<(), Lost> {
        self.inner.revive(worker)?;
        if !self.loaded.is_empty() {
            self.again(worker, &self.loads[worker], &self.loaded)?;
        }
        if let Some((message, centered)) = &self.centered {
            self.again(worker, message, centered)?;
        }
        if self.begin.is_empty() {
            return Ok(());
        }
        decoded(&self.inner.call(worker, &self.begin)?).map_err(Lost)
    }
}

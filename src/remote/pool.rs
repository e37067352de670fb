//! A worker's pool, to whoever drives.

use super::answer::{About, AboutSimilarities};
use super::assigner::RemoteAssigner;
use super::connection::Connection;
use super::message::{Ask, Cluster, Examples as Asked, Function, OfPool, OfSimilarities};
use super::neighbours::RemoteNeighbours;
use super::opened::{Opened, narrow};
use super::residuals::RemoteResiduals;
use super::similarities::RemoteSimilarities;
use super::transport::{Traffic, Transport};
use super::visited::RemoteVisited;
use super::wire::{Array, Wire};
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::kernels::assigner::Assigner;
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::Neighbours;
use crate::kernels::pool::{ClusterRows, Pool};
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{Examples, Similarities};
use crate::kernels::steps::PartSteps;
use crate::kernels::units::UnitMoves;
use crate::kernels::visited::Visited;
use crate::lp::Lp;
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::RowIds;
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::sync::Arc;

/// Values that are fetched with one message at most: 64 MiB.
const FETCHED: usize = 1 << 24;
/// Integers that are sent with one message at most: 32 MiB.
const SENT: usize = 1 << 24;

/// The pool that a worker [serves](crate::worker::serve): every call is a message and its answer.
///
/// A call fails with [`Error::Interrupted`] where a worker is lost and none can be put in its place, which says that its
/// rows are missing, and once its [`Stop`] is stopped.
pub struct RemotePool {
    connection: Arc<Connection>,
    number: u32,
    about: About,
    /// The numbers of its rows among all, where some are left out of any part.
    numbers: Option<Vec<usize>>,
}

impl std::fmt::Debug for RemotePool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RemotePool").field(&self.about).finish()
    }
}

impl RemotePool {
    /// That of a worker, by its number.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] where no worker answers, [`Error::Device`] where it is of another version of coresift.
    pub fn new(transport: Arc<dyn Transport>, worker: usize, stop: Stop) -> Result<Self, Error> {
        let connection = Arc::new(Connection::new(transport, worker, stop));
        let about: About = connection.ask(Ask::Pool(0, OfPool::About))?;
        connection.has_rows(about.rows as usize);
        Ok(Self {
            connection,
            number: 0,
            about,
            numbers: None,
        })
    }

    /// With the numbers that the rows have among all, ascending, where some are left out of any part.
    #[must_use]
    pub fn numbered(mut self, numbers: Vec<usize>) -> Self {
        self.numbers = Some(numbers);
        self
    }

    /// What goes to the worker and comes back.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.connection.traffic.clone()
    }

    pub(super) fn ask<T: DeserializeOwned>(&self, ask: OfPool<'_>) -> Result<T, Error> {
        self.connection.ask(Ask::Pool(self.number, ask))
    }

    fn array<T: Wire>(&self, ask: OfPool<'_>, count: usize) -> Result<Vec<T>, Error> {
        self.ask::<Array<'_, T>>(ask)?.exactly(count)
    }

    /// Rows, by several messages where they are many.
    fn fetch(
        &self,
        rows: &[usize],
        ask: impl Fn(Array<'static, u32>) -> OfPool<'static>,
    ) -> Result<Vec<f32>, Error> {
        let at_once = (FETCHED / self.dim()).max(1);
        let mut values = Vec::with_capacity(rows.len() * self.dim());
        for rows in rows.chunks(at_once) {
            let count = rows.len() * self.dim();
            values.extend(self.array::<f32>(ask(narrow(rows).into()), count)?);
        }
        Ok(values)
    }

    /// Opens a handle: its number, and what is to be known of it.
    pub(super) fn open<'m, T: DeserializeOwned>(
        &self,
        ask: impl FnOnce(u32) -> OfPool<'m>,
    ) -> Result<(Opened<'_>, T), Error> {
        Opened::new(&self.connection, self.number, ask)
    }
}

impl Drop for RemotePool {
    fn drop(&mut self) {
        if self.number > 0 {
            self.connection.close(self.number);
        }
    }
}

impl Pool for RemotePool {
    fn rows(&self) -> usize {
        self.about.rows as usize
    }

    fn dim(&self) -> usize {
        self.about.dim as usize
    }

    fn scale(&self) -> f32 {
        self.about.scale
    }

    fn precision(&self) -> Precision {
        self.about.precision
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        self.array(OfPool::RowNorms(norm), self.rows())
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.fetch(rows, OfPool::GatherRows)
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.fetch(rows, OfPool::GivenRows)
    }

    fn values_at_once(&self) -> usize {
        (self.about.values_at_once as usize).clamp(FETCHED / 4, FETCHED)
    }

    fn memory_limit(&self) -> u64 {
        self.about.memory_limit
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        let (opened, ()) = self.open(OfPool::OpenResiduals)?;
        Ok(Box::new(RemoteResiduals(opened)))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let (asked, function) = (asked_of(examples), Function::from(function));
        let (opened, about) =
            self.open(|number| OfPool::OpenSimilarities(number, asked, function))?;
        let (dim, ranges) = (self.dim(), examples.ranges());
        Ok(Box::new(RemoteSimilarities::new(
            opened, about, dim, ranges,
        )))
    }

    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let mut some = |places: Range<usize>| Ok(rows.some(&places.collect::<Vec<_>>()));
        self.similarities_from(&mut some, classes, function)
    }

    /// A message for each piece: the driver never has all rows.
    fn similarities_from(
        &self,
        rows: &mut dyn FnMut(Range<usize>) -> Result<IntegerRows, Error>,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let (all, dim) = (classes.places(), self.dim());
        // In pieces of one size: the driver has several on their way.
        let most = (SENT / IntegerRows::pitch_of(dim)).max(1);
        let at_once = all.div_ceil(all.div_ceil(most).max(1)).max(1);
        let sizes = (0..classes.classes()).map(|class| classes.class(class).len() as u32);
        let sizes: Vec<u32> = sizes.collect();
        let function = Function::from(function);
        let first = rows(0..all.min(at_once))?;
        let (opened, mut about) = self.open::<Option<AboutSimilarities>>(|number| {
            OfPool::OpenSimilaritiesOf(number, first.into(), sizes.into(), function)
        })?;
        for begins in (0..all).step_by(at_once).skip(1) {
            let more = rows(begins..all.min(begins + at_once))?;
            let asked = OfSimilarities::Take(more.into());
            about = (self.connection).ask(Ask::Similarities(opened.number, asked))?;
        }
        let about = about.ok_or_else(|| {
            Error::Device("an answer that waits for rows found, none are left".to_owned())
        })?;
        Ok(Box::new(RemoteSimilarities::new(
            opened, about, dim, classes,
        )))
    }

    fn integer_rows(&self, examples: Examples<'_>) -> Result<IntegerRows, Error> {
        let rows = examples.ranges().places();
        let pitch = IntegerRows::pitch_of(self.dim());
        let asked = OfPool::IntegerRows(asked_of(examples));
        Ok(IntegerRows::of(self.array(asked, rows * pitch)?, pitch))
    }

    fn visited(
        &self,
        rows: &[usize],
        function: &KernelFunction,
    ) -> Result<Box<dyn Visited + '_>, Error> {
        let (asked, function) = (narrow(rows).into(), Function::from(function));
        let (opened, at_once) = self.open(|number| OfPool::OpenVisited(number, asked, function))?;
        let dim = self.dim();
        Ok(Box::new(RemoteVisited {
            opened,
            at_once,
            dim,
        }))
    }

    /// On the worker.
    fn beside<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        let mut scratch = crate::features::Scratch::default();
        let rows = features.rows();
        let values = features.block(0..rows, &mut scratch)?;
        let number = self.connection.number();
        let about = self.ask(OfPool::Beside(number, rows as u32, values.into()))?;
        Ok(Box::new(Self {
            connection: Arc::clone(&self.connection),
            number,
            about,
            numbers: None,
        }))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        let (opened, at_once) = self.open(OfPool::OpenNeighbours)?;
        Ok(Box::new(RemoteNeighbours {
            opened,
            at_once,
            dim: self.dim(),
        }))
    }

    /// Opened when it is first asked.
    fn assigner(&self, lengths: Vec<f32>) -> Result<Box<dyn Assigner + '_>, Error> {
        Ok(Box::new(RemoteAssigner::new(
            &self.connection,
            self.number,
            lengths,
        )))
    }

    fn k_nearest(
        &self,
        clusters: &[ClusterRows<'_>],
        k: usize,
        pass: &Pass<'_>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        if clusters.is_empty() {
            return Ok(Vec::new());
        }
        let asked = clusters.iter().map(|cluster| Cluster {
            rows: narrow(cluster.rows).into(),
            lengths: cluster.lengths.into(),
            centre: cluster.centre.into(),
            halves: cluster.halves.into(),
        });
        let (found, met): (Vec<Array<'_, f32>>, u64) =
            self.ask(OfPool::KNearest(asked.collect(), k as u32))?;
        pass.met(met)?;
        Ok(found.into_iter().map(Array::into_vec).collect())
    }

    fn sum_units(&self, moves: &UnitMoves<'_>) -> Result<Vec<i64>, Error> {
        let (rows, sums) = (narrow(moves.rows).into(), moves.sums as u32);
        let asked = OfPool::SumUnits(rows, moves.from.into(), moves.to.into(), sums);
        self.array(asked, moves.sums * self.dim())
    }

    fn steps(&self) -> Vec<PartSteps<'_>> {
        vec![PartSteps {
            rows: 0..self.rows(),
            steps: self,
            memory: self.memory_limit(),
        }]
    }

    fn row_ids(&self) -> RowIds<'_> {
        RowIds {
            rows: self.numbers.as_deref(),
            ..RowIds::default()
        }
    }

    fn stop(&self) -> &Stop {
        &self.connection.stop
    }
}

/// Examples as messages have them.
fn asked_of(examples: Examples<'_>) -> Asked<'static> {
    let classes = examples.classes.iter().map(|class| narrow(class).into());
    Asked {
        classes: classes.collect(),
        views: examples.views as u32,
        length: examples.length,
    }
}

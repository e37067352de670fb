//! Steps that a worker does by itself, to whoever drives.

use super::answer::{FirstRows, OfSweep};
use super::message::{Ask, Ids, OfClustered, OfDistanced, OfPool, OfSeeds};
use super::opened::{Opened, narrow};
use super::pool::RemotePool;
use super::wire::Array;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::steps::{
    Anchor, ClusterOf, Clustered, Distanced, Firsts, Seeds, Steps, Swept, Typicality,
};
use crate::random::RowIds;
use serde::de::DeserializeOwned;
use std::ops::Range;

impl Steps for RemotePool {
    fn clustered(&self, anchors: &[Anchor]) -> Result<Box<dyn Clustered + '_>, Error> {
        let rows: Vec<u32> = anchors.iter().map(|anchor| anchor.row as u32).collect();
        let centres: Vec<u32> = anchors.iter().map(|anchor| anchor.centre as u32).collect();
        let (opened, ()) =
            self.open(|number| OfPool::OpenClustered(number, rows.into(), centres.into()))?;
        let (rows, dim) = (self.rows(), self.dim());
        Ok(Box::new(RemoteClustered {
            opened,
            rows,
            dim,
            clusters: 0,
        }))
    }

    fn seeds(&self, seed: u64, row_ids: RowIds<'_>) -> Result<Box<dyn Seeds + '_>, Error> {
        let ids = Ids::new(seed, row_ids);
        let (opened, ()) = self.open(|number| OfPool::OpenSeeds(number, ids))?;
        let dim = self.dim();
        Ok(Box::new(RemoteSeeds { opened, dim }))
    }

    fn distanced(&self, by_cosine: bool) -> Result<Box<dyn Distanced + '_>, Error> {
        let (opened, ()) = self.open(|number| OfPool::OpenDistanced(number, by_cosine))?;
        let (rows, dim) = (self.rows(), self.dim());
        Ok(Box::new(RemoteDistanced { opened, rows, dim }))
    }

    fn squares(&self) -> Result<Vec<f64>, Error> {
        let squares: Array<'_, f64> = self.ask(OfPool::Squares)?;
        squares.exactly(self.rows())
    }

    fn typical(
        &self,
        cluster: ClusterOf<'_>,
        rule: Typicality,
    ) -> Result<Vec<(usize, f64)>, Error> {
        let (rows, values) = match cluster {
            ClusterOf::Rows(rows) => (narrow(rows).into(), Array::from(Vec::new())),
            ClusterOf::Values(values) => (Array::from(Vec::new()), values.into()),
        };
        let (places, typicalities): (Array<'_, u32>, Array<'_, f64>) =
            self.ask(OfPool::Typical(rows, values, rule))?;
        let places = places.exactly(rule.picks)?;
        let typicalities = typicalities.exactly(rule.picks)?;
        Ok((places.into_iter().map(|place| place as usize))
            .zip(typicalities)
            .collect())
    }
}

struct RemoteClustered<'a> {
    opened: Opened<'a>,
    rows: usize,
    dim: usize,
    /// How many there are, once that has been said.
    clusters: usize,
}

impl RemoteClustered<'_> {
    /// What is asked, by what a sweep comes to.
    fn swept(&self, asked: OfClustered<'_>) -> Result<Swept, Error> {
        let swept: OfSweep<'_> = self.ask(asked)?;
        swept.of(self.clusters, self.dim)
    }

    fn ask<T: DeserializeOwned>(&self, asked: OfClustered<'_>) -> Result<T, Error> {
        let asked = Ask::Clustered(self.opened.number, asked);
        self.opened.connection.ask(asked)
    }
}

impl Clustered for RemoteClustered<'_> {
    fn assign(&mut self, centres: &[f64]) -> Result<Swept, Error> {
        self.clusters = centres.len() / self.dim;
        self.swept(OfClustered::Assign(centres.into()))
    }

    fn put(&mut self, rows: &[usize], clusters: &[u32]) -> Result<Swept, Error> {
        self.swept(OfClustered::Put(narrow(rows).into(), clusters.into()))
    }

    fn restore(&mut self, clusters: &[u32], count: usize) -> Result<Swept, Error> {
        self.clusters = count;
        self.swept(OfClustered::Restore(clusters.into(), count as u32))
    }

    fn labels(&self) -> Result<Vec<u32>, Error> {
        let labels: Array<'_, u32> = self.ask(OfClustered::Labels)?;
        labels.exactly(self.rows)
    }

    fn distances_sq(&self, centres: &[f64]) -> Result<Vec<f64>, Error> {
        let distances: Array<'_, f64> = self.ask(OfClustered::DistancesSq(centres.into()))?;
        distances.exactly(self.rows)
    }
}

struct RemoteDistanced<'a> {
    opened: Opened<'a>,
    rows: usize,
    dim: usize,
}

impl RemoteDistanced<'_> {
    fn ask<T: DeserializeOwned>(&self, asked: OfDistanced<'_>) -> Result<T, Error> {
        let asked = Ask::Distanced(self.opened.number, asked);
        self.opened.connection.ask(asked)
    }
}

impl Distanced for RemoteDistanced<'_> {
    fn sums(&self) -> Result<Vec<i64>, Error> {
        let sums: Array<'_, i64> = self.ask(OfDistanced::Sums)?;
        sums.exactly(self.dim)
    }

    fn nearest_to(&self, point: &[f64]) -> Result<(usize, f64), Error> {
        let (row, distance_sq): (u32, f64) = self.ask(OfDistanced::NearestTo(point.into()))?;
        Ok((row as usize, distance_sq))
    }

    fn to_some(&self, points: &[f64]) -> Result<Vec<f64>, Error> {
        let distances: Array<'_, f64> = self.ask(OfDistanced::ToSome(points.into()))?;
        distances.exactly(self.rows)
    }
}

struct RemoteSeeds<'a> {
    opened: Opened<'a>,
    dim: usize,
}

impl Seeds for RemoteSeeds<'_> {
    fn firsts(
        &mut self,
        placed: &[f64],
        streams: Range<u64>,
        most: usize,
    ) -> Result<Vec<Firsts>, Error> {
        let count = (streams.end - streams.start) as u32;
        let asked = OfSeeds::Firsts(placed.into(), streams.start, count, most as u32);
        let asked = Ask::Seeds(self.opened.number, asked);
        let found: Vec<FirstRows<'_>> = self.opened.connection.ask(asked)?;
        if found.len() != count as usize {
            return Err(Error::Device(format!(
                "an answer for {} centres found, for {count} expected",
                found.len()
            )));
        }
        found.into_iter().map(|rows| rows.of(self.dim)).collect()
    }
}

//! Steps of selectors that a worker does by itself.

use super::asked::{self, count, distinct, expect};
use crate::error::Error;
use crate::features::Features;
use crate::kernels::pool::{MOST_NEIGHBOURS, Pool};
use crate::kernels::steps::{
    Anchor, Clustered as _, Distanced as _, Firsts, Seeds as _, Swept, Typicality,
};
use crate::remote::answer::{FirstRows, OfSweep, ok};
use crate::remote::message::{Ids, OfClustered, OfDistanced, OfSeeds};
use crate::remote::wire::Array;
use crate::select::k_center::distances::OwnDistances;
use crate::select::kmeans::members::Members;
use crate::select::kmeans::start::Start;
use crate::select::metric::Metric;
use crate::select::typiclust::cluster::typical;
use crate::select::unit_rows::UnitRows;

/// The rows of a pool at length 1, made ready when they are first asked for.
pub(super) type Unit<'p> = &'p (dyn Fn() -> Result<&'p UnitRows<'p>, Error> + 'p);

/// Rows and streams that are asked for at a time, at most.
const MOST: u32 = 64;

/// Rows in clusters, and of how many clusters, once that is known.
pub(super) struct OpenClustered<'p> {
    members: Members<'p>,
    rows: usize,
    dim: usize,
    /// Clusters that there must be, for the rows that stay with one.
    least: usize,
    clusters: Option<usize>,
    /// Whether they have been compared with centres.
    is_swept: bool,
}

impl<'p> OpenClustered<'p> {
    pub(super) fn new(rows: &'p UnitRows<'p>, of: &[u32], centres: &[u32]) -> Result<Self, Error> {
        count(centres, of.len(), "centres of rows that stay")?;
        let anchors = distinct(of, rows.len())?.into_iter().zip(centres);
        let anchors = anchors.map(|(row, &centre)| Anchor {
            row,
            centre: centre as usize,
        });
        let members = Members::new(rows, anchors.collect());
        Ok(Self {
            members,
            rows: rows.len(),
            dim: rows.dim(),
            least: centres.iter().max().map_or(0, |&last| last as usize + 1),
            clusters: None,
            is_swept: false,
        })
    }

    /// Answers what is asked of them.
    pub(super) fn answer(&mut self, ask: OfClustered<'_>) -> Result<Vec<u8>, Error> {
        match ask {
            OfClustered::Assign(centres) => {
                self.expect_centres(&centres)?;
                self.is_swept = true;
                swept(self.members.assign(&centres)?)
            }
            OfClustered::Put(rows, clusters) => {
                expect(self.is_swept, "a sweep before")?;
                count(&clusters, rows.len(), "clusters")?;
                let (rows, most) = (distinct(&rows, self.rows)?, self.clusters.unwrap_or(0));
                asked::places(&clusters, most)?;
                swept(self.members.put(&rows, &clusters)?)
            }
            OfClustered::Restore(clusters, of) => {
                self.expect_clusters(of as usize)?;
                count(&clusters, self.rows, "clusters")?;
                asked::places(&clusters, of as usize)?;
                swept(self.members.restore(&clusters, of as usize)?)
            }
            OfClustered::Labels => ok(Array::from(self.members.labels()?)),
            OfClustered::DistancesSq(centres) => {
                expect(self.clusters.is_some(), "clusters before")?;
                self.expect_centres(&centres)?;
                ok(Array::from(self.members.distances_sq(&centres)?))
            }
        }
    }

    fn expect_centres(&mut self, centres: &[f64]) -> Result<(), Error> {
        expect_points(centres, self.dim)?;
        self.expect_clusters(centres.len() / self.dim)
    }

    /// As many as there were before.
    fn expect_clusters(&mut self, clusters: usize) -> Result<(), Error> {
        asked::sums(clusters, self.dim)?;
        expect(clusters > 0 && clusters >= self.least, "more centres")?;
        let known = *self.clusters.get_or_insert(clusters);
        expect(clusters == known, "as many centres as before")
    }
}

fn swept(swept: Swept) -> Result<Vec<u8>, Error> {
    ok(OfSweep::from(swept))
}

/// Rows as points.
pub(super) struct OpenDistanced<'p> {
    own: OwnDistances<'p>,
    dim: usize,
}

impl<'p> OpenDistanced<'p> {
    pub(super) fn new(pool: &'p dyn Pool, by_cosine: bool) -> Result<Self, Error> {
        let metric = match by_cosine {
            true => Metric::Cosine,
            false => Metric::Euclidean,
        };
        Ok(Self {
            own: OwnDistances::new(pool, metric)?,
            dim: pool.dim(),
        })
    }

    /// Answers what is asked of them.
    pub(super) fn answer(&self, ask: OfDistanced<'_>) -> Result<Vec<u8>, Error> {
        match ask {
            OfDistanced::Sums => ok(Array::from(self.own.sums()?)),
            OfDistanced::NearestTo(point) => {
                expect_points(&point, self.dim)?;
                count(&point, self.dim, "values of a point")?;
                let (row, distance_sq) = self.own.nearest_to(&point)?;
                ok((row as u32, distance_sq))
            }
            OfDistanced::ToSome(points) => {
                expect_points(&points, self.dim)?;
                expect(!points.is_empty(), "a point")?;
                ok(Array::from(self.own.to_some(&points)?))
            }
        }
    }
}

/// Whole points, whose values are those of rows in pool unit or at length 1.
fn expect_points(points: &[f64], dim: usize) -> Result<(), Error> {
    expect(points.len().is_multiple_of(dim), "whole points")?;
    expect(points.iter().all(|v| v.abs() <= 4.0), "points in pool unit")
}

/// Rows that are drawn as centres.
pub(super) struct OpenSeeds<'p> {
    start: Start<'p>,
    dim: usize,
}

impl<'p> OpenSeeds<'p> {
    pub(super) fn new(rows: &'p UnitRows<'p>, ids: Ids<'_>) -> Result<Self, Error> {
        let seed = ids.seed;
        let (row_ids, numbers) = asked::row_ids(ids, rows.len())?;
        Ok(Self {
            start: Start::new(rows, seed, row_ids).numbered(numbers),
            dim: rows.dim(),
        })
    }

    /// Answers what is asked of them.
    pub(super) fn answer(&mut self, ask: OfSeeds<'_>) -> Result<Vec<u8>, Error> {
        let OfSeeds::Firsts(placed, first, streams, most) = ask;
        expect_points(&placed, self.dim)?;
        let are_some = (1..=MOST).contains(&streams) && (1..=MOST).contains(&most);
        expect(are_some && first <= asked::FAR, "some streams and rows")?;
        let streams = first..first + u64::from(streams);
        let found: Vec<Firsts> = self.start.firsts(&placed, streams, most as usize)?;
        ok(found.into_iter().map(FirstRows::from).collect::<Vec<_>>())
    }
}

/// The most typical of some of the pool's rows, or of others that come beside it.
pub(super) fn most_typical(
    pool: &dyn Pool,
    unit: Unit<'_>,
    (rows, values): (Array<'_, u32>, Array<'_, f32>),
    rule: Typicality,
) -> Result<Vec<u8>, Error> {
    expect(
        (1..=MOST_NEIGHBOURS).contains(&rule.neighbours),
        "a number of neighbours",
    )?;
    let dim = pool.dim();
    expect(values.len().is_multiple_of(dim), "whole rows")?;
    let found = if values.is_empty() {
        let own = unit()?;
        let rows = distinct(&rows, pool.rows())?;
        expect(rows.is_sorted(), "rows that ascend")?;
        expect(
            (1..=rows.len()).contains(&rule.picks),
            "as many rows as picks",
        )?;
        expect(
            rows.iter().all(|&row| !own.is_zero(row)),
            "rows that are not zeros",
        )?;
        typical(own, rows, rule)?
    } else {
        let count = values.len() / dim;
        expect((1..=count).contains(&rule.picks), "as many rows as picks")?;
        let beside = pool.beside(Features::from_owner(values.into_vec(), count, dim)?)?;
        let own = UnitRows::new(&*beside)?;
        own.refuse_zeros("typicality")?;
        typical(&own, (0..count).collect(), rule)?
    };
    let (places, typicalities): (Vec<u32>, Vec<f64>) = (found.into_iter())
        .map(|(place, typicality)| (place as u32, typicality))
        .unzip();
    ok((Array::from(places), Array::from(typicalities)))
}

//! Kernels that meet pairs of rows.

use super::meter::{DIMS, MakePool, Meter, timed};
use super::rows::Values;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::{MARKED, Thresholds};
use crate::kernels::pool::{ClusterRows, Pool};
use crate::kernels::similarities::{Examples, Update};
use crate::plan::Work;
use crate::progress::Pass;

/// Rows of a cluster.
const CLUSTER: usize = 256;
/// Nearest rows that are kept of each.
const NEAREST: usize = 20;
/// Picks between two passes over their classes.
const COLUMNS: usize = 16;
/// A distance within which a few of the rows lie.
const NEAR: f64 = 0.6;
/// Labels.
const LABELS: u32 = 100;

/// Every kernel that meets pairs, of so many rows.
pub(super) fn measure(
    meter: &mut Meter,
    make: &MakePool<'_, '_>,
    values: &Values,
    rows: usize,
) -> Result<(), Error> {
    for dim in DIMS {
        let pool = make(values.features(rows, dim)?)?;
        neighbours(meter, &*pool)?;
        k_nearest(meter, &*pool)?;
        similarities(meter, &*pool)?;
    }
    Ok(())
}

fn neighbours(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let (rows, dim) = (pool.rows(), pool.dim());
    let seconds = meter.best(|| Ok(timed(|| pool.neighbours().map(drop))?.1))?;
    meter.note(Work::Neighbours, dim, rows, seconds);
    let neighbours = pool.neighbours()?;
    let (thresholds, pass) = (Thresholds::of(NEAR, dim), Pass::unheard());
    let count = || neighbours.count_within(thresholds.possible, &pass);
    let seconds = meter.best(|| Ok(timed(count)?.1))?;
    meter.note(Work::CountWithin, dim, rows * rows, seconds);
    let labels: Vec<u32> = (0..rows as u32).map(|row| row % LABELS).collect();
    let other = || neighbours.nearest_other_label(&labels, &pass);
    let seconds = meter.best(|| Ok(timed(other)?.1))?;
    meter.note(Work::NearestOtherLabel, dim, rows * rows, seconds);
    let (marked, among): (Vec<usize>, Vec<usize>) = ((0..MARKED).collect(), (0..rows).collect());
    let mark = || neighbours.mark_within(&marked, &among, thresholds);
    let seconds = meter.best(|| Ok(timed(mark)?.1))?;
    meter.note(Work::MarkWithin, dim, MARKED * rows, seconds);
    Ok(())
}

fn k_nearest(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let (rows, dim, pass) = (pool.rows(), pool.dim(), Pass::unheard());
    let all: Vec<usize> = (0..rows).collect();
    let (lengths, halves, centre) = (vec![1.0; CLUSTER], vec![0.5; CLUSTER], vec![0.0; dim]);
    let cluster = |rows| ClusterRows {
        rows,
        lengths: &lengths,
        centre: &centre,
        halves: &halves,
    };
    let clusters: Vec<ClusterRows<'_>> = all.chunks_exact(CLUSTER).map(cluster).collect();
    let nearest = || pool.k_nearest(&clusters, NEAREST, &pass);
    let seconds = meter.best(|| Ok(timed(nearest)?.1))?;
    meter.note(Work::KNearest, dim, rows * CLUSTER, seconds);
    Ok(())
}

fn similarities(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let (rows, dim, pass) = (pool.rows(), pool.dim(), Pass::unheard());
    let all: Vec<usize> = (0..rows).collect();
    let function = KernelFunction::Thresholded(0);
    let classes: [&[usize]; 1] = [&all];
    let examples = Examples::of_rows(&classes);
    let mut similarities = pool.similarities(examples, &function)?;
    let sums = meter.best(|| Ok(timed(|| similarities.row_sums(&pass))?.1))?;
    meter.note(Work::RowSums, dim, rows * rows, sums);
    let columns: Vec<usize> = (0..COLUMNS).map(|at| at * rows / COLUMNS).collect();
    let seconds = meter.best(|| Ok(timed(|| similarities.sum_columns(&columns))?.1))?;
    meter.note(Work::SumColumns, dim, COLUMNS * rows, seconds);
    // Memory that nobody has had yet is slower to write to.
    let seconds = meter.best(|| {
        let mut fresh = pool.similarities(examples, &function)?;
        let (_, seconds) = timed(|| fresh.store(0..1, &pass))?;
        similarities = fresh;
        Ok(seconds)
    })?;
    meter.note(Work::StoreSimilarities, dim, rows * rows, seconds);
    if dim != DIMS[0] {
        return Ok(());
    }
    let mut gains = Vec::new();
    let seconds = meter.best(|| {
        let (sums, seconds) = timed(|| similarities.sum_stored(&all))?;
        gains = sums;
        Ok(seconds)
    })?;
    meter.note(Work::SumStored, 1, rows * rows, seconds);
    let rounds = rows / 2;
    let seconds = meter.best(|| {
        let mut gains = gains.clone();
        let update = Update::Cut { step: -2 };
        Ok(timed(|| similarities.greedy_rounds(&mut gains, &[rounds], update))?.1)
    })?;
    meter.note(Work::GreedyRounds, 1, rounds * rows, seconds);
    Ok(())
}

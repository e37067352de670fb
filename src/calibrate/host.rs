//! What the host does beside the kernels: what small selections take it, less their kernels.

use super::clock::Clock;
use super::meter::{DIMS, MakePool, Meter, timed};
use super::rows::Values;
use crate::error::Error;
use crate::kernels::cut::Refine;
use crate::kernels::pool::Pool;
use crate::kernels::watched::Watched;
use crate::lp::Lp;
use crate::plan::Work;
use crate::select::{Classes, Convergence, GramSchmidt, KMeans, Norm, Sas, Selector, Uniform};
use crate::selection::{Selection, Storage};

/// Rows of selections that do more than look at each.
const SOME: usize = 1 << 14;

/// Rows of the class that picks are made of between two passes.
const ONE_CLASS: usize = 1 << 12;

/// Between two runs that differ by some work at least this share of the second is put down to it: a machine
/// that does other things besides may say less than nothing.
const SHARE: f64 = 0.1;

/// Seconds that a selection takes the host, and what it is.
fn beside(
    pool: &dyn Pool,
    selector: &dyn Selector,
    budget: usize,
) -> Result<(f64, Selection, Clock), Error> {
    let clock = Clock::default();
    let (selection, seconds) = {
        let watched = Watched::new(pool, &clock);
        timed(|| selector.select(&watched, budget))?
    };
    let seconds = seconds - clock.seconds();
    Ok((seconds, selection, clock))
}

/// All that the host does.
pub(super) fn measure(
    meter: &mut Meter,
    make: &MakePool<'_, '_>,
    values: &Values,
) -> Result<(), Error> {
    let [narrow, wide] = DIMS;
    let rows = values.len() / narrow;
    let pool = make(values.features(rows, narrow)?)?;
    let draw = meter.best(|| Ok(beside(&*pool, &Uniform::default(), rows / 256)?.0))?;
    meter.note(Work::Draw, 1, rows, draw);
    let weigh = meter.best(|| Ok(beside(&*pool, &Norm::default(), rows / 1024)?.0))?;
    meter.note(Work::Weigh, 1, rows, weigh);
    k_means(meter, &*pool, draw)?;
    let some = SOME.min(values.len() / wide);
    let pool = make(values.features(some, wide)?)?;
    residuals(meter, &*pool, draw / rows as f64)?;
    let pool = make(values.features(ONE_CLASS.min(some), wide)?)?;
    block(meter, &*pool)
}

/// k-means of few sweeps, into few clusters or some.
fn k_means(meter: &mut Meter, pool: &dyn Pool, draw: f64) -> Result<(), Error> {
    let rows = pool.rows();
    let seconds = |clusters: usize, max_sweeps: usize| {
        let convergence = Convergence {
            max_sweeps,
            tolerance: 0.0,
        };
        let k_means = KMeans {
            convergence,
            ..KMeans::new(clusters, 0)
        };
        let uniform = Uniform {
            classes: Some(Classes::KMeans(k_means)),
            ..Uniform::default()
        };
        meter.best(|| {
            let (seconds, _, clock) = beside(pool, &uniform, 1)?;
            // What rows that move take is the host's, wherever it is done.
            Ok(seconds + clock.of("sum_units").0)
        })
    };
    let (few, some, sweeps) = (seconds(2, 1)?, seconds(18, 1)?, seconds(2, 5)?);
    let start = ((some - few) / 16.0).max(SHARE * some / 18.0);
    let sweep = ((sweeps - few) / 4.0).max(SHARE * sweeps / 5.0);
    let moved = few - draw - 2.0 * start - sweep;
    meter.note(Work::Start, 1, rows, start);
    meter.note(Work::Sweep, 1, rows, sweep);
    // All rows are added up once.
    meter.note(Work::Move, pool.dim(), rows, moved.max(0.25 * few));
    Ok(())
}

/// Gram-Schmidt: what is settled, and the plain loop.
fn residuals(meter: &mut Meter, pool: &dyn Pool, draw: f64) -> Result<(), Error> {
    let drawn = draw * pool.rows() as f64;
    let race = GramSchmidt::default();
    let (mut seconds, mut settled) = (f64::INFINITY, 1);
    for _ in 0..3 {
        let (took, selection, _) = beside(pool, &race, 256)?;
        seconds = seconds.min((took - drawn).max(SHARE * took));
        settled = selection.settled as usize;
    }
    meter.note(Work::Settle, 1, settled, seconds);
    let plain = GramSchmidt {
        norm: Lp::L1,
        ..GramSchmidt::default()
    };
    let picks = |count| meter.best(|| Ok(beside(pool, &plain, count)?.0));
    let (one, three) = (picks(1)?, picks(3)?);
    let each = ((three - one) / 2.0).max(SHARE * one);
    meter.note(Work::Rewrite, 1, 2 * pool.rows() * pool.dim(), each);
    Ok(())
}

/// Picks that are made on the host between two passes.
fn block(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let sas = Sas {
        refine: Refine::None,
        storage: Storage::OnTheFly,
        ..Sas::default()
    };
    let mut values = 0;
    let seconds = meter.best(|| {
        let (seconds, _, clock) = beside(pool, &sas, pool.rows() / 32)?;
        let (fetching, fetched) = clock.of("integer_rows");
        values = fetched;
        Ok(seconds + fetching)
    })?;
    meter.note(Work::Block, 1, values, seconds);
    Ok(())
}

//! Kernels that go through all rows.

use super::meter::{DIMS, MakePool, Meter, timed};
use super::rows::Values;
use crate::error::Error;
use crate::kernels::assigner::CandidateGroup;
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::residuals::{Rate, Residuals, RowState};
use crate::kernels::similarities::Examples;
use crate::lp::Lp;
use crate::plan::Work;
use crate::random;

/// Directions, and vectors, that rows meet at a time.
const DIRECTIONS: usize = 16;
const VECTORS: usize = 64;
/// Vectors that are left to a group of rows.
const RIVALS: usize = 4;

/// Rouses the device, and says what a pass over the few takes it.
pub(super) fn warm(make: &MakePool<'_, '_>, few: &Values) -> Result<f64, Error> {
    let dim = DIMS[1];
    let rows = few.len() / dim;
    let pool = make(few.features(rows, dim)?)?;
    let assigner = pool.assigner(vec![1.0; rows])?;
    let vectors = vectors(&*pool, VECTORS)?;
    let run = || Ok(timed(|| assigner.assign(&vectors, &[0.5; VECTORS]))?.1);
    run()?;
    run()
}

/// What it takes to ask for next to nothing.
pub(super) fn call(meter: &Meter, make: &MakePool<'_, '_>, few: &Values) -> Result<f64, Error> {
    let pool = make(few.features(256, DIMS[0])?)?;
    let mut residuals = pool.residuals()?;
    residuals.load(&states(256))?;
    let rate = Rate::new(1.0);
    meter.best(|| {
        let (_, seconds) =
            timed(|| (0..4).try_for_each(|_| residuals.due_rows(0.0, rate, 16).map(drop)))?;
        Ok(seconds / 4.0)
    })
}

/// Every kernel that goes through all rows.
pub(super) fn measure(
    meter: &mut Meter,
    make: &MakePool<'_, '_>,
    values: &Values,
) -> Result<(), Error> {
    for dim in DIMS {
        let rows = values.len() / dim;
        let check = meter.best(|| Ok(timed(|| values.features(rows, dim))?.1))?;
        meter.note(Work::Check, dim, rows, check);
        let pool = make(values.features(rows, dim)?)?;
        let norms = meter.best(|| Ok(timed(|| pool.row_norms(Lp::L1))?.1))?;
        meter.note(Work::RowNorms, dim, rows, norms);
        fetch(meter, &*pool)?;
        deflate(meter, &*pool)?;
        assign(meter, &*pool)?;
        integers(meter, &*pool)?;
    }
    Ok(())
}

fn fetch(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let dim = pool.dim();
    let count = (1 << 20) / dim;
    let some = random::sample(pool.rows(), count.min(pool.rows() / 2));
    let at_once = (pool.values_at_once() / dim).max(1);
    let seconds = meter.best(|| {
        let fetch = || {
            some.chunks(at_once)
                .try_for_each(|some| pool.given_rows(some).map(drop))
        };
        Ok(timed(fetch)?.1)
    })?;
    meter.note(Work::GatherRows, dim, some.len(), seconds);
    Ok(())
}

fn deflate(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let (rows, dim, rate) = (pool.rows(), pool.dim(), Rate::new(1.0));
    let mut residuals = pool.residuals()?;
    residuals.load(&states(rows))?;
    let directions = vectors(pool, DIRECTIONS)?;
    let seconds = meter.best(|| {
        let run = || residuals.deflate(&directions, &[0.0; DIRECTIONS], rate);
        Ok(timed(run)?.1)
    })?;
    meter.note(Work::Deflate, dim, rows * DIRECTIONS, seconds);
    if dim == DIMS[0] {
        let seconds = due(meter, &*residuals, rate)?;
        meter.note(Work::DueRows, 1, rows, seconds);
    }
    Ok(())
}

fn due(meter: &Meter, residuals: &dyn Residuals, rate: Rate) -> Result<f64, Error> {
    meter.best(|| Ok(timed(|| residuals.due_rows(0.0, rate, 256))?.1))
}

/// Rows that may be picked, far from firing.
fn states(rows: usize) -> Vec<RowState> {
    let state = RowState {
        residual_sq: 1.0,
        left: 1.0,
        guard: 0.0,
        norm_sq: 1.0,
    };
    vec![state; rows]
}

fn assign(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let (rows, dim) = (pool.rows(), pool.dim());
    let assigner = pool.assigner(vec![1.0; rows])?;
    let vectors = vectors(pool, VECTORS)?;
    let offsets = [0.5; VECTORS];
    let seconds = meter.best(|| Ok(timed(|| assigner.assign(&vectors, &offsets))?.1))?;
    meter.note(Work::Assign, dim, rows * VECTORS, seconds);
    // Rows of a cluster do not lie together.
    let of_group = |group: usize| (group..rows).step_by(VECTORS).collect::<Vec<usize>>();
    let members: Vec<Vec<usize>> = (0..VECTORS).map(of_group).collect();
    let groups = members.iter().enumerate().map(|(group, rows)| {
        let vectors = (0..RIVALS).map(|other| ((group + other) % VECTORS) as u32);
        CandidateGroup {
            rows,
            vectors: vectors.collect(),
        }
    });
    let groups: Vec<CandidateGroup<'_>> = groups.collect();
    let wide: Vec<f64> = vectors.iter().map(|&v| f64::from(v)).collect();
    let margins = || assigner.margins(&groups, &wide, &[0.5; VECTORS]);
    let seconds = meter.best(|| Ok(timed(margins)?.1))?;
    meter.note(Work::Margins, dim, rows * RIVALS, seconds);
    Ok(())
}

fn integers(meter: &mut Meter, pool: &dyn Pool) -> Result<(), Error> {
    let all: Vec<usize> = (0..pool.rows()).collect();
    let make = || {
        pool.similarities(Examples::of_rows(&[&all]), &KernelFunction::Linear)
            .map(drop)
    };
    let seconds = meter.best(|| Ok(timed(make)?.1))?;
    meter.note(Work::Integers, pool.dim(), pool.rows(), seconds);
    Ok(())
}

/// Some rows of the pool, shortened.
fn vectors(pool: &dyn Pool, count: usize) -> Result<Vec<f32>, Error> {
    let rows = pool.rows();
    let some: Vec<usize> = (0..count).map(|at| at * rows / count).collect();
    let mut vectors = pool.gather_rows(&some)?;
    vectors.iter_mut().for_each(|v| *v *= 0.1);
    Ok(vectors)
}

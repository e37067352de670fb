//! Kernels that go over the rows once: lengths, states, projections, nearest vectors.

use super::{Answer, CHOSEN, Case, Group, Work, case};
use coresift::bench::Limit;
use coresift::kernels::{Assignment, Rate, Residuals, RowState};
use coresift::{Error, Lp, Pool};
use std::f64::consts::PI;

/// Rows of which one is due.
const DUE: usize = 64;

/// Bytes of a row's state, read and written.
const STATE_BOTH_WAYS: f64 = 2.0 * size_of::<RowState>() as f64;

/// Over the rows once.
pub(super) const ROWS: &[Case] = &[
    // The check of the features leaves these lengths to a CPU pool.
    Case {
        for_gpus: true,
        ..case("row_norms l2", "row_norms", norms, |_, pool| {
            Ok(Box::new(|| pool.row_norms(Lp::L2).map(Answer::Norms)))
        })
    },
    case("row_norms l1", "row_norms", norms, |_, pool| {
        Ok(Box::new(|| pool.row_norms(Lp::L1).map(Answer::Norms)))
    }),
    case("row_norms linf", "row_norms", norms, |_, pool| {
        Ok(Box::new(|| pool.row_norms(Lp::LInf).map(Answer::Norms)))
    }),
    case(
        "gather_rows",
        "gather_rows",
        |group| {
            let gathered = group.every(CHOSEN).len();
            Work {
                bytes: (gathered * (8 * group.shape.dim + 4)) as f64,
                moved: Limit::Copy,
                ..group.work(&[("gathered", gathered)])
            }
        },
        |group, pool| {
            let wanted = group.every(CHOSEN);
            Ok(Box::new(move || {
                pool.gather_rows(&wanted).map(Answer::Rows)
            }))
        },
    ),
    case(
        "due_rows",
        "due_rows",
        |group| {
            let due = group.every(DUE).len();
            Work {
                bytes: (size_of::<RowState>() * group.shape.rows + 4 * due) as f64,
                ..group.work(&[("due", due)])
            }
        },
        |group, pool| {
            // Rows of length 1, of which every 64th has little left: a bound far from both kinds.
            let state = |row| RowState {
                residual_sq: 1.0,
                left: if row % DUE == 0 { 1.0 } else { 3.0 },
                guard: 0.0,
                norm_sq: 1.0,
            };
            let states: Vec<RowState> = (0..group.shape.rows).map(state).collect();
            let mut residuals = pool.residuals()?;
            residuals.load(&states)?;
            let most = group.shape.rows;
            Ok(Box::new(move || {
                let due = residuals.due_rows(2.0, Rate::new(1.0), most);
                due.map(Answer::Due)
            }))
        },
    ),
    case(
        "deflate",
        "deflate",
        |group| {
            let block = group.sizes.block.min(group.shape.dim);
            group.pass(&[("directions", block)], STATE_BOTH_WAYS, block)
        },
        |group, pool| {
            let directions = directions(pool.dim(), group.sizes.block);
            let dt = vec![1e-6; directions.len() / pool.dim()];
            let mut residuals = residuals(pool)?;
            Ok(Box::new(move || {
                let totals = residuals.deflate(&directions, &dt, Rate::new(1.0));
                totals.map(Answer::Totals)
            }))
        },
    ),
    case(
        "refresh",
        "refresh",
        // Two projections, each of two products.
        |group| {
            let basis = group.sizes.basis.min(group.shape.dim);
            group.pass(&[("directions", basis)], STATE_BOTH_WAYS, 4 * basis)
        },
        |group, pool| {
            let basis = directions(pool.dim(), group.sizes.basis);
            let mut residuals = residuals(pool)?;
            Ok(Box::new(move || {
                let totals = residuals.refresh(&basis, -1.0, Rate::new(1.0));
                totals.map(Answer::Totals)
            }))
        },
    ),
    case(
        "assign",
        "assign",
        |group| {
            let beside = (4 + size_of::<Assignment>()) as f64;
            let centres = group.sizes.centres;
            group.pass(&[("centres", centres)], beside, centres)
        },
        |group, pool| {
            let centres: Vec<usize> = (0..group.sizes.centres.min(pool.rows())).collect();
            let centres = pool.gather_rows(&centres)?;
            let half_sq = |v: &[f32]| v.iter().map(|v| v * v).sum::<f32>() / 2.0;
            let offsets: Vec<f32> = centres.chunks(pool.dim()).map(half_sq).collect();
            let rows = pool.assigner(vec![1.0; pool.rows()])?;
            Ok(Box::new(move || {
                rows.assign(&centres, &offsets).map(Answer::Assignment)
            }))
        },
    ),
];

fn norms(group: &Group) -> Work {
    group.pass(&[], 4.0, 0)
}

/// States of rows of which nothing has been projected out.
fn residuals<'p>(pool: &'p dyn Pool) -> Result<Box<dyn Residuals + 'p>, Error> {
    let norms = pool.row_norms(Lp::L2)?;
    let state = |(row, &norm_sq): (usize, &f32)| RowState {
        residual_sq: norm_sq,
        left: 1.0 + (row % DUE) as f32,
        guard: 0.0,
        norm_sq,
    };
    let states: Vec<RowState> = norms.iter().enumerate().map(state).collect();
    let mut residuals = pool.residuals()?;
    residuals.load(&states)?;
    Ok(residuals)
}

/// The first `count` vectors of the discrete cosine basis: orthonormal, and no value is zero for
/// an arithmetic unit to save power on.
fn directions(dim: usize, count: usize) -> Vec<f32> {
    let value = |at: usize| {
        let (m, j) = ((at / dim) as f64, (at % dim) as f64);
        let scale = if m == 0.0 { 1.0 } else { 2.0 } / dim as f64;
        (scale.sqrt() * (PI * (j + 0.5) * m / dim as f64).cos()) as f32
    };
    (0..count.min(dim) * dim).map(value).collect()
}

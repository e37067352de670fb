//! Kernels that compare all pairs of rows.

use super::{Answer, CHOSEN, Case, FUNCTION, Work, case};
use coresift::Lp;
use coresift::kernels::{ClusterRows, KernelFunction, Pass, Thresholds};

/// Neighbours that `k_nearest` finds of each row.
const NEIGHBOURS: usize = 20;

/// Distance within which rows are near, and labels of `nearest_other_label`.
const DELTA: f64 = 0.9;
const LABELS: u32 = 7;

/// Those that tell or keep something of every pair: for fewer rows.
pub(super) const PRODUCTS: &[Case] = &[
    case(
        "k_nearest",
        "k_nearest",
        // Of two rows each has its own list: the product is formed for either.
        |group| {
            let lists = (4 * NEIGHBOURS + 4) as f64;
            group.pass(&[("neighbours", NEIGHBOURS)], lists, group.shape.rows)
        },
        |group, pool| {
            let norms = pool.row_norms(Lp::L2)?;
            let lengths: Vec<f64> = norms.iter().map(|&norm| f64::from(norm).sqrt()).collect();
            let (rows, centre) = (group.every(1), vec![0.0; pool.dim()]);
            let halves = vec![0.5; rows.len()];
            Ok(Box::new(move || {
                let cluster = ClusterRows {
                    rows: &rows,
                    lengths: &lengths,
                    centre: &centre,
                    halves: &halves,
                };
                let closest = pool.k_nearest(&[cluster], NEIGHBOURS, &Pass::unheard());
                closest.map(Answer::KNearest)
            }))
        },
    ),
    case(
        "store_similarities",
        "store_similarities",
        |group| group.products(&[], group.pairs(), 2.0 * group.rows() * group.rows()),
        |group, pool| {
            let mut similarities = group.similarities(pool, &FUNCTION)?;
            let columns = group.every(CHOSEN);
            Ok(Box::new(move || {
                similarities.store(0..1, &Pass::unheard())?;
                // A device's own clock leaves this out, and any other hardly sees it.
                similarities.sum_stored(&columns).map(Answer::Sums)
            }))
        },
    ),
];

/// Those that tell something of every row.
pub(super) const PAIRS: &[Case] = &[
    case(
        "row_sums",
        "row_sums",
        |group| group.products(&[], group.pairs(), 8.0 * group.rows()),
        |group, pool| {
            let similarities = group.similarities(pool, &FUNCTION)?;
            Ok(Box::new(move || {
                similarities.row_sums(&Pass::unheard()).map(Answer::Sums)
            }))
        },
    ),
    case(
        "linear_row_sums",
        "linear_row_sums",
        // The rows are read once for their total, and once more to meet it.
        |group| Work {
            bytes: 4.0 * group.values() + 8.0 * group.rows(),
            ..group.products(&[], group.rows(), 0.0)
        },
        |group, pool| {
            let similarities = group.similarities(pool, &KernelFunction::Linear)?;
            Ok(Box::new(move || {
                similarities.row_sums(&Pass::unheard()).map(Answer::Sums)
            }))
        },
    ),
    case(
        "count_within",
        "count_within",
        |group| group.products(&[], group.pairs(), 4.0 * group.rows()),
        |_, pool| {
            let neighbours = pool.neighbours()?;
            let least = Thresholds::of(DELTA, pool.dim()).possible;
            Ok(Box::new(move || {
                neighbours
                    .count_within(least, &Pass::unheard())
                    .map(Answer::Counts)
            }))
        },
    ),
    case(
        "nearest_other_label",
        "nearest_other_label",
        |group| group.products(&[], group.pairs(), 8.0 * group.rows()),
        |_, pool| {
            let neighbours = pool.neighbours()?;
            let labels: Vec<u32> = (0..pool.rows() as u32).map(|row| row % LABELS).collect();
            Ok(Box::new(move || {
                neighbours
                    .nearest_other_label(&labels, &Pass::unheard())
                    .map(Answer::Products)
            }))
        },
    ),
    case(
        "mark_within",
        "mark_within",
        |group| {
            let marked = group.marked().len();
            let pairs = group.rows() * marked as f64;
            group.products(&[("marked", marked)], pairs, 8.0 * group.rows())
        },
        |group, pool| {
            let neighbours = pool.neighbours()?;
            let (marked, all) = (group.marked(), group.every(1));
            let thresholds = Thresholds::of(DELTA, pool.dim());
            Ok(Box::new(move || {
                let marks = neighbours.mark_within(&marked, &all, thresholds);
                marks.map(Answer::NearMasks)
            }))
        },
    ),
];

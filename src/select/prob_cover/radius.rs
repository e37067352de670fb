//! A distance that says which rows are alike.

use crate::checkpoint::Entry;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::neighbours::Neighbours;
use crate::progress::Pass;
use crate::select::kmeans::KMeans;
use crate::select::unit_rows::UnitRows;
use crate::{rank, reduce};
use rayon::prelude::*;

/// The largest distance within which at least 95 % of the rows have only rows of their own
/// cluster, and the passes over the features that it took.
pub(super) fn by_purity(
    rows: &UnitRows<'_>,
    neighbours: &dyn Neighbours,
    k_means: KMeans,
    course: &mut Course<'_>,
) -> Result<(f64, usize), Error> {
    let (step, kept) = course.step(|entry| match *entry {
        Entry::Distance(delta, passes) => Some((delta, passes)),
        _ => None,
    })?;
    if let Some(found) = kept {
        return Ok(found);
    }
    let (labels, passes) = k_means.labels_of_at_most(rows, course)?;
    let labels: Vec<u32> = labels.into_iter().map(|label| label as u32).collect();
    let pass = Pass::begin((rows.len() as u64).pow(2), course.listener())?;
    let products = neighbours.nearest_other_label(&labels, &pass)?;
    let impure = rows.len() / 20;
    // Ascending distances: the larger product first, then the lower row.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let rank = |&row: &usize| (std::cmp::Reverse(products[row]), row);
    let (_, &mut row, _) = order.select_nth_unstable_by_key(impure, rank);
    if products[row] == i32::MIN {
        return Err(Error::Argument {
            argument: "delta",
            found: "auto, and a single cluster".to_owned(),
            expected: "rows of at least two clusters, or a distance".to_owned(),
        });
    }
    let found = (nearest_other_label(rows, &labels, row)?, passes + 2);
    course.conclude(step, || Entry::Distance(found.0, found.1))?;
    Ok(found)
}

/// The distance of a row to the nearest of another cluster.
fn nearest_other_label(rows: &UnitRows<'_>, labels: &[u32], row: usize) -> Result<f64, Error> {
    let own = rows.rows(&[row])?;
    let others: Vec<usize> = (0..rows.len())
        .filter(|&other| labels[other] != labels[row])
        .collect();
    rows.count_settled(others.len());
    let mut least = f64::INFINITY;
    rows.gather(&others, |_, z| {
        let distance = |z: &[f64]| reduce::vectorised!(reduce::distance_sq(&own, z));
        let distances: Vec<f64> = z.par_chunks_exact(own.len()).map(distance).collect();
        if let Some((nearest, _)) = rank::argmin(distances.into_iter().zip(0..)) {
            least = least.min(nearest);
        }
        Ok(())
    })?;
    Ok(least.sqrt())
}

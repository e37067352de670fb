//! The rows nearest to the centres of k-means that begins at the greedy picks.

use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::rank;
use crate::select::kmeans::anchored_lloyd;
use crate::select::unit_rows::UnitRows;
use crate::selection::Refined;

/// Sweeps at most: from greedy picks on few are made.
const SWEEPS: usize = 30;

/// Of every cluster but those of labelled rows the row nearest to its centre, ties to the lower row; clusters by
/// their rows, the largest first, ties to that of the earlier pick. Passes over the features come beside.
pub(super) fn medoids(
    pool: &dyn Pool,
    labelled: &[usize],
    start: &[usize],
    course: &mut Course<'_>,
) -> Result<(Vec<usize>, Refined, usize), Error> {
    let rows = UnitRows::new(pool)?;
    let centres = rows.rows(&[labelled, start].concat())?;
    let mut found = anchored_lloyd(&rows, labelled, centres, SWEEPS, course)?;
    let (labels, distances) = (found.clusters.labels()?, found.clusters.distances_sq()?);
    let mut is_labelled = vec![false; rows.len()];
    labelled.iter().for_each(|&row| is_labelled[row] = true);
    let mut members = vec![Vec::new(); labelled.len() + start.len()];
    for (row, &label) in labels.iter().enumerate() {
        if !is_labelled[row] {
            members[label].push(row);
        }
    }
    let mut clusters = members.split_off(labelled.len());
    clusters.sort_by_key(|members| std::cmp::Reverse(members.len())); // stable
    let nearest = |members: &Vec<usize>| {
        let own = members.iter().map(|&row| (distances[row], row));
        rank::argmin(own).map(|(_, row)| row)
    };
    let picks = clusters.iter().filter_map(nearest).collect();
    let refined = Refined {
        start: start.to_vec(),
        steps: found.sweeps,
        sizes: clusters.iter().map(Vec::len).collect(),
    };
    Ok((picks, refined, found.sweeps + 2))
}

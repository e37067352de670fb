//! The rows to keep, of which no two are near.

use super::graph::Graph;
use crate::error::Error;
use crate::kernels::neighbours::MARKED;
use crate::progress::Listener;
use crate::rank;

/// Rows that are kept, and what they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The rows to keep, ascending, without the labelled ones.
    pub kept: Vec<usize>,
    /// For every row itself, where it is kept or labelled, and else the first of those, in the order in which rows
    /// were gone through, that it is near to.
    pub of: Vec<usize>,
}

/// Refuses priorities that cannot be compared, or are not one a row.
pub(super) fn check(priority: &[f64], rows: usize) -> Result<(), Error> {
    let refuse = |found: String, expected: String| {
        Err(Error::Argument {
            argument: "priority",
            found,
            expected,
        })
    };
    if !priority.is_empty() && priority.len() != rows {
        let found = format!("{} numbers", priority.len());
        return refuse(found, format!("one for each of {rows} rows"));
    }
    match priority.iter().position(|priority| !priority.is_finite()) {
        Some(row) => refuse(
            format!("{} for row {row}", priority[row]),
            "finite numbers".to_owned(),
        ),
        None => Ok(()),
    }
}

/// All rows in the order in which they are gone through.
pub(super) fn order(priority: &[f64], labelled: &[usize], is_labelled: &[bool]) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..is_labelled.len())
        .filter(|&row| !is_labelled[row])
        .collect();
    if !priority.is_empty() {
        // Not by the sign of a zero.
        let key = |row: usize| (0.0 - priority[row], row);
        rest.sort_unstable_by(|&a, &b| rank::by_key(key(a), key(b)));
    }
    [labelled, &rest].concat()
}

/// Goes through the rows in this order: some of those left at a time, which meet all that are left.
pub(super) fn keep(
    graph: &mut Graph<'_>,
    order: Vec<usize>,
    is_labelled: &[bool],
    progress: &mut Listener<'_>,
) -> Result<Kept, Error> {
    let mut of: Vec<usize> = (0..graph.len()).collect();
    let (zeros, mut left): (Vec<usize>, Vec<usize>) =
        order.into_iter().partition(|&row| graph.is_zero(row));
    for &row in zeros.iter().filter(|&&row| !is_labelled[row]) {
        of[row] = zeros[0];
    }
    let mut is_counted = false;
    while !left.is_empty() {
        graph.tell(left.len(), progress)?;
        if !is_counted && graph.is_worth_a_count() {
            let has_others = graph.have_others(progress)?;
            left.retain(|&row| has_others[row]);
            is_counted = true;
        }
        let some = left.len().min(MARKED);
        let marks = graph.marks(&left[..some], &left)?;
        let mut kept = 0;
        let mut rest = Vec::new();
        for (place, (&row, marks)) in left.iter().zip(marks).enumerate() {
            let near = marks & kept;
            if near != 0 && !is_labelled[row] {
                of[row] = left[near.trailing_zeros() as usize];
            } else if place < some {
                kept |= 1 << place;
            } else {
                rest.push(row);
            }
        }
        left = rest;
    }
    let is_kept = |&row: &usize| of[row] == row && !is_labelled[row];
    let kept = (0..of.len()).filter(is_kept).collect();
    Ok(Kept { kept, of })
}

//! Every pair of near rows once, in order.

use super::graph::Graph;
use crate::control::interrupted;
use crate::error::Error;
use crate::kernels::neighbours::MARKED;
use crate::progress::Listener;
use std::ops::ControlFlow;

/// Takes a pair; a `Break` ends all.
pub(super) type Take<'a> = dyn FnMut(usize, usize) -> ControlFlow<()> + 'a;

/// Hands the pairs to `take`: some rows at a time meet themselves and those after them.
pub(super) fn pairs(
    graph: &mut Graph<'_>,
    progress: &mut Listener<'_>,
    take: &mut Take<'_>,
) -> Result<(), Error> {
    let has_others = graph.have_others(progress)?;
    let (zeros, rows): (Vec<usize>, Vec<usize>) =
        (0..graph.len()).partition(|&row| graph.is_zero(row));
    let rows: Vec<usize> = rows.into_iter().filter(|&row| has_others[row]).collect();
    let (mut zeros, mut left) = (&zeros[..], &rows[..]);
    while !left.is_empty() {
        graph.tell(left.len(), progress)?;
        let marked = &left[..left.len().min(MARKED)];
        let marks = graph.marks(marked, left)?;
        for (bit, &row) in marked.iter().enumerate() {
            graph.pool().stop().check()?;
            pairs_of_zeros(&mut zeros, row, take)?;
            let after = left.iter().zip(&marks).skip(bit + 1);
            let others = after.filter(|(_, marks)| **marks & 1 << bit != 0);
            hand(row, others.map(|(&other, _)| other), take)?;
        }
        left = &left[marked.len()..];
    }
    pairs_of_zeros(&mut zeros, graph.len(), take)
}

/// The pairs of those rows of zeros that come before a row.
fn pairs_of_zeros(zeros: &mut &[usize], before: usize, take: &mut Take<'_>) -> Result<(), Error> {
    while let Some((&zero, others)) = zeros.split_first()
        && zero < before
    {
        hand(zero, others.iter().copied(), take)?;
        *zeros = others;
    }
    Ok(())
}

fn hand(row: usize, others: impl Iterator<Item = usize>, take: &mut Take<'_>) -> Result<(), Error> {
    for other in others {
        if take(row, other).is_break() {
            return Err(interrupted());
        }
    }
    Ok(())
}

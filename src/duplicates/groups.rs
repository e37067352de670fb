//! Rows that chains of near ones connect.

use super::graph::Graph;
use crate::error::Error;
use crate::kernels::neighbours::MARKED;
use crate::progress::Listener;
use crate::select::near::each_bit;

/// Rows in sets, each named by its lowest.
struct Sets(Vec<usize>);

impl Sets {
    /// The set of a row.
    fn of(&mut self, mut row: usize) -> usize {
        let Self(lower) = self;
        while lower[row] != row {
            lower[row] = lower[lower[row]]; // shorter, for the next who asks
            row = lower[row];
        }
        row
    }

    /// Makes the sets of two rows one.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// The group of every row: some rows at a time meet those that have not met all others yet, and are not known to be
/// of their group.
pub(super) fn groups(
    graph: &mut Graph<'_>,
    progress: &mut Listener<'_>,
) -> Result<Vec<usize>, Error> {
    let rows = graph.len();
    let mut sets = Sets((0..rows).collect());
    let zeros: Vec<usize> = (0..rows).filter(|&row| graph.is_zero(row)).collect();
    zeros.iter().for_each(|&row| sets.join(zeros[0], row));
    let has_others = graph.have_others(progress)?;
    let is_alone = |row: usize| !has_others[row] || graph.is_zero(row);
    let mut left: Vec<usize> = (0..rows).filter(|&row| !is_alone(row)).collect();
    while !left.is_empty() {
        graph.tell(left.len(), progress)?;
        let marked = next(&left, &mut sets);
        let group = sets.of(marked[0]);
        let is_one = marked.iter().all(|&row| sets.of(row) == group);
        let mut among = left.clone();
        among.retain(|&row| !is_one || sets.of(row) != group);
        for (&row, marks) in among.iter().zip(graph.marks(&marked, &among)?) {
            each_bit(marks, |bit| sets.join(marked[bit], row));
        }
        left.retain(|row| marked.binary_search(row).is_err());
    }
    Ok((0..rows).map(|row| sets.of(row)).collect())
}

/// Some of the rows that are left, ascending: where there are enough, of one group, the others of which they need not
/// meet.
fn next(left: &[usize], sets: &mut Sets) -> Vec<usize> {
    let group = sets.of(left[0]);
    let of_group = left.iter().copied().filter(|&row| sets.of(row) == group);
    let some: Vec<usize> = of_group.take(MARKED).collect();
    if some.len() == MARKED {
        return some;
    }
    left[..left.len().min(MARKED)].to_vec()
}

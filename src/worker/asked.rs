//! What a worker makes sure of before it asks its pool: messages are not trusted.

use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::pool::{ClusterRows, MOST_NEIGHBOURS};
use crate::kernels::residuals::Rate;
use crate::kernels::units::UnitMoves;
use crate::quantise::ClassRanges;
use crate::random::RowIds;
use crate::remote::message::Ids;

/// That a message is refused, and why.
pub(super) fn refuse(found: String) -> Error {
    Error::Device(format!("message: {found}"))
}

/// Fails unless something holds that was expected.
pub(super) fn expect(holds: bool, what: &str) -> Result<(), Error> {
    match holds {
        true => Ok(()),
        false => Err(refuse(format!("{what} expected, something else found"))),
    }
}

/// Rows, or places, which must be below a number.
pub(super) fn places(rows: &[u32], below: usize) -> Result<Vec<usize>, Error> {
    let one = |&row: &u32| match (row as usize) < below {
        true => Ok(row as usize),
        false => Err(refuse(format!(
            "row {row} found, rows below {below} expected"
        ))),
    };
    rows.iter().map(one).collect()
}

/// Rows that must differ as well.
pub(super) fn distinct(rows: &[u32], below: usize) -> Result<Vec<usize>, Error> {
    let rows = places(rows, below)?;
    let mut sorted = rows.clone();
    sorted.sort_unstable();
    expect(sorted.is_sorted_by(|a, b| a < b), "rows that differ")?;
    Ok(rows)
}

/// Columns, which must differ and be of one class.
pub(super) fn of_one_class(columns: &[u32], ranges: &ClassRanges) -> Result<Vec<usize>, Error> {
    let columns = distinct(columns, ranges.places())?;
    if let Some(&first) = columns.first() {
        let class = ranges.class(ranges.class_of(first));
        expect(
            columns.iter().all(|column| class.contains(column)),
            "columns of one class",
        )?;
    }
    Ok(columns)
}

/// So many entries.
pub(super) fn count<T>(entries: &[T], expected: usize, of: &str) -> Result<(), Error> {
    match entries.len() == expected {
        true => Ok(()),
        false => Err(refuse(format!(
            "{} {of} found, {expected} expected",
            entries.len()
        ))),
    }
}

/// A cover of so many rows.
pub(super) fn cover<'c>(
    best: &'c [u16],
    weights: Option<&'c [u16]>,
    rows: usize,
) -> Result<Cover<'c>, Error> {
    count(best, rows, "covers")?;
    if let Some(weights) = weights {
        count(weights, rows, "weights")?;
    }
    Ok(Cover { best, weights })
}

pub(super) fn rate(rate: Rate) -> Result<Rate, Error> {
    let is_one = rate.power > 0.0 && rate.power <= 64.0 && (1.0..2.0).contains(&rate.slack);
    expect(is_one, "a hazard rate")?;
    Ok(rate)
}

/// Values of sums that are answered at most: 1 GiB.
const SUMMED: usize = 1 << 27;

/// Numbers of rows and streams, at most: far more than there are.
pub(super) const FAR: u64 = 1 << 48;

/// Which random numbers so many rows have, and their own numbers where they are not one after another.
pub(super) fn row_ids(
    ids: Ids<'_>,
    rows: usize,
) -> Result<(RowIds<'static>, Option<Vec<usize>>), Error> {
    let Ids {
        first,
        numbers,
        stage,
        ..
    } = ids;
    expect(first <= FAR && stage <= FAR >> 32, "numbers of rows")?;
    if let Some(numbers) = &numbers {
        count(numbers, rows, "numbers of rows")?;
        expect(
            numbers.iter().all(|&number| number <= FAR),
            "numbers of rows",
        )?;
    }
    let row_ids = RowIds {
        rows: None,
        first: first as usize,
        stage,
    };
    let numbers = numbers.map(|numbers| numbers.iter().map(|&number| number as usize).collect());
    Ok((row_ids, numbers))
}

/// Sums of so many clusters.
pub(super) fn sums(sums: usize, dim: usize) -> Result<(), Error> {
    expect(sums.saturating_mul(dim) <= SUMMED, "fewer sums")
}

/// What [`Pool::sum_units`](crate::Pool::sum_units) counts on.
pub(super) fn moves(moves: &UnitMoves<'_>, dim: usize) -> Result<(), Error> {
    let UnitMoves {
        rows,
        from,
        to,
        sums,
    } = *moves;
    self::sums(sums, dim)?;
    count(from, rows.len(), "sums to leave")?;
    count(to, rows.len(), "sums to join")?;
    let is_one = |&of: &u32| (of as usize) < sums;
    expect(to.iter().all(is_one), "sums that rows join")?;
    let is_one_or_none = |of: &u32| *of == UnitMoves::NO_SUM || is_one(of);
    expect(from.iter().all(is_one_or_none), "sums that rows leave")
}

/// What [`Pool::k_nearest`](crate::Pool::k_nearest) counts on.
pub(super) fn clusters(clusters: &[ClusterRows<'_>], k: usize, dim: usize) -> Result<(), Error> {
    expect((1..=MOST_NEIGHBOURS).contains(&k), "a number of neighbours")?;
    for cluster in clusters {
        let rows = cluster.rows.len();
        expect(rows > k, "more rows than neighbours")?;
        count(cluster.lengths, rows, "lengths")?;
        count(cluster.halves, rows, "halves")?;
        count(cluster.centre, dim, "values of a centre")?;
        expect(
            cluster.lengths.iter().all(|&length| length > 0.0),
            "lengths above 0",
        )?;
    }
    Ok(())
}

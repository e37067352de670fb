//! Latent classes: which rows belong together.

use crate::{Error, Pool};

/// How rows come to their latent classes.
///
/// [`Sas`](crate::Sas) works within them, and [`Uniform`](crate::Uniform) and
/// [`Norm`](crate::Norm) can be stratified by them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Classes {
    /// All rows are of one class, 0.
    #[default]
    One,
    /// Each row's class; numbers may have gaps.
    Given(Vec<usize>),
}

/// Rows by class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Partition {
    /// The classes that have rows, ascending.
    pub(crate) classes: Vec<ClassRows>,
}

/// One class and its rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClassRows {
    /// The class's own number.
    pub(crate) class: usize,
    /// Its rows, ascending.
    pub(crate) rows: Vec<usize>,
}

impl Classes {
    /// Every row's class, for `rows` rows.
    pub(crate) fn partition(&self, pool: &dyn Pool) -> Result<Partition, Error> {
        let rows = pool.rows();
        match self {
            Self::One => Ok(Partition::of(&vec![0; rows])),
            Self::Given(classes) if classes.len() == rows => Ok(Partition::of(classes)),
            Self::Given(classes) => Err(Error::Argument {
                argument: "classes",
                found: format!("{} classes", classes.len()),
                expected: format!("one for each of {rows} rows"),
            }),
        }
    }
}

impl Partition {
    /// Rows by the class that each has.
    pub(crate) fn of(classes: &[usize]) -> Self {
        let mut order: Vec<usize> = (0..classes.len()).collect();
        order.sort_by_key(|&row| classes[row]); // stable: rows ascend within a class
        let runs = order.chunk_by(|&a, &b| classes[a] == classes[b]);
        let class = |rows: &[usize]| ClassRows {
            class: classes[rows[0]],
            rows: rows.to_vec(),
        };
        Self {
            classes: runs.map(class).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_by_class() {
        let partition = Partition::of(&[7, 2, 7, 2, 2]);
        let found: Vec<_> = partition
            .classes
            .iter()
            .map(|c| (c.class, &c.rows[..]))
            .collect();
        assert_eq!(found, [(2, &[1, 3, 4][..]), (7, &[0, 2][..])]);
    }
}

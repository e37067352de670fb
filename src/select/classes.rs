//! Latent classes: which rows belong together.

use super::kmeans::KMeans;
use super::logistic::Logistic;
use super::unit_rows::{Rivals, UnitRows};
use crate::control::Stop;
use crate::course::Course;
use crate::error::Error;
use crate::features::Others;
use crate::kernels::pool::Pool;
use crate::kernels::units::normalise;
use crate::plan::{Cost, Outline, Span, Work};
use crate::select::gather::gather_units;
use rayon::prelude::*;

/// How rows come to their latent classes.
///
/// [`Sas`](crate::Sas) works within them, and every other selector that has a field `classes` can be stratified by
/// them.
///
/// But for those that are given, classes are found among the rows at length 1 (a row of zeros stays
/// zeros). Whatever the kernels leave open is settled in f64, ties to the lower class: every device
/// gives the same classes.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Classes {
    /// All rows are of one class, 0.
    #[default]
    One,
    /// Each row's class; numbers may have gaps.
    Given(Vec<usize>),
    /// The clusters of k-means.
    KMeans(KMeans),
    /// What a linear classifier makes of the rows, having been shown a few: multinomial logistic
    /// regression with biases and an l2 penalty, ½·10⁻²·Σ‖w‖² beside the sum of the losses
    /// (`LogisticRegression(C=100)` to scikit-learn). Each row is of its most probable class; the
    /// rows shown keep theirs.
    FewLabels {
        /// The rows shown.
        rows: Vec<usize>,
        /// The class of each, two different ones at least; numbers may have gaps.
        classes: Vec<usize>,
    },
    /// Each row is of the class of the prompt nearest to it by cosine: zero-shot classes, or those
    /// of prototypes.
    Prompts {
        /// The prompts' embeddings, a class each, row-major and as wide as the features. Their
        /// lengths do not matter.
        embeddings: Vec<f32>,
    },
}

/// Rows by class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Partition {
    /// The classes that have rows, ascending.
    pub(crate) classes: Vec<ClassRows>,
    /// Passes made over the features to find them.
    pub(crate) passes: usize,
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
    /// Checks what can be told before any work, for `rows` rows of `dim` values.
    pub(crate) fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        match self {
            Self::One => Ok(()),
            Self::KMeans(k_means) => k_means.convergence.check(),
            Self::Given(classes) => check_given(classes, rows),
            Self::FewLabels {
                rows: shown,
                classes,
            } => check_few_labels(shown, classes, rows),
            Self::Prompts { embeddings } => check_prompts(embeddings, dim),
        }
    }

    /// The same of the rows that are left where others are not.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for another number of classes than there are rows in all, and for a row shown that
    /// is left out.
    pub fn of(&self, others: &Others) -> Result<Self, Error> {
        Ok(match self {
            Self::One | Self::KMeans(_) | Self::Prompts { .. } => self.clone(),
            Self::Given(classes) => Self::Given(others.of_each(classes, "classes")?),
            Self::FewLabels { rows, classes } => Self::FewLabels {
                rows: others.places(rows, "few labels")?,
                classes: classes.clone(),
            },
        })
    }

    /// The classes of these rows alone, ascending: clusters are then theirs, and all other rows
    /// keep their classes. What the options say of single rows has been checked.
    /// How large the classes of these rows will be, as far as that is known, and what it takes to find them.
    pub(crate) fn cost(classes: Option<&Self>, pool: &Outline) -> (Vec<usize>, Cost) {
        let rows = pool.rows;
        let even = |count: usize| {
            let count = count.clamp(1, rows.max(1));
            let start = |class: usize| rows * class / count;
            (0..count)
                .map(|class| start(class + 1) - start(class))
                .collect()
        };
        match classes {
            None | Some(Self::One) => (vec![rows], Cost::default()),
            Some(Self::Given(classes)) => {
                let partition = Partition::of(classes).classes;
                // Of a second stage the rows that it has are some of all.
                let size = |class: &ClassRows| class.rows.len() * rows / classes.len().max(1);
                (partition.iter().map(size).collect(), Cost::default())
            }
            Some(Self::KMeans(k_means)) => (even(k_means.clusters), k_means.cost(pool)),
            Some(Self::FewLabels { rows, classes }) => {
                let count = distinct(classes).len();
                let mut cost = nearest(pool, count);
                // The classifier is fitted in some hundred steps.
                let fitted = Span::within(300.0 * (rows.len() * count) as f64, 3.0);
                cost.add(Work::Settle, 0, fitted, pool.dim);
                (even(count), cost)
            }
            Some(Self::Prompts { embeddings }) => {
                let count = embeddings.len() / pool.dim.max(1);
                (even(count), nearest(pool, count))
            }
        }
    }

    pub(crate) fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Self, Error> {
        Ok(match self {
            Self::One | Self::KMeans(_) | Self::Prompts { .. } => self.clone(),
            Self::Given(classes) => Self::Given(rows.iter().map(|&row| classes[row]).collect()),
            Self::FewLabels {
                rows: shown,
                classes,
            } => Self::Given(few_labels_among(pool, shown, classes, rows)?),
        })
    }

    /// Every row's class.
    pub(crate) fn partition(
        &self,
        pool: &dyn Pool,
        course: &mut Course<'_>,
    ) -> Result<Partition, Error> {
        self.check(pool.rows(), pool.dim())?;
        let (classes, passes) = match self {
            Self::One => (vec![0; pool.rows()], 0),
            Self::Given(classes) => return Ok(Partition::of(classes)),
            Self::KMeans(k_means) => k_means.labels(pool, course)?,
            Self::FewLabels { rows, classes } => (few_labels(pool, rows, classes)?, 2),
            Self::Prompts { embeddings } => (prompts(pool, embeddings)?, 2),
        };
        Ok(Partition {
            passes,
            ..Partition::of(&classes)
        })
    }
}

/// Each row's class by the prompt nearest to it.
fn prompts(pool: &dyn Pool, embeddings: &[f32]) -> Result<Vec<usize>, Error> {
    let dim = pool.dim();
    let mut vectors = vec![0.0; embeddings.len()];
    for (unit, prompt) in vectors.chunks_exact_mut(dim).zip(embeddings.chunks(dim)) {
        normalise(prompt, unit);
    }
    let offsets = vec![0.0; embeddings.len() / dim];
    UnitRows::new(pool)?.assign(&Rivals::new(dim, vectors, offsets))
}

/// Each row's most probable class.
fn few_labels(pool: &dyn Pool, rows: &[usize], classes: &[usize]) -> Result<Vec<usize>, Error> {
    let numbers = distinct(classes);
    let pool = UnitRows::new(pool)?;
    let z = pool.rows(rows)?;
    let classifier = fit(&z, pool.dim(), classes, &numbers, pool.pool().stop())?;
    let found = pool.assign(&classifier)?;
    let mut found: Vec<usize> = found.into_iter().map(|index| numbers[index]).collect();
    for (&row, &class) in rows.iter().zip(classes) {
        found[row] = class;
    }
    Ok(found)
}

/// As [`few_labels`], of some rows alone: they are gathered, and there is no pass.
fn few_labels_among(
    pool: &dyn Pool,
    shown: &[usize],
    classes: &[usize],
    rows: &[usize],
) -> Result<Vec<usize>, Error> {
    let (dim, numbers) = (pool.dim(), distinct(classes));
    let mut z = Vec::new();
    gather_units(pool, shown, |_, unit| {
        z.extend_from_slice(unit);
        Ok(())
    })?;
    let classifier = fit(&z, dim, classes, &numbers, pool.stop())?;
    let mut found = Vec::with_capacity(rows.len());
    gather_units(pool, rows, |_, z| {
        let of_row = |z: &[f64]| numbers[classifier.nearest(z)];
        found.par_extend(z.par_chunks_exact(dim).map(of_row));
        Ok(())
    })?;
    for (&row, &class) in shown.iter().zip(classes) {
        if let Ok(place) = rows.binary_search(&row) {
            found[place] = class;
        }
    }
    Ok(found)
}

/// The penalty λ: on both of the repository's own pools, with 20 to 300 labelled rows, no other
/// power of ten gets half a point more of the other rows right.
const PENALTY: f64 = 1e-2;

/// The classifier fitted to unit rows `z` of these classes, `numbers` being the different ones.
fn fit(
    z: &[f64],
    dim: usize,
    classes: &[usize],
    numbers: &[usize],
    stop: &Stop,
) -> Result<Rivals, Error> {
    let labels = classes
        .iter()
        .map(|class| numbers.partition_point(|number| number < class))
        .collect();
    let (vectors, biases) = Logistic::new(z, dim, labels, numbers.len(), PENALTY).fit(stop)?;
    let offsets = biases.iter().map(|bias| 0.0 - bias).collect(); // never -0, for ties
    Ok(Rivals::new(dim, vectors, offsets))
}

/// The different classes, ascending.
fn distinct(classes: &[usize]) -> Vec<usize> {
    let mut distinct = classes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

fn check_given(classes: &[usize], rows: usize) -> Result<(), Error> {
    if classes.len() == rows {
        return Ok(());
    }
    refuse(
        "classes",
        format!("{} classes", classes.len()),
        format!("one for each of {rows} rows"),
    )
}

fn check_few_labels(shown: &[usize], classes: &[usize], rows: usize) -> Result<(), Error> {
    let refuse = |found, expected: &str| refuse("few labels", found, expected.to_owned());
    if shown.len() != classes.len() {
        let found = format!("{} rows and {} classes", shown.len(), classes.len());
        return refuse(found, "one class for each row");
    }
    let mut seen = vec![false; rows];
    for &row in shown {
        let Some(seen) = seen.get_mut(row) else {
            return refuse(format!("row {row}"), &format!("indices below {rows}"));
        };
        if std::mem::replace(seen, true) {
            return refuse(format!("row {row} twice"), "every row at most once");
        }
    }
    match distinct(classes)[..] {
        [] => refuse("no row".to_owned(), "rows of at least two classes"),
        [one] => refuse(format!("class {one} alone"), "rows of at least two classes"),
        _ => Ok(()),
    }
}

fn check_prompts(embeddings: &[f32], dim: usize) -> Result<(), Error> {
    let refuse = |found, expected: &str| refuse("prompts", found, expected.to_owned());
    if embeddings.is_empty() || !embeddings.len().is_multiple_of(dim) {
        let found = format!("{} values", embeddings.len());
        return refuse(found, &format!("one or more rows of {dim}"));
    }
    for (prompt, values) in embeddings.chunks_exact(dim).enumerate() {
        if let Some(column) = values.iter().position(|v| !v.is_finite()) {
            let found = format!("{} at row {prompt}, column {column}", values[column]);
            return refuse(found, "a finite value");
        }
        if values.iter().all(|&v| v == 0.0) {
            return refuse(format!("zeros alone in row {prompt}"), "a direction");
        }
    }
    Ok(())
}

fn refuse(argument: &'static str, found: String, expected: String) -> Result<(), Error> {
    Err(Error::Argument {
        argument,
        found,
        expected,
    })
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
            passes: 0,
        }
    }
}

/// What it takes to find which of some vectors is nearest to each row.
fn nearest(pool: &Outline, vectors: usize) -> Cost {
    let mut cost = Cost::default();
    cost.pass(2);
    cost.add(Work::Assign, 1, pool.rows * vectors, pool.dim);
    cost.host_bytes = 64 * pool.rows as u64;
    cost
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

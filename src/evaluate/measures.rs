//! Every measure of a selection that can be had, in one go.

use super::evaluation::{Evaluation, TestRows};
use super::frechet::Frechet;
use super::latent::LatentErrors;
use super::norms::NormStatistics;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::metric::Metric;

/// What selections of a pool are to be measured by.
///
/// ```
/// use coresift::evaluate::{Measures, TestRows, norms};
/// use coresift::{CpuPool, Features, Metric};
///
/// let x = [1.0, 0.0, 2.0, 0.1, 0.0, 3.0, 0.2, 1.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let labels = [0, 0, 1, 1];
/// let measures = Measures {
///     pool: &pool,
///     labels: Some(&labels),
///     test: TestRows::Unpicked,
///     metric: Metric::Euclidean,
///     classes: None,
///     delta: None,
///     fid_ridge: None,
///     norms: &norms(&pool)?,
/// };
/// let measured = measures.of(&[0, 2])?;
/// assert_eq!(measured.nearest_accuracy, Some(0.5));
/// assert_eq!(measured.left_out.len(), 0);
/// # Ok::<(), coresift::Error>(())
/// ```
pub struct Measures<'a> {
    /// The rows.
    pub pool: &'a dyn Pool,
    /// Each row's label, for coverage and accuracies.
    pub labels: Option<&'a [u32]>,
    /// What accuracies are of.
    pub test: TestRows<'a>,
    /// By what distance the nearest pick is found.
    pub metric: Metric,
    /// Each row's latent class, and what each class is called.
    pub classes: Option<(&'a [u32], &'a [String])>,
    /// Within what distance of rows at length 1 a pick covers others.
    pub delta: Option<f64>,
    /// What is added to the diagonals of covariances for a second distance of distributions.
    pub fid_ridge: Option<f64>,
    /// The length of every row.
    pub norms: &'a [f64],
}

/// What one selection is worth. None where a measure needs what is not there, or `left_out` says why.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Measured {
    /// Number of picks.
    pub picks: usize,
    /// [`Evaluation::class_coverage`].
    pub class_coverage: Option<CoveredClasses>,
    /// [`Evaluation::nearest_accuracy`].
    pub nearest_accuracy: Option<f64>,
    /// [`Evaluation::probe_accuracy`].
    pub probe_accuracy: Option<f64>,
    /// [`Evaluation::frechet`].
    pub fid: Option<Frechet>,
    /// The same with the ridge.
    pub fid_with_ridge: Option<Frechet>,
    /// [`Evaluation::energy_kept`].
    pub energy_kept: Option<f64>,
    /// [`Evaluation::latent`], summed up.
    pub latent: Option<LatentSummary>,
    /// [`Evaluation::cut_values`].
    pub sas_value: Option<CutValues>,
    /// [`Evaluation::cover`].
    pub cover: Option<f64>,
    /// Lengths of the picks.
    pub norms: NormStatistics,
    /// Measures that cannot be had of this selection.
    pub left_out: Vec<Unmeasured>,
}

/// Classes present among picks and in the pool, and the one over the other.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_docs, reason = "said above")]
pub struct CoveredClasses {
    pub picked: usize,
    pub present: usize,
    pub share: f64,
}

/// How well picks stand for latent classes: means over the rows of those that have picks, and each class by itself.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LatentSummary {
    /// ν_R, ν_μ and what neither can be above; none where no class has picks.
    pub errors: Option<LatentErrors>,
    /// The mean of ⟨μ_k^S, μ_l^S⟩ over pairs of classes that have picks; none of fewer than two.
    pub divergence: Option<f64>,
    /// Classes that have no picks.
    pub without_picks: usize,
    /// Each class.
    pub classes: Vec<NamedLatentClass>,
    /// The places of two classes among `classes`, and the product of their centres.
    pub divergences: Vec<(usize, usize, f64)>,
}

/// A latent class by its name, and how well its picks stand for it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NamedLatentClass {
    /// What it is called.
    pub class: String,
    /// Rows of it.
    pub rows: usize,
    /// Picks of it.
    pub picks: usize,
    /// None where it has no picks.
    pub errors: Option<LatentErrors>,
}

/// F of all latent classes, and of each in the order of [`Measured::latent`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_docs, reason = "said above")]
pub struct CutValues {
    pub value: f64,
    pub classes: Vec<f64>,
}

/// A measure that cannot be had of a selection, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_docs, reason = "said above")]
pub struct Unmeasured {
    pub measure: &'static str,
    pub reason: String,
}

impl Measures<'_> {
    /// What some picks are worth.
    ///
    /// # Errors
    ///
    /// Those of [`Evaluation::new`] and of its measures, but for what a selection or its pool does not have: such a
    /// measure is left out.
    pub fn of(&self, picks: &[usize]) -> Result<Measured, Error> {
        let evaluation = Evaluation::new(self.pool, picks)?;
        self.check_norms()?;
        let of_picks: Vec<f64> = picks.iter().map(|&row| self.norms[row]).collect();
        let norms = NormStatistics::of(&of_picks).ok_or_else(|| Error::Argument {
            argument: "picks",
            found: "none".to_owned(),
            expected: "at least one".to_owned(),
        })?;
        let mut left_out = Vec::new();
        let mut fid = |measure, ridge| able(measure, evaluation.frechet(ridge), &mut left_out);
        let (plain, ridge) = (fid("fid", 0.0)?, self.fid_ridge);
        let with_ridge = ridge.map(|ridge| fid("fid_with_ridge", ridge));
        let energy = able("energy_kept", evaluation.energy_kept(), &mut left_out)?;
        let mut measured = Measured {
            picks: picks.len(),
            class_coverage: None,
            nearest_accuracy: None,
            probe_accuracy: None,
            fid: plain,
            fid_with_ridge: with_ridge.transpose()?.flatten(),
            energy_kept: energy,
            latent: None,
            sas_value: None,
            cover: self.delta.map(|d| evaluation.cover(d)).transpose()?,
            norms,
            left_out,
        };
        if let Some(labels) = self.labels {
            self.by_labels(&evaluation, labels, &mut measured)?;
        }
        if let Some((classes, names)) = self.classes {
            let values = evaluation.cut_values(classes)?;
            measured.latent = Some(latent(&evaluation, classes, names)?);
            measured.sas_value = Some(CutValues {
                value: values.iter().sum(),
                classes: values,
            });
        }
        Ok(measured)
    }

    fn check_norms(&self) -> Result<(), Error> {
        let (found, rows) = (self.norms.len(), self.pool.rows());
        if found == rows {
            return Ok(());
        }
        Err(Error::Argument {
            argument: "norms",
            found: format!("{found} lengths"),
            expected: format!("one for each of {rows} rows"),
        })
    }

    /// What labels tell.
    fn by_labels(
        &self,
        evaluation: &Evaluation<'_>,
        labels: &[u32],
        measured: &mut Measured,
    ) -> Result<(), Error> {
        let coverage = evaluation.class_coverage(labels)?;
        measured.class_coverage = Some(CoveredClasses {
            picked: coverage.picked,
            present: coverage.present,
            share: coverage.share(),
        });
        let metric = self.metric;
        measured.nearest_accuracy = Some(evaluation.nearest_accuracy(labels, self.test, metric)?);
        measured.probe_accuracy = Some(evaluation.probe_accuracy(labels, self.test)?);
        Ok(())
    }
}

/// What is found, or none where picks or rows do not have it, which is put down.
fn able<T>(
    measure: &'static str,
    found: Result<T, Error>,
    left_out: &mut Vec<Unmeasured>,
) -> Result<Option<T>, Error> {
    match found {
        Err(Error::Argument {
            argument,
            found,
            expected,
        }) => {
            let reason = format!("{argument}: {found} found, {expected} expected");
            left_out.push(Unmeasured { measure, reason });
            Ok(None)
        }
        found => found.map(Some),
    }
}

/// How well picks stand for latent classes: each, and all together.
fn latent(
    evaluation: &Evaluation<'_>,
    classes: &[u32],
    names: &[String],
) -> Result<LatentSummary, Error> {
    let found = evaluation.latent(classes)?;
    let numbers: Vec<u32> = found.classes.iter().map(|class| class.class).collect();
    let place = |number| numbers.partition_point(|&other| other < number);
    let (mut sums, mut rows) = ([0.0; 3], 0.0);
    for class in &found.classes {
        if let Some(errors) = class.errors {
            let of_rows = class.rows as f64;
            let own = [errors.alignment, errors.centre, errors.bound];
            sums.iter_mut()
                .zip(own)
                .for_each(|(sum, own)| *sum += of_rows * own);
            rows += of_rows;
        }
    }
    let [alignment, centre, bound] = sums.map(|sum| sum / rows);
    let errors = LatentErrors {
        alignment,
        centre,
        bound,
    };
    let count = found.divergences.len();
    let products: f64 = found.divergences.iter().map(|pair| pair.2).sum();
    let pairs = found.divergences.iter();
    Ok(LatentSummary {
        errors: (rows > 0.0).then_some(errors),
        divergence: (count > 0).then(|| products / count as f64),
        without_picks: found.classes.iter().filter(|c| c.picks == 0).count(),
        divergences: pairs.map(|&(k, l, v)| (place(k), place(l), v)).collect(),
        classes: (found.classes.iter())
            .map(|class| NamedLatentClass {
                class: names[class.class as usize].clone(),
                rows: class.rows,
                picks: class.picks,
                errors: class.errors,
            })
            .collect(),
    })
}

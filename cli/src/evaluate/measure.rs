//! Every measure of a selection that can be had.

use super::record::{
    Coverage, Errors, Fid, Latent, LatentClass, LeftOut, Measured, Norms, SasValue,
};
use crate::args::EvaluateArgs;
use crate::labels::Classified;
use coresift::evaluate::{Evaluation, LatentErrors, NormStatistics, TestRows};
use coresift::{Error, Pool};

/// What selections are measured by.
pub(super) struct Measures<'a> {
    pub(super) args: &'a EvaluateArgs,
    pub(super) pool: &'a dyn Pool,
    pub(super) labels: Option<&'a Classified>,
    pub(super) test: TestRows<'a>,
    pub(super) classes: Option<&'a Classified>,
    /// The length of every row.
    pub(super) norms: &'a [f64],
}

impl Measures<'_> {
    /// Of some picks, named by their file.
    pub(super) fn of(&self, file: String, picks: &[usize]) -> Result<Measured, Error> {
        let evaluation = Evaluation::new(self.pool, picks)?;
        let of_picks: Vec<f64> = picks.iter().map(|&row| self.norms[row]).collect();
        let norms = NormStatistics::of(&of_picks).expect("picks are at least one");
        let mut left_out = Vec::new();
        let mut fid = |measure, ridge| {
            let found = evaluation.frechet(ridge).map(Fid::from);
            able(measure, found, &mut left_out)
        };
        let (plain, ridge) = (fid("fid", 0.0)?, self.args.fid_ridge);
        let with_ridge = ridge.map(|ridge| fid("fid_with_ridge", ridge));
        let energy = able("energy_kept", evaluation.energy_kept(), &mut left_out)?;
        let mut measured = Measured {
            file,
            picks: picks.len(),
            class_coverage: None,
            nearest_accuracy: None,
            probe_accuracy: None,
            fid: plain,
            fid_with_ridge: with_ridge.transpose()?.flatten(),
            energy_kept: energy,
            latent: None,
            sas_value: None,
            cover: self.args.delta.map(|d| evaluation.cover(d)).transpose()?,
            norms: Norms::from(norms),
            left_out,
        };
        if let Some(labels) = self.labels {
            self.by_labels(&evaluation, &labels.of_rows, &mut measured)?;
        }
        if let Some(classes) = self.classes {
            let values = evaluation.cut_values(&classes.of_rows)?;
            measured.latent = Some(latent(&evaluation, classes)?);
            measured.sas_value = Some(SasValue {
                value: values.iter().sum(),
                classes: values,
            });
        }
        Ok(measured)
    }

    /// What labels tell.
    fn by_labels(
        &self,
        evaluation: &Evaluation<'_>,
        labels: &[u32],
        measured: &mut Measured,
    ) -> Result<(), Error> {
        let coverage = evaluation.class_coverage(labels)?;
        measured.class_coverage = Some(Coverage {
            picked: coverage.picked,
            present: coverage.present,
            share: coverage.share(),
        });
        let metric = self.args.metric;
        measured.nearest_accuracy = Some(evaluation.nearest_accuracy(labels, self.test, metric)?);
        measured.probe_accuracy = Some(evaluation.probe_accuracy(labels, self.test)?);
        Ok(())
    }
}

/// What is found, or none where picks or rows do not have it, which is put down.
fn able<T>(
    measure: &'static str,
    found: Result<T, Error>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Option<T>, Error> {
    match found {
        Err(Error::Argument {
            argument,
            found,
            expected,
        }) => {
            let reason = format!("{argument}: {found} found, {expected} expected");
            left_out.push(LeftOut { measure, reason });
            Ok(None)
        }
        found => found.map(Some),
    }
}

/// How well picks stand for latent classes: each, and all together.
fn latent(evaluation: &Evaluation<'_>, classes: &Classified) -> Result<Latent, Error> {
    let found = evaluation.latent(&classes.of_rows)?;
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
    let errors = Errors {
        alignment,
        centre,
        bound,
    };
    let count = found.divergences.len();
    let products: f64 = found.divergences.iter().map(|pair| pair.2).sum();
    let pairs = found.divergences.iter();
    Ok(Latent {
        errors: (rows > 0.0).then_some(errors),
        divergence: (count > 0).then(|| products / count as f64),
        without_picks: found.classes.iter().filter(|c| c.picks == 0).count(),
        divergences: pairs.map(|&(k, l, v)| (place(k), place(l), v)).collect(),
        classes: (found.classes.iter())
            .map(|class| LatentClass {
                class: classes.names[class.class as usize].clone(),
                rows: class.rows,
                picks: class.picks,
                errors: class.errors.map(Errors::from),
            })
            .collect(),
    })
}

impl From<LatentErrors> for Errors {
    fn from(errors: LatentErrors) -> Self {
        Self {
            alignment: errors.alignment,
            centre: errors.centre,
            bound: errors.bound,
        }
    }
}

//! Lloyd's sweeps: rows to the nearest centre, centres to the means of their rows.

use super::clusters::{Clusters, Moved};
use super::convergence::Convergence;
use crate::checkpoint::{Entry, Sweeps};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::steps::Clustered;
use crate::progress::Progress;
use crate::select::unit_rows::UnitRows;

/// Sweeps one after another in which rows move by no more than rounding, after which the loop stops:
/// rows so alike that f64 cannot tell the centres apart would move on and on.
const IDLE_SWEEPS: usize = 3;

/// Where Lloyd's sweeps end.
pub(in crate::select) struct Lloyd<C: ?Sized> {
    pub(in crate::select) clusters: Clusters<C>,
    pub(in crate::select) sweeps: usize,
}

/// Of rows wherever they are.
type Anywhere<'a> = Lloyd<dyn Clustered + 'a>;

/// Lloyd's sweeps from some centres on.
pub(super) fn lloyd<'a>(
    rows: &'a UnitRows<'a>,
    centres: Vec<f64>,
    convergence: Convergence,
    course: &mut Course<'_>,
) -> Result<Anywhere<'a>, Error> {
    let clusters = Clusters::new(rows, &[], centres)?;
    sweeps(clusters, convergence, IDLE_SWEEPS, course)
}

/// As [`lloyd`], but for the first centres, which stay where they are: they are those of the `anchors`, rows that
/// stay with them. Only the last sweep ends them, or one in which no row moves.
pub(in crate::select) fn anchored_lloyd<'a>(
    rows: &'a UnitRows<'a>,
    anchors: &[usize],
    centres: Vec<f64>,
    max_sweeps: usize,
    course: &mut Course<'_>,
) -> Result<Anywhere<'a>, Error> {
    let clusters = Clusters::new(rows, anchors, centres)?;
    let convergence = Convergence {
        max_sweeps,
        ..Convergence::default()
    };
    sweeps(clusters, convergence, usize::MAX, course)
}

/// The sweeps of some clusters, until so many of them one after the other were idle.
fn sweeps<C: Clustered + ?Sized>(
    mut clusters: Clusters<C>,
    convergence: Convergence,
    idle_sweeps: usize,
    course: &mut Course<'_>,
) -> Result<Lloyd<C>, Error> {
    let (step, kept) = course.step(|entry| match entry {
        Entry::Sweeps(kept) => Some(kept.clone()),
        _ => None,
    })?;
    let (mut sweeps, mut idle, mut inertia) = (0, 0, (f64::INFINITY, f64::INFINITY));
    if let Some(kept) = kept {
        (sweeps, idle, inertia) = (kept.made, kept.idle, kept.inertia);
        clusters.restore(&kept)?;
    }
    let is_reached = |(before, after)| convergence.is_reached(before, after);
    while sweeps < convergence.max_sweeps && idle < idle_sweeps && !is_reached(inertia) {
        sweeps += 1;
        match clusters.sweep()? {
            Moved::None => break,
            Moved::WithinRounding => idle += 1,
            Moved::Far => idle = 0,
        }
        inertia = (inertia.1, clusters.inertia());
        let (sweep, inertia_now) = (sweeps, inertia.1);
        course.tell(Progress::Sweep {
            sweep,
            inertia: inertia_now,
        })?;
        if course.keeps() {
            let labels = clusters.labels()?;
            course.keep(step, |entry| {
                *entry = Entry::Sweeps(Sweeps {
                    made: sweeps,
                    idle,
                    inertia,
                    labels: short_labels(&labels),
                    sums: clusters.sums.clone(),
                });
            })?;
        }
    }
    Ok(Lloyd { clusters, sweeps })
}

/// Labels as they are kept.
pub(super) fn short_labels(labels: &[usize]) -> Vec<u32> {
    labels.iter().map(|&label| label as u32).collect()
}

//! SAS: subsets that keep each latent class's augmentations similar.

mod afar;
mod block;
mod cost;
mod double_greedy;
mod group;
mod kept;
mod options;
mod pick;
mod run;
mod storage;
mod views;
mod weights;
#[cfg(feature = "remote")]
pub(crate) mod whole;

use crate::course::Course;
use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::Examples;
use crate::lp::Lp;
use crate::plan::{Cost, Outline};
use crate::quantise::Length;
use crate::select::classes::Partition;
use crate::select::norm::largest_norm;
use crate::select::parallel;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, apportion, begin, end, places};
use crate::selection::{Details, Selection, ShortfallReason, Storage};
use group::Frame;
pub use options::{Sas, Similarity};
use run::Run;
use std::fmt;
use views::mean_views;

impl Sealed for Sas {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (labelled, mut selection) = begin(self, pool, budget)?;
        let length = self.length(pool)?;
        let partition = self.partition(pool, length, course)?;
        let classes: Vec<&[usize]> = partition.classes.iter().map(|c| &*c.rows).collect();
        let examples = Examples {
            classes: &classes,
            views: self.views,
            length,
        };
        let (ranges, order) = (examples.ranges(), classes.concat());
        let function = self.kernel_function();
        let similarities = pool.similarities(examples, &function)?;
        // Where they are far away they stay there.
        let squares = match similarities.picks_by_itself() {
            true => Vec::new(),
            false => similarities.squares()?,
        };
        let is_labelled: Vec<bool> = order.iter().map(|&example| labelled[example]).collect();
        let frame = Frame {
            ranges: &ranges,
            order: &order,
            squares: &squares,
            is_labelled: &is_labelled,
            function: &function,
            worst: self.worst,
            candidates: self.block,
            stop: pool.stop(),
        };
        let open = |class| ranges.class(class).filter(|&at| !is_labelled[at]).count();
        let open: Vec<usize> = (0..ranges.classes()).map(open).collect();
        selection.passes = partition.passes + 1;
        selection.warnings.extend(parallel::warning(pool)?);
        let mut run = Run {
            options: self,
            frame,
            budgets: apportion(&open, budget, self.min_per_class),
            selection,
            of_classes: Vec::new(),
            partition: &partition,
            row_ids: pool.row_ids(),
            course: course.lend(),
        };
        let done = run.finish(similarities);
        let selection = Selection {
            details: Details::Sas(run.of_classes),
            ..run.selection
        };
        end(done.map(|()| ShortfallReason::Refined), selection, budget)
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        let Self { storage, block, .. } = Self::default(); // no pick depends on these
        let terms = Self {
            storage,
            block,
            ..self.clone()
        };
        write!(to, "{terms:?}")
    }
}

impl Selector for Sas {
    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        if self.views == 0 || !rows.is_multiple_of(self.views) {
            return Err(Error::Argument {
                argument: "views",
                found: self.views.to_string(),
                expected: format!("a divisor of the {rows} rows"),
            });
        }
        if self.block == 0 {
            return Err(Error::Argument {
                argument: "block",
                found: "0".to_owned(),
                expected: "at least 1".to_owned(),
            });
        }
        self.classes.check(rows / self.views, dim)?;
        let Some(threshold) = self.threshold else {
            if self.storage == Storage::Dense {
                return Err(Error::Argument {
                    argument: "storage",
                    found: self.storage.to_string(),
                    expected: format!(
                        "{} or {} where there is no threshold",
                        Storage::Auto,
                        Storage::OnTheFly
                    ),
                });
            }
            return Ok(());
        };
        if !(threshold >= 0.0 && threshold.is_finite()) {
            return Err(Error::Argument {
                argument: "threshold",
                found: threshold.to_string(),
                expected: "a finite number that is not negative, or none".to_owned(),
            });
        }
        Ok(())
    }

    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: self.classes.among(pool, rows)?,
            ..*self
        }))
    }

    fn views(&self) -> usize {
        self.views
    }
}

impl Sas {
    /// What views are divided by.
    fn length(&self, pool: &dyn Pool) -> Result<Length, Error> {
        match self.similarity {
            Similarity::Cosine => Ok(Length::Own),
            Similarity::Dot => {
                let norms = pool.row_norms(Lp::L2)?;
                let all: Vec<usize> = (0..pool.rows()).collect();
                largest_norm(pool, Lp::L2, &norms, &all).map(Length::Given)
            }
        }
    }

    /// The latent classes of the examples.
    fn partition(
        &self,
        pool: &dyn Pool,
        length: Length,
        course: &mut Course<'_>,
    ) -> Result<Partition, Error> {
        if self.views == 1 {
            return self.classes.partition(pool, course);
        }
        let means = mean_views(pool, self.views, length)?;
        let means = Features::new(&means, pool.rows() / self.views, pool.dim())?;
        let means = CpuPool::new(means).with_stop(pool.stop().clone());
        self.classes.partition(&means, course)
    }
}

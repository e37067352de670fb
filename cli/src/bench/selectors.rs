//! Every selector from features in host memory to picks.

use super::device::Device;
use super::features::made;
use super::sizes::{Job, Sizes};
use super::timed::Clock;
use coresift::kernels::{Call, Watched, Watcher as _};
use coresift::{
    Classes, Coverage, Error, FacilityLocation, Features, GramSchmidt, Herding, KCenter, LogDet,
    Norm, ProbCover, Refine, Sas, Selection, Selector, Then, TypiClust, Uniform,
};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Instant;

/// Selectors that pick from one matrix of features.
pub struct Group {
    job: Job,
    cases: Vec<Case>,
    values: OnceLock<Vec<f32>>,
}

/// A selector with its options.
pub struct Case {
    /// Its name in reports.
    pub name: &'static str,
    /// The selector.
    pub selector: Box<dyn Selector>,
    besides: Vec<(&'static str, usize)>,
}

/// One selection, timed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The picks.
    pub selection: Selection,
    /// Seconds from features in host memory to picks.
    pub seconds: f64,
    /// Those spent in calls of the pool, the making of it too.
    pub device_seconds: f64,
    /// What they were spent on: name, calls, seconds.
    pub parts: Vec<(&'static str, u64, f64)>,
    /// What calls of the pool were asked for and what the host settled, in multiply-adds.
    pub operations: u64,
    /// Most bytes of device memory held at a time, where the device counts them.
    pub peak_bytes: Option<u64>,
}

/// A selector that its shape and budget say all of.
pub(super) fn case(name: &'static str, selector: impl Selector + 'static) -> Case {
    Case {
        name,
        selector: Box::new(selector),
        besides: Vec::new(),
    }
}

/// Every selector, by the features that it picks from.
#[must_use]
pub fn groups(sizes: &Sizes) -> Vec<Group> {
    let group = |job, cases| Group {
        job,
        cases,
        values: OnceLock::new(),
    };
    let classes = sizes.classes.0;
    let sas = |name, refine| Case {
        besides: vec![("classes", classes)],
        ..case(
            name,
            Sas {
                classes: Classes::Given(
                    (0..sizes.similarity.shape.rows)
                        .map(|row| row % classes)
                        .collect(),
                ),
                refine,
                ..Sas::default()
            },
        )
    };
    vec![
        group(
            sizes.sampling,
            vec![
                case("uniform", Uniform::default()),
                case("norm", Norm::default()),
            ],
        ),
        group(sizes.directions, by_directions()),
        group(
            sizes.similarity,
            vec![sas("sas", Refine::TopUp), sas("sas none", Refine::None)],
        ),
        group(sizes.labelling, few_to_label()),
    ]
}

/// Those that pick the few to label.
fn few_to_label() -> Vec<Case> {
    vec![
        case("typiclust", TypiClust::default()),
        case("prob_cover", ProbCover::default()),
        case("k_center", KCenter::default()),
        case("coverage", Coverage::default()),
        case("facility_location", FacilityLocation::default()),
        case("herding", Herding::default()),
    ]
}

/// Those that pick by directions.
fn by_directions() -> Vec<Case> {
    let greedy = GramSchmidt {
        greedy: true,
        ..GramSchmidt::default()
    };
    let ridge = GramSchmidt {
        ridge: Some(1.0),
        ..GramSchmidt::default()
    };
    let then = Then::new(Norm::default(), GramSchmidt::default());
    vec![
        case("gram_schmidt", GramSchmidt::default()),
        case("gram_schmidt greedy", greedy),
        case("gram_schmidt ridge", ridge),
        case("log_det", LogDet::default()),
        case("then (norm, gram_schmidt)", then),
    ]
}

impl Group {
    /// Rows to pick, and of what.
    #[must_use]
    pub fn job(&self) -> Job {
        self.job
    }

    /// The selectors.
    #[must_use]
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The features, made when first asked for.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn features(&self) -> Result<Features<'_>, Error> {
        made(&self.values, self.job.shape)
    }
}

impl Case {
    /// What its work grows with.
    #[must_use]
    pub fn size(&self, job: Job) -> BTreeMap<String, u64> {
        let shape = [
            ("rows", job.shape.rows),
            ("dim", job.shape.dim),
            ("budget", job.budget),
        ];
        let sizes = shape.iter().chain(&self.besides);
        sizes
            .map(|&(name, size)| (name.to_owned(), size as u64))
            .collect()
    }

    /// Makes a pool and picks from it.
    ///
    /// # Errors
    ///
    /// Those of the device and of the selector.
    pub fn run(
        &self,
        device: &dyn Device,
        features: &Features<'_>,
        budget: usize,
    ) -> Result<Run, Error> {
        device.take_record()?;
        let clock = Clock::default();
        let began = Instant::now();
        let making = Call {
            name: "pool",
            work: features.rows() * features.dim(),
        };
        let pool = (&clock).around(making, || device.pool(features.clone()))?;
        let timed = Watched::new(&*pool, &clock);
        let selection = self.selector.select(&timed, budget)?;
        let seconds = began.elapsed().as_secs_f64();
        drop(timed);
        drop(pool);
        let record = device.take_record()?;
        let peak_bytes = record.as_ref().map(|record| record.peak_bytes);
        Ok(Run {
            operations: clock.work() + selection.settled,
            selection,
            seconds,
            device_seconds: clock.seconds(),
            parts: record.map_or_else(|| clock.parts(), |record| record.parts),
            peak_bytes,
        })
    }
}

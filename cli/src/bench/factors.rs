//! What degenerate pools take every selector, over what an ordinary pool of their shape takes it.
//!
//! Seconds tell how it is, on one machine and at one time; operations, in multiply-adds, are the same
//! every time, so that a test can hold them to [`MOST`].

use super::degenerate::{Degenerate, pools};
use super::device::Device;
use super::report::Adapter;
use super::selectors::{Case, Run, case};
use super::sizes::Shape;
use super::words::{self, NONE};
use crate::columns::Columns;
use coresift::{
    Coverage, Delta, Error, FacilityLocation, Features, GramSchmidt, Herding, KCenter, LogDet,
    Norm, ProbCover, Sas, TypiClust,
};

/// Times as much as an ordinary pool that a degenerate one may take.
pub const MOST: f64 = 10.0;

/// A selector, and the rows that it picks of each pool.
pub struct Task {
    /// The selector.
    pub case: Case,
    /// Rows to pick.
    pub budget: usize,
}

/// What a selector takes.
#[derive(Clone, Debug)]
pub struct Costs {
    /// The selector's name.
    pub selector: &'static str,
    /// By the name of a pool what it takes, the ordinary pool first; `None` where the selector refuses
    /// such a pool.
    pub runs: Vec<(&'static str, Option<Run>)>,
}

impl Costs {
    /// Operations of a pool over those of the ordinary one.
    #[must_use]
    pub fn operations(&self, run: &Run) -> f64 {
        self.over_ordinary(run, |run| run.operations as f64)
    }

    /// The same of seconds.
    #[must_use]
    pub fn seconds(&self, run: &Run) -> f64 {
        self.over_ordinary(run, |run| run.seconds)
    }

    fn over_ordinary(&self, run: &Run, of: impl Fn(&Run) -> f64) -> f64 {
        let ordinary = self.runs.first().and_then(|(_, run)| run.as_ref());
        ordinary.map_or(f64::NAN, |ordinary| of(run) / of(ordinary))
    }
}

/// Every selector, for pools of so many rows.
#[must_use]
pub fn tasks(rows: usize) -> Vec<Task> {
    let greedy = GramSchmidt {
        greedy: true,
        ..GramSchmidt::default()
    };
    let max_norm = Norm {
        greedy: true,
        ..Norm::default()
    };
    let cover = |delta| ProbCover {
        delta,
        ..ProbCover::default()
    };
    let ridge = |ridge| GramSchmidt {
        ridge: Some(ridge),
        ..GramSchmidt::default()
    };
    let clusters = Some(10);
    let (many, few) = (rows / 10, 50);
    let tasks = [
        (case("norm", Norm::default()), many),
        (case("norm greedy", max_norm), many),
        (case("gram_schmidt", GramSchmidt::default()), many),
        (case("gram_schmidt greedy", greedy), many),
        (case("gram_schmidt ridge", ridge(1e-3)), many),
        (case("log_det", LogDet::default()), many),
        (
            case(
                "log_det 1e-3",
                LogDet {
                    ridge: 1e-3,
                    ..LogDet::default()
                },
            ),
            many,
        ),
        (case("sas", Sas::default()), rows / 2),
        (case("typiclust", TypiClust::default()), few),
        (case("prob_cover", cover(Delta::Fixed(1.0))), few),
        (
            case("prob_cover auto", cover(Delta::Auto { clusters })),
            few,
        ),
        (case("k_center", KCenter::default()), few),
        (case("coverage", Coverage::default()), few),
        (case("facility_location", FacilityLocation::default()), few),
        (case("herding", Herding::default()), few),
    ];
    let task = |(case, budget)| Task { case, budget };
    tasks.map(task).into()
}

/// Runs every selector over the pools of this shape; `tell` is told which.
///
/// # Errors
///
/// Those of the device; a selector that refuses a pool is none.
pub fn measure(
    device: &dyn Device,
    shape: Shape,
    tell: &mut dyn FnMut(&str),
) -> Result<Vec<Costs>, Error> {
    let pools = pools(shape)?;
    let of_task = |task: Task| {
        let runs = pools.iter().map(|pool| {
            tell(&format!("{}, {}", task.case.name, pool.name));
            Ok((pool.name, run(&task, device, pool)?))
        });
        Ok(Costs {
            selector: task.case.name,
            runs: runs.collect::<Result<_, Error>>()?,
        })
    };
    tasks(shape.rows).into_iter().map(of_task).collect()
}

fn run(task: &Task, device: &dyn Device, pool: &Degenerate) -> Result<Option<Run>, Error> {
    let Shape { rows, dim } = pool.shape;
    let features = Features::new(&pool.values, rows, dim)?;
    match task.case.run(device, &features, task.budget) {
        Err(Error::Argument { .. }) => Ok(None), // no cluster but one, and a distance asked for
        run => run.map(Some),
    }
}

/// All of that for the terminal.
#[must_use]
pub fn table(adapter: &Adapter, costs: &[Costs]) -> String {
    let names = ["  pools", "seconds", "factor", "operations", "factor"];
    let mut columns = Columns::new(names.map(str::to_owned).into(), false);
    for costs in costs {
        columns.text(format!("    {}", costs.selector));
        for (pool, run) in &costs.runs {
            let cells = run.as_ref().map_or([NONE; 4].map(str::to_owned), |run| {
                [
                    words::seconds(run.seconds),
                    words::ratio(costs.seconds(run), 1.0),
                    format!("{:.2e}", run.operations as f64),
                    words::ratio(costs.operations(run), 1.0),
                ]
            });
            let mut row = vec![format!("      {pool}")];
            row.extend(cells);
            columns.row(row);
        }
    }
    format!("{}\n\n{}", words::about(adapter), columns.show())
}

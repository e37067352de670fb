//! What a selector gives back.

use crate::names::names;

/// Rows chosen from a pool, in pick order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Row indices, distinct, in the order they were picked.
    pub picks: Vec<usize>,
    /// The score that won each pick, in the caller's unit, rounded to f32; each method says what
    /// it is.
    pub scores: Vec<f64>,
    /// Number of picks made before the start, which is 0, and before each restart: where the picks span
    /// or cover every row, some methods begin anew with the rows that are left.
    pub restarts: Vec<usize>,
    /// Why there are fewer picks than the budget, where that is so.
    pub shortfall: Option<Shortfall>,
    /// Passes made over the features: times that every row was read.
    pub passes: usize,
    /// Multiply-adds made in f64 on the host for what kernels left open; a look at what is known of a row
    /// counts as one. It tells what the device's calls do not: a pool on which it is many times another's
    /// is one that kernels cannot tell apart. Not the same on every device, and without what it took to
    /// find latent classes.
    pub settled: u64,
    /// What was picked of each latent class, where there are classes.
    pub classes: Vec<ClassShare>,
    /// What the method tells besides.
    pub details: Details,
    /// What is doubtful about the selection, though it was carried out as asked.
    pub warnings: Vec<Warning>,
}

/// What is doubtful about a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Warning {
    /// Most rows point so nearly the same way that 16-bit unit rows cannot tell them apart, as where a
    /// common mean drowns the rest: similarities are then those of the mean.
    /// [`center`](crate::center) takes it away.
    Parallel {
        /// Pairs of different rows among those looked at that cannot be told apart.
        pairs: usize,
        /// Pairs of different rows that were looked at.
        looked_at: usize,
    },
    /// The bandwidth is below 0.003: distances of 16-bit unit rows are too coarse for it.
    NarrowKernel,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (pairs, looked_at) = match self {
            Self::Parallel { pairs, looked_at } => (pairs, looked_at),
            Self::NarrowKernel => {
                return f.write_str(
                    "the bandwidth is below 0.003, for which distances of 16-bit unit rows are too coarse",
                );
            }
        };
        write!(
            f,
            "{pairs} of {looked_at} pairs of rows looked at point so nearly the same way that 16-bit unit \
             rows cannot tell them apart: a common mean drowns the rest"
        )
    }
}

/// What a method tells of its picks that others have no word for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Details {
    /// Nothing besides.
    #[default]
    None,
    /// Of [`Sas`](crate::Sas): one entry for each of [`Selection::classes`], in their order.
    Sas(Vec<SasClass>),
    /// Of [`ProbCover`](crate::ProbCover).
    ProbCover(CoveredRows),
    /// Of [`KCenter`](crate::KCenter).
    KCenter(Centers),
    /// Of [`LogDet`](crate::LogDet), and of [`GramSchmidt`](crate::GramSchmidt) with a ridge: one entry for each
    /// class that has a share of the budget, ascending; class 0 alone where there are no classes.
    Determinant(Vec<Determinant>),
    /// Of [`FacilityLocation`](crate::FacilityLocation) and [`Coverage`](crate::Coverage): one entry for each
    /// class that has a share of the budget, ascending; class 0 alone where there are no classes.
    Cover(Vec<ClassCover>),
    /// Of [`Herding`](crate::Herding): one entry for each class that has a share of the budget, ascending; class 0
    /// alone where there are no classes.
    Herding(Vec<HerdingTerms>),
}

/// What was in force in herding, in one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HerdingTerms {
    /// The class.
    pub class: usize,
    /// The bandwidth, where the kernel has one.
    pub sigma: Option<f64>,
    /// How much the mean of all rows counted.
    pub alpha: f64,
}

/// How well the picks of a class cover its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCover {
    /// The class.
    pub class: usize,
    /// The bandwidth in force, where the kernel has one.
    pub sigma: Option<f64>,
    /// What greedy picks have added to the objective F, in its unit.
    pub gains: f64,
    /// Greedy picks that added nothing, as where there are no more different rows.
    pub idle: usize,
    /// What became of the greedy picks, where they were refined.
    pub refined: Option<Refined>,
}

/// How greedy picks were refined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refined {
    /// The greedy picks, in their order.
    pub start: Vec<usize>,
    /// Sweeps made, or swaps.
    pub steps: usize,
    /// Rows that each pick stands for, in the order of the picks.
    pub sizes: Vec<usize>,
}

/// What SAS tells of one latent class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SasClass {
    /// The class.
    pub class: usize,
    /// Value of the objective F for its picks and labelled rows together, in the unit of similarities.
    pub value: f64,
    /// How its similarities were stored: never [`Storage::Auto`].
    pub storage: Storage,
}

/// The rows that lie near to a pick or to a labelled row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoveredRows {
    /// How near, between rows at length 1.
    pub delta: f64,
    /// How many rows.
    pub covered: usize,
}

/// How far rows lie from the picks and labelled rows that are nearest to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Centers {
    /// After each pick, the distance of the row that is farthest; with classes, of its class.
    pub radii: Vec<f64>,
    /// Picks that lay at distance 0, as where there are no more different rows.
    pub idle: usize,
}

/// The determinant of the picks of a class with a ridge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Determinant {
    /// The class.
    pub class: usize,
    /// λ, in the caller's unit, squared.
    pub lambda: f64,
    /// Σ log(λ + r²) over the picks, r being what was left of each by those before: log det(λI + F_S F_Sᵀ) or,
    /// where rows are labelled, what the picks add to that of the labelled ones.
    pub log_det: f64,
}

/// What a selection holds of one latent class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassShare {
    /// The class.
    pub class: usize,
    /// Rows of the class.
    pub rows: usize,
    /// Its share of the budget.
    pub budget: usize,
    /// How many of its rows were picked.
    pub picks: usize,
}

/// Whether the similarities of a class are kept. No pick depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Dense where they fit, else on the fly.
    #[default]
    Auto,
    /// All are computed once and kept.
    Dense,
    /// They are computed anew for every block of picks, and never kept.
    OnTheFly,
}

names!(Storage {
    Auto = "auto", "Dense where they fit, else on the fly";
    Dense = "dense", "Computed once and kept";
    OnTheFly = "on-the-fly", "Computed anew for every block of picks";
});

/// Why a selection is shorter than its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Shortfall {
    /// Picks that are missing from the budget.
    pub missing: usize,
    /// What ran out.
    pub reason: ShortfallReason,
}

/// What ran out before the budget did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ShortfallReason {
    /// Every row of positive weight is picked or labelled.
    ZeroWeight,
    /// The picks span every row, and the selector was asked to stop there.
    Rank,
    /// Double greedy dropped the rest, and the selector was asked for no more.
    Refined,
}

impl std::fmt::Display for ShortfallReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ZeroWeight => "no row of positive weight is left",
            Self::Rank => "the picks span every row",
            Self::Refined => "double greedy dropped the rest",
        })
    }
}

impl Details {
    /// Those of a class picked from by itself, with its number.
    pub(crate) fn of_class(mut self, class: usize) -> Self {
        match &mut self {
            Self::Determinant(all) => all.iter_mut().for_each(|own| own.class = class),
            Self::Herding(all) => all.iter_mut().for_each(|own| own.class = class),
            _ => {}
        }
        self
    }

    /// The rows that they name besides the picks, for those to whom they have other numbers.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut usize> {
        let covers = match self {
            Self::Cover(classes) => &mut classes[..],
            _ => &mut [],
        };
        let refined = covers.iter_mut().filter_map(|cover| cover.refined.as_mut());
        refined.flat_map(|refined| &mut refined.start)
    }
}

impl Selection {
    /// No pick yet.
    pub(crate) fn empty() -> Self {
        Self {
            restarts: vec![0],
            ..Self::default()
        }
    }

    /// Takes over those warnings that it has not yet.
    pub(crate) fn warn(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Notes that the budget was not reached, if so.
    pub(crate) fn finish(mut self, budget: usize, reason: ShortfallReason) -> Self {
        let missing = budget - self.picks.len();
        self.shortfall = (missing > 0).then_some(Shortfall { missing, reason });
        self
    }
}

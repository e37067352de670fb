//! Every kernel at the sizes of a benchmark: what it works on, what it must move and reckon, and
//! how its answer is told to be right.

use super::measure::made;
use super::sizes::{Shape, Sizes};
use coresift::bench::{Limit, Number};
use coresift::kernels::{
    Bunch, Due, Examples, Length, MARKED, Marks, Nearest, Rate, Reach, Residuals, Round, RowState,
    Similarities, Totals,
};
use coresift::{Error, Features, Lp, Pool};
use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::sync::OnceLock;

/// Neighbours that `closest` finds of each row.
const NEIGHBOURS: usize = 20;
/// What a product must be above to count, unit 2⁻³⁰.
const THRESHOLD: Option<i32> = Some(1 << 28);
/// Distance within which rows are near, and labels of `nearest_other`.
const DELTA: f64 = 0.9;
const LABELS: u32 = 7;
/// Rows of which one is due.
const DUE: usize = 64;
/// Rows of which one is gathered, or is a column that is summed.
const CHOSEN: usize = 100;
/// Rows of which one is a column of kept similarities that is summed.
const SUMMED: usize = 4;

/// Kernels that work on one matrix of features.
pub struct Group {
    shape: Shape,
    classes: usize,
    sizes: Sizes,
    cases: &'static [Case],
    values: OnceLock<Vec<f32>>,
}

/// A kernel at a size.
pub struct Case {
    /// Its name in reports.
    pub name: &'static str,
    /// The kernel.
    pub kernel: &'static str,
    /// Whether a CPU pool has its answer without running it.
    pub for_gpus: bool,
    work: fn(&Group) -> Work,
    prepare: for<'p> fn(&'p Group, &'p dyn Pool) -> Result<Ready<'p>, Error>,
}

/// A kernel ready to run: all that it works on is resident.
pub type Ready<'p> = Box<dyn FnMut() -> Result<Answer, Error> + 'p>;

/// What a run of a kernel must move and reckon.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// What it grows with.
    pub size: BTreeMap<String, u64>,
    /// Bytes read and written.
    pub bytes: f64,
    /// The limit of moving them.
    pub moved: Limit,
    /// Operations: a multiply-add is two.
    pub operations: f64,
    /// The limit of doing them.
    pub done: Limit,
}

/// What a kernel says.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Numbers that may be off by rounding.
    Norms(Vec<f32>),
    /// Rows, to the bit.
    Rows(Vec<f32>),
    /// Rows that are due.
    Due(Due),
    /// Totals of residuals.
    Totals(Totals),
    /// The nearest vectors.
    Nearest(Vec<Nearest>),
    /// Products with the closest rows.
    Closest(Vec<Vec<f32>>),
    /// Exact sums.
    Sums(Vec<i64>),
    /// Exact rounds.
    Rounds(Vec<Vec<Round>>),
    /// Exact counts.
    Counts(Vec<u32>),
    /// Exact marks.
    Marks(Vec<Marks>),
    /// Exact products.
    Products(Vec<i32>),
}

impl Answer {
    /// Whether two devices say the same, but for rounding where the contract allows it.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Norms(a), Self::Norms(b)) => all(a, b, |a, b| near((*a).into(), (*b).into())),
            (Self::Rows(a), Self::Rows(b)) => a == b,
            (Self::Due(a), Self::Due(b)) => a.count == b.count && sorted(a) == sorted(b),
            (Self::Totals(a), Self::Totals(b)) => {
                near(a.rate, b.rate) && near(a.residual_sq, b.residual_sq)
            }
            // Between scores that close any vector may be named.
            (Self::Nearest(a), Self::Nearest(b)) => all(a, b, |a, b| {
                (a.best - b.best).abs() < 1e-3 && (a.second - b.second).abs() < 1e-3
            }),
            (Self::Closest(a), Self::Closest(b)) => {
                all(a, b, |a, b| all(a, b, |a, b| (a - b).abs() < 1e-5))
            }
            (Self::Sums(a), Self::Sums(b)) => a == b,
            (Self::Rounds(a), Self::Rounds(b)) => a == b,
            (Self::Counts(a), Self::Counts(b)) => a == b,
            (Self::Marks(a), Self::Marks(b)) => a == b,
            (Self::Products(a), Self::Products(b)) => a == b,
            _ => false,
        }
    }
}

fn all<T>(a: &[T], b: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs() + 1e-9
}

fn sorted(due: &Due) -> Vec<usize> {
    let mut rows = due.rows.clone();
    rows.sort_unstable();
    rows
}

/// Every kernel, by the features that it works on.
#[must_use]
pub fn groups(sizes: &Sizes) -> Vec<Group> {
    let group = |shape, classes, cases| Group {
        shape,
        classes,
        sizes: sizes.clone(),
        cases,
        values: OnceLock::new(),
    };
    let (classes, class) = sizes.classes;
    let all_classes = Shape {
        rows: classes * class.rows,
        ..class
    };
    vec![
        group(sizes.rows, 1, ROWS),
        group(sizes.products, 1, PRODUCTS),
        group(sizes.pairs, 1, PAIRS),
        group(all_classes, classes, CLASSES),
    ]
}

impl Group {
    /// The features.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The features, made when first asked for.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn features(&self) -> Result<Features<'_>, Error> {
        made(&self.values, self.shape)
    }

    /// The kernels.
    #[must_use]
    pub fn cases(&self) -> &'static [Case] {
        self.cases
    }

    /// The similarities of the rows of each class at length 1.
    fn similarities<'p>(
        &self,
        pool: &'p dyn Pool,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + 'p>, Error> {
        let rows = self.every(1);
        let classes: Vec<&[usize]> = rows.chunks_exact(self.shape.rows / self.classes).collect();
        let examples = Examples {
            classes: &classes[..self.classes],
            views: 1,
            length: Length::Own,
        };
        pool.similarities(examples, threshold)
    }

    /// Every `step`th row.
    fn every(&self, step: usize) -> Vec<usize> {
        (0..self.shape.rows).step_by(step).collect()
    }

    /// Rows that are marked: as many as go at once.
    fn marked(&self) -> Vec<usize> {
        self.every(self.shape.rows.div_ceil(MARKED))
    }

    fn rows(&self) -> f64 {
        self.shape.rows as f64
    }

    /// Values of all rows.
    fn values(&self) -> f64 {
        self.rows() * self.shape.dim as f64
    }

    /// Work of the features' size, and of what else there is.
    fn work(&self, besides: &[(&str, usize)]) -> Work {
        let shape = [("rows", self.shape.rows), ("dim", self.shape.dim)];
        let sizes = shape.iter().chain(besides);
        Work {
            size: sizes
                .map(|&(n, size)| (n.to_owned(), size as u64))
                .collect(),
            bytes: 0.0,
            moved: Limit::Read,
            operations: 0.0,
            done: Limit::MultiplyAdd(Number::F32),
        }
    }

    /// Work that reads every feature once, reads and writes `beside` bytes a row, and multiplies
    /// every row `products` times.
    fn pass(&self, besides: &[(&str, usize)], beside: f64, products: usize) -> Work {
        Work {
            bytes: 4.0 * self.values() + beside * self.rows(),
            operations: 2.0 * self.values() * products as f64,
            ..self.work(besides)
        }
    }

    /// Work on integer rows, which it reads once: products of so many pairs, and so many bytes
    /// besides.
    fn products(&self, besides: &[(&str, usize)], pairs: f64, beside: f64) -> Work {
        Work {
            bytes: 2.0 * self.values() + beside,
            operations: 2.0 * pairs * self.shape.dim as f64,
            done: Limit::MultiplyAdd(Number::I32),
            ..self.work(besides)
        }
    }

    /// Pairs of rows of one class, each once, a row with itself too.
    fn pairs(&self) -> f64 {
        let of_class = self.rows() / self.classes as f64;
        self.rows() * (of_class + 1.0) / 2.0
    }
}

impl Case {
    /// What a run must move and reckon.
    #[must_use]
    pub fn work(&self, group: &Group) -> Work {
        (self.work)(group)
    }

    /// Makes resident what the kernel works on.
    ///
    /// # Errors
    ///
    /// Those of the pool.
    pub fn prepare<'p>(&self, group: &'p Group, pool: &'p dyn Pool) -> Result<Ready<'p>, Error> {
        (self.prepare)(group, pool)
    }
}

const fn case(
    name: &'static str,
    kernel: &'static str,
    work: fn(&Group) -> Work,
    prepare: for<'p> fn(&'p Group, &'p dyn Pool) -> Result<Ready<'p>, Error>,
) -> Case {
    Case {
        name,
        kernel,
        for_gpus: false,
        work,
        prepare,
    }
}

const ROWS: &[Case] = &[
    // The check of the features leaves these lengths to a CPU pool.
    Case {
        for_gpus: true,
        ..case("row_norms l2", "row_norms", norms, |_, pool| {
            Ok(Box::new(|| pool.row_norms(Lp::L2).map(Answer::Norms)))
        })
    },
    case("row_norms l1", "row_norms", norms, |_, pool| {
        Ok(Box::new(|| pool.row_norms(Lp::L1).map(Answer::Norms)))
    }),
    case("row_norms linf", "row_norms", norms, |_, pool| {
        Ok(Box::new(|| pool.row_norms(Lp::LInf).map(Answer::Norms)))
    }),
    case(
        "gather_rows",
        "gather_rows",
        |group| {
            let gathered = group.every(CHOSEN).len();
            Work {
                bytes: (gathered * (8 * group.shape.dim + 4)) as f64,
                moved: Limit::Copy,
                ..group.work(&[("gathered", gathered)])
            }
        },
        |group, pool| {
            let wanted = group.every(CHOSEN);
            Ok(Box::new(move || {
                pool.gather_rows(&wanted).map(Answer::Rows)
            }))
        },
    ),
    case(
        "due_rows",
        "due_rows",
        |group| {
            let due = group.every(DUE).len();
            Work {
                bytes: (size_of::<RowState>() * group.shape.rows + 4 * due) as f64,
                ..group.work(&[("due", due)])
            }
        },
        |group, pool| {
            // Rows of length 1, of which every 64th has little left: a bound far from both kinds.
            let state = |row| RowState {
                residual_sq: 1.0,
                left: if row % DUE == 0 { 1.0 } else { 3.0 },
                guard: 0.0,
                norm_sq: 1.0,
            };
            let states: Vec<RowState> = (0..group.shape.rows).map(state).collect();
            let mut residuals = pool.residuals()?;
            residuals.load(&states)?;
            let most = group.shape.rows;
            Ok(Box::new(move || {
                let due = residuals.due_rows(2.0, Rate::new(1.0), most);
                due.map(Answer::Due)
            }))
        },
    ),
    case(
        "deflate",
        "deflate",
        |group| {
            let block = group.sizes.block.min(group.shape.dim);
            group.pass(&[("directions", block)], STATE_BOTH_WAYS, block)
        },
        |group, pool| {
            let directions = directions(pool.dim(), group.sizes.block);
            let dt = vec![1e-6; directions.len() / pool.dim()];
            let mut residuals = residuals(pool)?;
            Ok(Box::new(move || {
                let totals = residuals.deflate(&directions, &dt, Rate::new(1.0));
                totals.map(Answer::Totals)
            }))
        },
    ),
    case(
        "refresh",
        "refresh",
        // Two projections, each of two products.
        |group| {
            let basis = group.sizes.basis.min(group.shape.dim);
            group.pass(&[("directions", basis)], STATE_BOTH_WAYS, 4 * basis)
        },
        |group, pool| {
            let basis = directions(pool.dim(), group.sizes.basis);
            let mut residuals = residuals(pool)?;
            Ok(Box::new(move || {
                let totals = residuals.refresh(&basis, -1.0, Rate::new(1.0));
                totals.map(Answer::Totals)
            }))
        },
    ),
    case(
        "nearest",
        "nearest",
        |group| {
            let beside = (4 + size_of::<Nearest>()) as f64;
            let centres = group.sizes.centres;
            group.pass(&[("centres", centres)], beside, centres)
        },
        |group, pool| {
            let centres: Vec<usize> = (0..group.sizes.centres.min(pool.rows())).collect();
            let centres = pool.gather_rows(&centres)?;
            let half_sq = |v: &[f32]| v.iter().map(|v| v * v).sum::<f32>() / 2.0;
            let offsets: Vec<f32> = centres.chunks(pool.dim()).map(half_sq).collect();
            let lengths = vec![1.0; pool.rows()];
            Ok(Box::new(move || {
                pool.nearest(&centres, &offsets, &lengths)
                    .map(Answer::Nearest)
            }))
        },
    ),
];

const PRODUCTS: &[Case] = &[
    case(
        "closest",
        "closest",
        // Of two rows each has its own list: the product is formed for either.
        |group| {
            let lists = (4 * NEIGHBOURS + 4) as f64;
            group.pass(&[("neighbours", NEIGHBOURS)], lists, group.shape.rows)
        },
        |group, pool| {
            let norms = pool.row_norms(Lp::L2)?;
            let lengths: Vec<f64> = norms.iter().map(|&norm| f64::from(norm).sqrt()).collect();
            let (rows, centre) = (group.every(1), vec![0.0; pool.dim()]);
            let halves = vec![0.5; rows.len()];
            Ok(Box::new(move || {
                let bunch = Bunch {
                    rows: &rows,
                    lengths: &lengths,
                    centre: &centre,
                    halves: &halves,
                };
                let closest = pool.closest(&[bunch], NEIGHBOURS);
                closest.map(Answer::Closest)
            }))
        },
    ),
    case(
        "store_similarities",
        "store_similarities",
        |group| group.products(&[], group.pairs(), 2.0 * group.rows() * group.rows()),
        |group, pool| {
            let mut similarities = group.similarities(pool, THRESHOLD)?;
            let columns = group.every(CHOSEN);
            Ok(Box::new(move || {
                similarities.store(0..1)?;
                // A device's own clock leaves this out, and any other hardly sees it.
                similarities.sum_stored(&columns).map(Answer::Sums)
            }))
        },
    ),
];

/// Rows that become whole numbers: read twice, once for their lengths, and written.
fn made_whole(group: &Group) -> Work {
    Work {
        bytes: 10.0 * group.values(),
        ..group.work(&[])
    }
}

const PAIRS: &[Case] = &[
    case(
        "row_sums",
        "row_sums",
        |group| group.products(&[], group.pairs(), 8.0 * group.rows()),
        |group, pool| {
            let similarities = group.similarities(pool, THRESHOLD)?;
            Ok(Box::new(move || similarities.row_sums().map(Answer::Sums)))
        },
    ),
    case(
        "count_within",
        "count_within",
        |group| group.products(&[], group.pairs(), 4.0 * group.rows()),
        |_, pool| {
            let neighbours = pool.neighbours()?;
            let least = Reach::of(DELTA, pool.dim()).possible;
            Ok(Box::new(move || {
                neighbours.count_within(least).map(Answer::Counts)
            }))
        },
    ),
    case(
        "nearest_other",
        "nearest_other",
        |group| group.products(&[], group.pairs(), 8.0 * group.rows()),
        |_, pool| {
            let neighbours = pool.neighbours()?;
            let labels: Vec<u32> = (0..pool.rows() as u32).map(|row| row % LABELS).collect();
            Ok(Box::new(move || {
                neighbours.nearest_other(&labels).map(Answer::Products)
            }))
        },
    ),
    case(
        "mark_within",
        "mark_within",
        |group| {
            let marked = group.marked().len();
            let pairs = group.rows() * marked as f64;
            group.products(&[("marked", marked)], pairs, 8.0 * group.rows())
        },
        |group, pool| {
            let neighbours = pool.neighbours()?;
            let (marked, all) = (group.marked(), group.every(1));
            let reach = Reach::of(DELTA, pool.dim());
            Ok(Box::new(move || {
                let marks = neighbours.mark_within(&marked, &all, reach);
                marks.map(Answer::Marks)
            }))
        },
    ),
];

const CLASSES: &[Case] = &[
    case("quantise", "quantise", made_whole, |group, pool| {
        Ok(Box::new(|| {
            let similarities = group.similarities(pool, THRESHOLD)?;
            similarities.squares().map(Answer::Products)
        }))
    }),
    case(
        "sum_columns",
        "sum_columns",
        summed_columns,
        |group, pool| sums_of_columns(group, pool, THRESHOLD),
    ),
    case(
        "sum_columns products",
        "sum_columns",
        summed_columns,
        |group, pool| sums_of_columns(group, pool, None),
    ),
    case(
        "sum_stored",
        "sum_stored",
        |group| {
            let columns = group.every(SUMMED).len();
            let of_class = (columns / group.classes) as f64;
            Work {
                bytes: group.rows() * (2.0 * of_class + 8.0),
                ..group.work(&[("classes", group.classes), ("columns", columns)])
            }
        },
        |group, pool| {
            let (similarities, columns) = (stored(group, pool)?, group.every(SUMMED));
            Ok(Box::new(move || {
                similarities.sum_stored(&columns).map(Answer::Sums)
            }))
        },
    ),
    case(
        "greedy_rounds",
        "greedy_rounds",
        // A round reads a row of similarities and, where they do not stay in registers, the gains.
        |group| {
            let rounds = rounds(group);
            let of_rounds = 2.0 * rounds as f64 + 16.0;
            Work {
                bytes: group.rows() * of_rounds,
                operations: 2.0 * group.rows() * rounds as f64,
                done: Limit::MultiplyAdd(Number::I32),
                ..group.work(&[("classes", group.classes), ("rounds", rounds)])
            }
        },
        |group, pool| {
            let mut similarities = stored(group, pool)?;
            let sums = similarities.row_sums()?;
            let counts = vec![rounds(group); group.classes];
            Ok(Box::new(move || {
                let mut gains = sums.clone();
                let rounds = similarities.greedy_rounds(&mut gains, &counts, -2);
                rounds.map(Answer::Rounds)
            }))
        },
    ),
];

/// Bytes of a row's state, read and written.
const STATE_BOTH_WAYS: f64 = 2.0 * size_of::<RowState>() as f64;

fn norms(group: &Group) -> Work {
    group.pass(&[], 4.0, 0)
}

/// Rounds of each class: four fifths of its rows are picked.
fn rounds(group: &Group) -> usize {
    group.shape.rows / group.classes * 4 / 5
}

fn summed_columns(group: &Group) -> Work {
    let columns = group.every(CHOSEN).len();
    let pairs = group.rows() * (columns / group.classes) as f64;
    let besides = [("classes", group.classes), ("columns", columns)];
    group.products(&besides, pairs, 8.0 * group.rows())
}

fn sums_of_columns<'p>(
    group: &'p Group,
    pool: &'p dyn Pool,
    threshold: Option<i32>,
) -> Result<Ready<'p>, Error> {
    let similarities = group.similarities(pool, threshold)?;
    let columns = group.every(CHOSEN);
    Ok(Box::new(move || {
        similarities.sum_columns(&columns).map(Answer::Sums)
    }))
}

/// The similarities of all classes, kept.
fn stored<'p>(group: &'p Group, pool: &'p dyn Pool) -> Result<Box<dyn Similarities + 'p>, Error> {
    let mut similarities = group.similarities(pool, THRESHOLD)?;
    similarities.store(0..group.classes)?;
    Ok(similarities)
}

/// States of rows of which nothing has been projected out.
fn residuals<'p>(pool: &'p dyn Pool) -> Result<Box<dyn Residuals + 'p>, Error> {
    let norms = pool.row_norms(Lp::L2)?;
    let state = |(row, &norm_sq): (usize, &f32)| RowState {
        residual_sq: norm_sq,
        left: 1.0 + (row % DUE) as f32,
        guard: 0.0,
        norm_sq,
    };
    let states: Vec<RowState> = norms.iter().enumerate().map(state).collect();
    let mut residuals = pool.residuals()?;
    residuals.load(&states)?;
    Ok(residuals)
}

/// The first `count` vectors of the discrete cosine basis: orthonormal, and no value is zero for
/// an arithmetic unit to save power on.
fn directions(dim: usize, count: usize) -> Vec<f32> {
    let value = |at: usize| {
        let (m, j) = ((at / dim) as f64, (at % dim) as f64);
        let scale = if m == 0.0 { 1.0 } else { 2.0 } / dim as f64;
        (scale.sqrt() * (PI * (j + 0.5) * m / dim as f64).cos()) as f32
    };
    (0..count.min(dim) * dim).map(value).collect()
}

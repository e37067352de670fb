//! Every kernel at the sizes of a benchmark: what it works on, what it must move and compute, and
//! how its answer is told to be right.

mod answer;
mod classes;
mod cover;
mod pairs;
mod rows;

use super::features::made;
use super::sizes::{Shape, Sizes};
pub use answer::Answer;
use coresift::bench::{Limit, Number};
use coresift::kernels::{Examples, KernelFunction, Length, MARKED, Similarities};
use coresift::{Error, Features, Pool};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A product must be above this to count, unit 2⁻³⁰.
const FUNCTION: KernelFunction = KernelFunction::Thresholded(1 << 28);
/// Rows of which one is gathered, or is a column that is summed.
const CHOSEN: usize = 100;

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

/// What a run of a kernel must move and compute.
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
        group(sizes.rows, 1, rows::ROWS),
        group(sizes.products, 1, pairs::PRODUCTS),
        group(sizes.products, 1, cover::COVER),
        group(sizes.pairs, 1, pairs::PAIRS),
        group(all_classes, classes, classes::CLASSES),
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
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + 'p>, Error> {
        let rows = self.every(1);
        let classes: Vec<&[usize]> = rows.chunks_exact(self.shape.rows / self.classes).collect();
        let examples = Examples {
            classes: &classes[..self.classes],
            views: 1,
            length: Length::Own,
        };
        pool.similarities(examples, function)
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
    /// What a run must move and compute.
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

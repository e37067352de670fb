//! How large the problems are.

use coresift::bench::Effort;

/// Rows and columns of a feature matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub dim: usize,
}

/// A pool for selectors, and how many rows each picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The pool.
    pub shape: Shape,
    /// Rows to pick.
    pub budget: usize,
}

/// Sizes of everything that is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// Whether they are cut down for a quick look.
    pub quick: bool,
    /// Runs of each measurement.
    pub samples: usize,
    /// Bytes of the buffers by which bandwidth is measured.
    pub buffer: usize,
    /// Seconds that a sample of arithmetic or of latency takes at least.
    pub least_seconds: f64,
    /// Kernels that read every row once.
    pub rows: Shape,
    /// Directions of a deflation.
    pub block: usize,
    /// Directions of a refresh.
    pub basis: usize,
    /// Vectors of which the nearest is found.
    pub centres: usize,
    /// Products of all pairs of rows, in f32 and in integers kept.
    pub products: Shape,
    /// Products of all pairs of rows that end in a sum, a count or a maximum.
    pub pairs: Shape,
    /// Classes of integer rows, and the shape of each.
    pub classes: (usize, Shape),
    /// The cheap selectors.
    pub sampling: Job,
    /// Gram-Schmidt.
    pub directions: Job,
    /// SAS: the budget of all classes together.
    pub similarity: Job,
    /// Selectors of a few rows to label.
    pub labelling: Job,
}

impl Sizes {
    /// What measuring a limit takes.
    pub(super) fn effort(&self) -> Effort {
        Effort {
            samples: self.samples,
            buffer: self.buffer,
            least_seconds: self.least_seconds,
        }
    }

    /// Those of common data sets; a software adapter takes hours over them.
    #[must_use]
    pub fn full() -> Self {
        let shape = |rows| Shape { rows, dim: 512 };
        Self {
            quick: false,
            samples: 5,
            buffer: 512 << 20,
            least_seconds: 0.05,
            rows: shape(1_000_000),
            block: 32,
            basis: 128,
            centres: 100,
            products: shape(16_384),
            pairs: shape(65_536),
            classes: (10, shape(5000)),
            sampling: Job {
                shape: shape(1_000_000),
                budget: 10_000,
            },
            directions: Job {
                shape: shape(50_000),
                budget: 200,
            },
            similarity: Job {
                shape: shape(50_000),
                budget: 40_000,
            },
            labelling: Job {
                shape: Shape {
                    rows: 20_000,
                    dim: 128,
                },
                budget: 100,
            },
        }
    }

    /// So small that only answers can be told, for tests.
    #[must_use]
    pub fn tiny() -> Self {
        let shape = |rows| Shape { rows, dim: 16 };
        let job = |rows, budget| Job {
            shape: shape(rows),
            budget,
        };
        Self {
            samples: 1,
            buffer: 1 << 20,
            least_seconds: 0.0,
            rows: shape(500),
            block: 5,
            basis: 9,
            centres: 7,
            products: shape(130),
            pairs: shape(150),
            classes: (2, shape(60)),
            sampling: job(500, 20),
            directions: job(300, 10),
            similarity: job(120, 60),
            labelling: job(150, 8),
            ..Self::quick()
        }
    }

    /// Small enough for a software adapter to be done in less than two minutes.
    #[must_use]
    pub fn quick() -> Self {
        let shape = |rows| Shape { rows, dim: 128 };
        Self {
            quick: true,
            samples: 5,
            buffer: 128 << 20,
            least_seconds: 0.01,
            rows: shape(20_000),
            block: 32,
            basis: 32,
            centres: 32,
            products: shape(1024),
            pairs: shape(2048),
            classes: (4, shape(512)),
            sampling: Job {
                shape: shape(20_000),
                budget: 200,
            },
            directions: Job {
                shape: shape(5000),
                budget: 50,
            },
            similarity: Job {
                shape: shape(2000),
                budget: 1600,
            },
            labelling: Job {
                shape: Shape {
                    rows: 2000,
                    dim: 64,
                },
                budget: 50,
            },
        }
    }
}

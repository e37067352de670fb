//! The methods that the experiments compare, under the names that tables have for them.

use coresift::{Coverage, GramSchmidt, Norm, ProbCover, Selector, Then, TypiClust, Uniform};

/// A method's name, and the selector for a seed.
pub(crate) type Method = (&'static str, fn(u64) -> Box<dyn Selector>);

/// Every subset alike.
pub(crate) const RANDOM: Method = ("Random", |seed| {
    Box::new(Uniform {
        seed,
        ..Uniform::default()
    })
});

/// The largest norms.
pub(crate) const MAX_NORM: Method = ("Max norm", |_| {
    Box::new(Norm {
        greedy: true,
        ..Norm::default()
    })
});

/// Draws in proportion to norms: the paper's norm randomisation (eq. 1).
pub(crate) const NORM: Method = ("Norm", |seed| Box::new(norm(seed)));

/// Algorithm 1.
pub(crate) const GRAM_SCHMIDT: Method = ("Gram-Schmidt", |seed| {
    Box::new(GramSchmidt {
        seed,
        ..GramSchmidt::default()
    })
});

/// The same, in proportion to squared residuals.
pub(crate) const GRAM_SCHMIDT_SQUARED: Method = ("Gram-Schmidt, p ∝ norm²", |seed| {
    Box::new(GramSchmidt {
        power: 2.0,
        seed,
        ..GramSchmidt::default()
    })
});

/// The largest residual.
pub(crate) const GRAM_SCHMIDT_GREEDY: Method = ("Gram-Schmidt greedy", |_| {
    Box::new(GramSchmidt {
        greedy: true,
        ..GramSchmidt::default()
    })
});

/// Of the papers that the first compares itself to, alone and with norms in the second stage, and our own default.
pub(crate) const FOR_FEW_LABELS: [Method; 9] = [
    RANDOM,
    MAX_NORM,
    NORM,
    GRAM_SCHMIDT,
    ("TypiClust", |seed| Box::new(typiclust(seed))),
    ("TypiClust then norm", |seed| {
        Box::new(Then::new(typiclust(seed), norm(seed)))
    }),
    ("ProbCover", |seed| Box::new(prob_cover(seed))),
    ("ProbCover then norm", |seed| {
        Box::new(Then::new(prob_cover(seed), norm(seed)))
    }),
    ("Coverage", |_| Box::new(Coverage::default())),
];

fn norm(seed: u64) -> Norm {
    Norm {
        seed,
        ..Norm::default()
    }
}

fn typiclust(seed: u64) -> TypiClust {
    TypiClust {
        seed,
        ..TypiClust::default()
    }
}

/// By default its distance is that of purity 0.95 among as many clusters as picks.
fn prob_cover(seed: u64) -> ProbCover {
    ProbCover {
        seed,
        ..ProbCover::default()
    }
}

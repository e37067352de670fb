//! The methods that the experiments compare, under the names that tables have for them.

use coresift::{Coverage, Delta, GramSchmidt, Norm, ProbCover, Selector, Then, TypiClust, Uniform};

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

/// Selectors by their names, for one seed.
pub(crate) type Named = Vec<(&'static str, Box<dyn Selector>)>;

/// Random picks, those of the papers that the first compares itself to, alone and with norms in the second stage, and our
/// own default; for so many classes as labels will have.
pub(crate) fn for_few_labels(seed: u64, classes: usize) -> Named {
    let of_first = [RANDOM, MAX_NORM, NORM, GRAM_SCHMIDT].map(|(name, of)| (name, of(seed)));
    let mut methods = Named::from(of_first);
    let cover = || prob_cover(seed, classes);
    methods.push(("TypiClust", Box::new(typiclust(seed))));
    let then_norm = Then::new(typiclust(seed), norm(seed));
    methods.push(("TypiClust then norm", Box::new(then_norm)));
    methods.push(("ProbCover", Box::new(cover())));
    let then_norm = Then::new(cover(), norm(seed));
    methods.push(("ProbCover then norm", Box::new(then_norm)));
    methods.push(("Coverage", Box::new(Coverage::default())));
    methods
}

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

/// Its distance is that of purity 0.95, among as many clusters as there are classes (section 4.3 of its paper).
fn prob_cover(seed: u64, classes: usize) -> ProbCover {
    ProbCover {
        delta: Delta::Auto {
            clusters: Some(classes),
        },
        seed,
        ..ProbCover::default()
    }
}

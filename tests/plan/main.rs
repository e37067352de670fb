//! What selections are said to take, against what the library counts as it makes them.

#[path = "../common/mod.rs"]
mod common;
mod counts;
mod refusals;
mod said;

use coresift::{
    Classes, Convergence, Coverage, CpuPool, Delta, FacilityLocation, Features, GramSchmidt,
    Herding, KCenter, KMeans, LogDet, Lp, Norm, ProbCover, Refine, Sas, Selector, Storage, Then,
    TypiClust, Uniform,
};

/// Rows and values a row of the pool.
const SHAPE: [usize; 2] = [900, 24];
const BUDGET: usize = 60;

/// Clusters after a ReLU; no row is zero.
fn features() -> Features<'static> {
    let [rows, dim] = SHAPE;
    let (centres, noise) = (
        common::fractions(1, 12 * dim),
        common::fractions(2, rows * dim),
    );
    let value = |at: usize| {
        let centre = centres[at / dim % 12 * dim + at % dim];
        (centre + 0.3 * noise[at]).max(0.0) + 0.01
    };
    let values: Vec<f32> = (0..rows * dim).map(value).collect();
    Features::from_owner(values, rows, dim).unwrap()
}

fn classes() -> Classes {
    Classes::Given((0..SHAPE[0]).map(|row| row % 12 / 4).collect())
}

fn k_means(max_sweeps: usize) -> KMeans {
    KMeans {
        convergence: Convergence {
            max_sweeps,
            tolerance: 0.0,
        },
        ..KMeans::new(12, 0)
    }
}

fn centers_of_classes() -> KCenter {
    KCenter {
        classes: Some(classes()),
        ..KCenter::default()
    }
}

fn herding_of_classes() -> Herding {
    Herding {
        classes: Some(classes()),
        ..Herding::default()
    }
}

fn gram_schmidt(change: fn(&mut GramSchmidt)) -> GramSchmidt {
    let mut selector = GramSchmidt::default();
    change(&mut selector);
    selector
}

/// Every selector, by name, and whether what it takes depends on the values.
fn selectors() -> Vec<(&'static str, Box<dyn Selector>, bool)> {
    fn of(
        name: &'static str,
        depends: bool,
        selector: impl Selector + 'static,
    ) -> (&'static str, Box<dyn Selector>, bool) {
        (name, Box::new(selector), depends)
    }
    let greedy = gram_schmidt(|s| s.greedy = true);
    let plain = gram_schmidt(|s| s.norm = Lp::LInf);
    let of_classes = gram_schmidt(|s| s.classes = Some(classes()));
    let ridge = gram_schmidt(|s| s.ridge = Some(0.1));
    let sas = |refine, storage| Sas {
        classes: classes(),
        refine,
        storage,
        ..Sas::default()
    };
    let of_clusters = Uniform {
        classes: Some(Classes::KMeans(k_means(300))),
        ..Uniform::default()
    };
    let cover = ProbCover {
        delta: Delta::Fixed(0.4),
        ..ProbCover::default()
    };
    let given = TypiClust {
        clusters: Some((0..SHAPE[0]).map(|row| row % 12).collect()),
        ..TypiClust::default()
    };
    vec![
        of("random", false, Uniform::default()),
        of("random of clusters", true, of_clusters),
        of("norm", false, Norm::default()),
        of("gram-schmidt", true, GramSchmidt::default()),
        of("gram-schmidt greedy", true, greedy),
        of("gram-schmidt plain", false, plain),
        of("gram-schmidt of classes", true, of_classes),
        of("gram-schmidt ridge", true, ridge),
        of("log-det", true, LogDet::default()),
        of("sas none", false, sas(Refine::None, Storage::Auto)),
        of("sas", true, sas(Refine::TopUp, Storage::Auto)),
        of("sas on the fly", true, sas(Refine::None, Storage::OnTheFly)),
        of("typiclust", true, TypiClust::default()),
        of("typiclust given", true, given),
        of("probcover", true, ProbCover::default()),
        of("probcover given", true, cover),
        of("k-center", true, KCenter::default()),
        of("k-center of classes", true, centers_of_classes()),
        of("coverage", true, Coverage::default()),
        of("facility location", true, FacilityLocation::default()),
        of("herding", true, Herding::default()),
        of("herding of classes", true, herding_of_classes()),
        of(
            "then",
            true,
            Then::new(Norm::default(), GramSchmidt::default()),
        ),
    ]
}

fn pool() -> CpuPool<'static> {
    CpuPool::new(features())
}

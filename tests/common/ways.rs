//! Every selector by every way that it may go.

use super::{fractions, with};
use coresift::{
    Classes, Coverage, Delta, FacilityLocation, GramSchmidt, Herding, KCenter, KMeans, LogDet, Lp,
    Metric, Norm, OnExhaustion, ProbCover, Refine, Refinement, Sas, Selector, Storage, Then,
    TypiClust, Uniform,
};

/// Every selector by every way that it may go, for a pool of so many rows.
pub fn selectors(rows: usize, dim: usize) -> Vec<(&'static str, Box<dyn Selector>)> {
    let clusters = || Classes::KMeans(KMeans::new(rows / 50, 1));
    let prompts = Classes::Prompts {
        embeddings: fractions(9, rows / 2 * dim),
    };
    let few_labels = Classes::FewLabels {
        rows: (0..rows / 10).collect(),
        classes: (0..rows / 10).map(|row| row % 50).collect(),
    };
    let of_classes = || Classes::Given((0..rows).map(|row| row % 8).collect());
    let on_the_fly = sas(Classes::One, Storage::OnTheFly, Refine::None);
    let stored = || sas(of_classes(), Storage::Dense, Refine::None);
    let linear = Sas {
        threshold: None,
        ..sas(Classes::One, Storage::Auto, Refine::None)
    };
    let one_cluster = |s: &mut TypiClust| s.clusters = Some(vec![0; rows]);
    let near = |s: &mut ProbCover| s.delta = Delta::Fixed(0.9);
    let mut all = by_similarity();
    all.extend(by_distance(clusters()));
    all.extend(by_residuals());
    all.extend(class_by_class(&of_classes()));
    all.extend([
        ("uniform", uniform(clusters())),
        ("norm", norm(clusters())),
        ("norm by prompts", norm(prompts)),
        ("uniform by few labels", uniform(few_labels)),
        ("sas", Box::new(on_the_fly)),
        ("sas, stored", Box::new(stored())),
        (
            "sas, refined",
            Box::new(sas(of_classes(), Storage::Auto, Refine::TopUp)),
        ),
        ("sas, linear", Box::new(linear)),
        ("typiclust", Box::new(TypiClust::default())),
        ("typiclust, one cluster", with(one_cluster)),
        ("probcover", Box::new(ProbCover::default())),
        ("probcover, near", with(near)),
        (
            "sas then gram-schmidt",
            Box::new(Then::new(stored(), l_infinity())),
        ),
    ]);
    all
}

/// Those that go by how similar all rows are.
pub fn by_similarity() -> Vec<(&'static str, Box<dyn Selector>)> {
    vec![
        ("coverage", with(|_: &mut Coverage| {})),
        ("facility location", facility_location(Storage::Auto)),
        (
            "coverage, swapped",
            with(|s: &mut Coverage| s.refine = Refinement::Swap),
        ),
        (
            "facility location, on the fly",
            facility_location(Storage::OnTheFly),
        ),
        ("herding", with(|_: &mut Herding| {})),
    ]
}

fn by_distance(clusters: Classes) -> Vec<(&'static str, Box<dyn Selector>)> {
    vec![
        ("k-center", with(|_: &mut KCenter| {})),
        (
            "k-center, by angles",
            with(|s: &mut KCenter| s.metric = Metric::Cosine),
        ),
        (
            "k-center by clusters",
            with(|s: &mut KCenter| s.classes = Some(clusters)),
        ),
    ]
}

/// Those that pick from each class as from a pool of its rows alone, and have no other way here.
fn class_by_class(classes: &Classes) -> Vec<(&'static str, Box<dyn Selector>)> {
    let drawn = |s: &mut GramSchmidt| s.classes = Some(classes.clone());
    let by_determinant = |s: &mut LogDet| s.classes = Some(classes.clone());
    let herded = |s: &mut Herding| s.classes = Some(classes.clone());
    vec![
        ("gram-schmidt of classes", with(drawn)),
        ("log-det of classes", with(by_determinant)),
        ("herding of classes", with(herded)),
    ]
}

fn l_infinity() -> GramSchmidt {
    GramSchmidt {
        norm: Lp::LInf,
        ..GramSchmidt::default()
    }
}

/// Gram-Schmidt by every way, with a ridge and without.
fn by_residuals() -> Vec<(&'static str, Box<dyn Selector>)> {
    let by_cubes = |s: &mut GramSchmidt| (s.power, s.on_exhaustion) = (3.0, OnExhaustion::Restart);
    vec![
        ("gram-schmidt", Box::new(GramSchmidt::default())),
        ("gram-schmidt by cubes", with(by_cubes)),
        (
            "gram-schmidt, greedy",
            with(|s: &mut GramSchmidt| s.greedy = true),
        ),
        (
            "gram-schmidt, l1",
            with(|s: &mut GramSchmidt| s.norm = Lp::L1),
        ),
        (
            "gram-schmidt, ridge",
            with(|s: &mut GramSchmidt| s.ridge = Some(0.1)),
        ),
        ("log-det", with(|s: &mut LogDet| s.labelled = vec![2, 11])),
    ]
}

pub fn sas(classes: Classes, storage: Storage, refine: Refine) -> Sas {
    Sas {
        classes,
        storage,
        refine,
        ..Sas::default()
    }
}

fn uniform(classes: Classes) -> Box<dyn Selector> {
    with(|s: &mut Uniform| s.classes = Some(classes))
}

fn facility_location(storage: Storage) -> Box<dyn Selector> {
    with(|s: &mut FacilityLocation| s.storage = storage)
}

fn norm(classes: Classes) -> Box<dyn Selector> {
    with(|s: &mut Norm| s.classes = Some(classes))
}

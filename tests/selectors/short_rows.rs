//! Rows that are nothing beside the longest.

use crate::common::{fractions, on_every_device, with, with_features_lent};
use coresift::{
    Classes, CpuPool, Delta, Features, KMeans, Norm, Pool, ProbCover, Sas, Selector, Then,
    TypiClust,
};

const ROWS: usize = 60;
const DIM: usize = 3;

/// The same rows in three units by turns: 2 to these powers.
fn in_units(units: [i32; 3]) -> Vec<f32> {
    // From 1 to 7, so that 2^-149 times each is an f32.
    let whole = fractions(5, ROWS * DIM);
    let whole: Vec<f32> = whole.iter().map(|v| (v * 7.0).trunc()).collect();
    let whole = (whole.chunks(DIM)).flat_map(|x| [x[0] + 8.0, x[1], x[2]]);
    let unit = |at: usize| f64::from(units[at / DIM % 3]).exp2();
    let values = whole.enumerate();
    values
        .map(|(at, v)| (f64::from(v) * unit(at)) as f32)
        .collect()
}

/// Those that go by directions.
fn by_directions() -> [(&'static str, Box<dyn Selector>); 6] {
    let classes = Classes::KMeans(KMeans::new(4, 1));
    let auto = Delta::Auto { clusters: Some(4) };
    let then = Then::new(Sas::default(), TypiClust::default());
    [
        ("sas", Box::new(Sas::default())),
        ("sas, clusters", with(|s: &mut Sas| s.classes = classes)),
        ("typiclust", with(|s: &mut TypiClust| s.neighbours = 3)),
        (
            "probcover",
            with(|s: &mut ProbCover| s.delta = Delta::Fixed(0.3)),
        ),
        ("probcover, auto", with(|s: &mut ProbCover| s.delta = auto)),
        ("then", Box::new(then)),
    ]
}

/// A row has a direction if it has any value, however short it is beside the longest: picks that go by
/// directions are those of the same rows at ordinary lengths, on rows lent, uploaded and gathered.
#[test]
fn the_shortest_rows_have_their_directions() {
    let selectors = by_directions();
    let plain = in_units([0, 0, 0]);
    let plain = CpuPool::new(Features::new(&plain, ROWS, DIM).unwrap());
    for units in [[59, -149, 0], [-149, -149, -149], [-140, 50, 40]] {
        let x = in_units(units);
        let features = Features::new(&x, ROWS, DIM).unwrap();
        let check = |device: &str, pool: &dyn Pool| {
            for (name, selector) in &selectors {
                let want = selector.select(&plain, 12).unwrap();
                let got = selector.select(pool, 12);
                let got = got.unwrap_or_else(|error| panic!("{name} on {device}: {error}"));
                assert_eq!(got.picks, want.picks, "{name} on {device}, units {units:?}");
            }
            let k_means = KMeans::new(4, 1);
            let want = k_means.fit(&plain).unwrap();
            assert_eq!(
                k_means.fit(pool).unwrap(),
                want,
                "{device}, units {units:?}"
            );
            // And a weight that is not zero.
            for greedy in [false, true] {
                let norm = Norm {
                    greedy,
                    ..Norm::default()
                };
                let all = norm.select(pool, ROWS).unwrap();
                assert_eq!(all.shortfall, None, "{device}, units {units:?}");
            }
        };
        on_every_device(features.clone(), check);
        with_features_lent(features, check);
    }
}

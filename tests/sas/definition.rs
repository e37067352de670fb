//! Small pools against sums over all pairs.

use crate::common::{on_every_device, oracle};
use crate::{greedy, of, of_classes, small_pool, with_each_storage};
use coresift::{Classes, Features, Pool, Refine, Sas, Selection, Selector, Similarity};

const UNIT: f64 = 1.0 / 65536.0;

const UNIT_OF_PRODUCTS: f64 = 1.0 / (1 << 30) as f64;

/// Objective, gains, double greedy and top-up of random pools of up to twelve rows, in two classes
/// and with a labelled row, against sums over all pairs.
#[test]
fn small_pools_by_the_definition() {
    let dim = 3;
    for seed in 0..12 {
        let rows = 6 + seed as usize % 7;
        let x = small_pool(seed, rows, dim);
        // Even rows are class 1, odd ones class 0; row 4 is labelled.
        let classes: Vec<usize> = (0..rows).map(|row| 1 - row % 2).collect();
        let largest = x
            .chunks(dim)
            .map(|x| oracle::norms(x)[1].sqrt())
            .fold(0.0, f64::max);
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            // Thousands of selections, each of many dispatches: a third of the pools do for a GPU.
            if device != "cpu" && seed % 3 > 0 {
                return;
            }
            for threshold in [Some(0.0), Some(0.4), None] {
                for similarity in [Similarity::Cosine, Similarity::Dot] {
                    let sas = Sas {
                        classes: Classes::Given(classes.clone()),
                        threshold,
                        similarity,
                        labelled: vec![4],
                        seed: 7,
                        ..greedy()
                    };
                    let over = (similarity == Similarity::Dot).then_some(largest);
                    for sas in with_each_storage(&sas) {
                        let at = format!(
                            "seed {seed} {threshold:?} {similarity:?} {device} {:?} {}",
                            sas.storage, sas.block
                        );
                        against_the_definition(pool, &sas, &x, dim, over, &at);
                    }
                }
            }
        });
    }
}

fn against_the_definition(
    pool: &dyn Pool,
    sas: &Sas,
    x: &[f32],
    dim: usize,
    largest: Option<f64>,
    at: &str,
) {
    let rows = x.len() / dim;
    for budget in [1, rows / 2, rows - 1] {
        let select = |refine, worst| {
            let sas = Sas {
                refine,
                worst,
                ..sas.clone()
            };
            sas.select(pool, budget).unwrap()
        };
        for (class, first) in [(0, 1), (1, 0)] {
            let members: Vec<usize> = (first..rows).step_by(2).collect();
            let of_class = members.iter().flat_map(|&row| &x[row * dim..][..dim]);
            let of_class: Vec<f32> = of_class.copied().collect();
            let class = Class {
                class,
                labelled: (0..members.len()).filter(|&i| members[i] == 4).collect(),
                members,
                cut: oracle::Cut::new(&of_class, dim, sas.threshold, largest),
                unit: match sas.threshold {
                    Some(_) => UNIT,
                    None => UNIT_OF_PRODUCTS,
                },
                at: format!("{at} class {class} budget {budget}"),
            };
            class.check(select);
        }
    }
}

/// One class by the definition.
struct Class {
    class: usize,
    members: Vec<usize>,
    /// Places of the labelled ones among them.
    labelled: Vec<usize>,
    cut: oracle::Cut,
    unit: f64,
    at: String,
}

impl Class {
    /// All that can be asked of a selection's picks of the class.
    fn check(&self, select: impl Fn(Refine, bool) -> Selection) {
        let Self { cut, labelled, .. } = self;
        let split = |mut set: Vec<usize>| set.split_off(labelled.len());
        let plain = select(Refine::None, false);
        let share = plain.classes.iter().find(|share| share.class == self.class);
        let budget = share.unwrap_or_else(|| panic!("{}", self.at)).budget;

        let mut set = labelled.clone();
        let gains = cut.greedy(&mut set, budget, false);
        let ground = split(set);
        self.agree("greedy", &plain, &ground, Some(&gains));

        let kept = cut.double_greedy(labelled, &ground, None);
        let got = select(Refine::DoubleGreedy, false);
        self.agree("double greedy", &got, &kept, None);

        let random = cut.double_greedy(labelled, &ground, Some((7, &self.members)));
        let got = select(Refine::RandomDoubleGreedy, false);
        self.agree("random", &got, &random, None);

        let mut set = [&labelled[..], &kept].concat();
        cut.greedy(&mut set, budget - kept.len(), false);
        let got = select(Refine::TopUp, false);
        self.agree("top up", &got, &split(set), None);

        let mut set = labelled.clone();
        let gains = cut.greedy(&mut set, budget, true);
        let got = select(Refine::TopUp, true);
        self.agree("worst", &got, &split(set), Some(&gains));
    }

    /// Picks, their gains and what they come to with the labelled rows are those wanted.
    fn agree(&self, name: &str, got: &Selection, want: &[usize], gains: Option<&[i64]>) {
        let at = &self.at;
        let picks: Vec<usize> = want.iter().map(|&i| self.members[i]).collect();
        let (found, scores) = of(got, self.class);
        assert_eq!(found, picks, "{at} {name}");
        if let Some(gains) = gains {
            let gains: Vec<f64> = gains.iter().map(|&g| g as f64 * self.unit).collect();
            assert_eq!(scores, gains, "{at} {name} gains");
        }
        let set = [&self.labelled, want].concat();
        let value = self.cut.value(&set) as f64 * self.unit;
        let told = of_classes(got).iter().find(|told| told.class == self.class);
        assert_eq!(told.unwrap().value, value, "{at} {name} value");
    }
}

//! What holds of SAS on every device: the definition, the roads, real pools, bad input.

mod apricot;
mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod definition;
mod pools;
mod progress;
mod real_pools;

use common::fractions;
use coresift::{Refine, Road, Sas, Selection};

fn greedy() -> Sas {
    Sas {
        refine: Refine::None,
        ..Sas::default()
    }
}

/// Every road that is open to the options, with blocks from the smallest on.
fn roads(sas: &Sas) -> Vec<Sas> {
    let mut roads = vec![
        (Road::Auto, 1024),
        (Road::MatrixFree, 1),
        (Road::MatrixFree, 3),
    ];
    if sas.threshold.is_some() {
        roads.push((Road::Stored, 1024));
    }
    let with = |(road, block)| Sas {
        road,
        block,
        ..sas.clone()
    };
    roads.into_iter().map(with).collect()
}

/// Rows about a common direction, some of them twice, so that there are ties and gains of both
/// signs.
fn small_pool(seed: u32, rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(seed, rows * dim);
    x.iter_mut().step_by(dim).for_each(|v| *v += 0.7);
    let twice = x[..dim].to_vec();
    x[(rows - 1) * dim..].copy_from_slice(&twice);
    x
}

/// A selection's picks of one class, and their scores.
fn of(selection: &Selection, class: usize) -> (Vec<usize>, Vec<f64>) {
    let mut at = 0;
    for share in &selection.classes {
        let end = at + share.picks;
        if share.class == class {
            return (
                selection.picks[at..end].to_vec(),
                selection.scores[at..end].to_vec(),
            );
        }
        at = end;
    }
    panic!("class {class} is not in the selection")
}

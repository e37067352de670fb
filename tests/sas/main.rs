//! What holds of SAS on every device: the definition, both storages, real pools, bad input.

mod apricot;
mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod definition;
mod pools;
mod progress;
mod real_pools;

use common::fractions;
use coresift::{Details, Refine, Sas, SasClass, Selection, Storage};

fn greedy() -> Sas {
    Sas {
        refine: Refine::None,
        ..Sas::default()
    }
}

/// With each storage that is open to the options, and blocks from the smallest on.
fn with_each_storage(sas: &Sas) -> Vec<Sas> {
    let mut all = vec![
        (Storage::Auto, 1024),
        (Storage::OnTheFly, 1),
        (Storage::OnTheFly, 3),
    ];
    if sas.threshold.is_some() {
        all.push((Storage::Dense, 1024));
    }
    let with = |(storage, block)| Sas {
        storage,
        block,
        ..sas.clone()
    };
    all.into_iter().map(with).collect()
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

/// What a selection tells of its classes.
fn of_classes(selection: &Selection) -> &[SasClass] {
    match &selection.details {
        Details::Sas(classes) => classes,
        other => panic!("{other:?} instead of what SAS tells"),
    }
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

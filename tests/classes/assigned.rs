//! Classes that follow from a few labels, or from prompts.

use crate::common::{fractions, oracle};
use crate::{
    POOLS, classes_of, fixture, indices, on_every_pool, rows_of_all_lengths, stored, unit,
};
use coresift::{Classes, Features};

#[test]
fn few_labels_are_scikit_learns() {
    for name in POOLS {
        let stored = stored(name);
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let fixture = fixture(&format!("few_labels_{name}"));
        let (rows, classes) = (indices(&fixture["rows"]), indices(&fixture["classes"]));
        let mut want = indices(&fixture["predicted"]);
        for (&row, &class) in rows.iter().zip(&classes) {
            want[row] = class;
        }
        on_every_pool(features, |device, pool| {
            let (rows, classes) = (rows.clone(), classes.clone());
            let found = classes_of(&Classes::FewLabels { rows, classes }, pool);
            assert_eq!(found, want, "{name} on {device}");
        });
    }
}

/// Class numbers may have gaps, and rows that are shown keep theirs even against the model.
#[test]
fn labels_that_are_shown_stay() {
    let x = [1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0, 1.0, 0.1, 5.0, 0.0, 0.0];
    on_every_pool(Features::new(&x, 6, 2).unwrap(), |device, pool| {
        let classes = Classes::FewLabels {
            rows: vec![3, 0, 2, 1],
            classes: vec![90, 7, 7, 90],
        };
        let found = classes_of(&classes, pool);
        assert_eq!(found[..5], [7, 90, 7, 90, 90], "{device}");
        // A row of zeros is left to the biases.
        assert!([7, 90].contains(&found[5]), "{device}");
    });
}

#[test]
fn prompts_are_nearest_by_cosine() {
    let (rows, dim, count) = (400, 24, 13);
    let x = rows_of_all_lengths(rows, dim);
    let mut prompts = fractions(8, count * dim);
    prompts.copy_within(0..dim, 5 * dim); // prompt 5 ties with prompt 0 everywhere
    for (prompt, values) in prompts.chunks_mut(dim).enumerate() {
        values
            .iter_mut()
            .for_each(|v| *v *= 10f32.powi(prompt as i32 % 5 * 7 - 14));
    }
    prompts.copy_within(0..dim, 5 * dim);
    let units: Vec<Vec<f64>> = prompts.chunks(dim).map(unit).collect();
    let nearest = |x: &[f32]| {
        let z = unit(x);
        (0..count).fold(0, |best, k| {
            let better = oracle::dot(&z, &units[k]) > oracle::dot(&z, &units[best]) + 1e-13;
            if better { k } else { best }
        })
    };
    let want: Vec<usize> = x.chunks(dim).map(nearest).collect();
    assert!(want.contains(&0) && !want.contains(&5) && want[10] == 0);
    on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        let embeddings = prompts.clone();
        let found = classes_of(&Classes::Prompts { embeddings }, pool);
        assert_eq!(found, want, "{device}");
    });
}

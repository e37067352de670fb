//! Stratified by classes: each class is picked from as if its rows were all there are.

use crate::common::{fractions, on_every_device};
use coresift::{
    Classes, Coverage, CpuPool, FacilityLocation, Features, Refinement, Selection, Selector,
};

const ROWS: usize = 60;
const DIM: usize = 5;

fn of_class(class: usize) -> Vec<usize> {
    (0..ROWS).filter(|row| row % 7 % 3 == class).collect()
}

/// What a selector without classes picks of each class's rows alone, as rows of all.
fn apart(
    x: &[f32],
    shares: &[usize],
    select: impl Fn(&CpuPool<'_>, &[usize], usize) -> Selection,
) -> (Vec<usize>, Vec<f64>) {
    let (mut picks, mut scores) = (Vec::new(), Vec::new());
    for (class, &share) in shares.iter().enumerate() {
        let rows = of_class(class);
        let own: Vec<f32> = rows
            .iter()
            .flat_map(|row| &x[row * DIM..][..DIM])
            .copied()
            .collect();
        let pool = CpuPool::new(Features::new(&own, rows.len(), DIM).unwrap());
        let labelled: Vec<usize> = (0..rows.len()).filter(|&at| rows[at] % 20 == 3).collect();
        let got = select(&pool, &labelled, share);
        picks.extend(got.picks.iter().map(|&at| rows[at]));
        scores.extend(got.scores);
    }
    (picks, scores)
}

#[test]
fn each_class_is_picked_from_by_itself() {
    let x = fractions(3, ROWS * DIM);
    let given = Classes::Given((0..ROWS).map(|row| row % 7 % 3).collect());
    let labelled: Vec<usize> = (0..ROWS).filter(|row| row % 20 == 3).collect();
    on_every_device(Features::new(&x, ROWS, DIM).unwrap(), |device, pool| {
        let got = FacilityLocation {
            labelled: labelled.clone(),
            classes: Some(given.clone()),
            ..FacilityLocation::default()
        };
        let got = got.select(pool, 12).unwrap();
        let shares: Vec<usize> = got.classes.iter().map(|class| class.picks).collect();
        assert_eq!(shares.len(), 3);
        let want = apart(&x, &shares, |pool, labelled, share| {
            let alone = FacilityLocation {
                labelled: labelled.to_vec(),
                ..FacilityLocation::default()
            };
            alone.select(pool, share).unwrap()
        });
        assert_eq!((got.picks, got.scores), want, "{device}");
        for refine in [Refinement::Lloyd, Refinement::Swap, Refinement::None] {
            let got = Coverage {
                refine,
                labelled: labelled.clone(),
                classes: Some(given.clone()),
                ..Coverage::default()
            };
            let got = got.select(pool, 12).unwrap();
            let want = apart(&x, &shares, |pool, labelled, share| {
                let alone = Coverage {
                    refine,
                    labelled: labelled.to_vec(),
                    ..Coverage::default()
                };
                alone.select(pool, share).unwrap()
            });
            assert_eq!((got.picks, got.scores), want, "{refine} on {device}");
        }
    });
}

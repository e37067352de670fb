//! No pool takes a selector more than ten times what an ordinary pool of its shape takes, in operations
//! counted: seconds of so small pools are those of the machine.

use coresift::{CpuPool, Features};
use coresift_cli::bench::degenerate::pools;
use coresift_cli::bench::{Cpu, Shape, factors};

const SHAPE: Shape = Shape {
    rows: 1500,
    dim: 32,
};

#[test]
fn no_pool_takes_ten_times_an_ordinary_one() {
    let measured = factors::measure(&Cpu, SHAPE, &mut |_| {}).unwrap();
    let mut above = Vec::new();
    for costs in &measured {
        for (pool, run) in &costs.runs {
            let at = format!("{} on {pool}", costs.selector);
            let Some(run) = run else {
                // A single direction has no rows of another cluster.
                assert_eq!(at, "prob_cover auto on equal rows");
                continue;
            };
            assert!(
                run.operations > run.selection.settled,
                "{at}: no call counted"
            );
            let factor = costs.operations(run);
            if factor > factors::MOST {
                above.push(format!("{at}: {factor:.1} times"));
            }
        }
    }
    assert!(above.is_empty(), "{above:#?}");
}

/// What is counted is what a selection without a look at it does, and no part of it goes uncounted.
#[test]
fn counting_changes_no_pick() {
    let pools = pools(SHAPE).unwrap();
    let measured = factors::measure(&Cpu, SHAPE, &mut |_| {}).unwrap();
    for (task, costs) in factors::tasks(SHAPE.rows).iter().zip(&measured) {
        assert_eq!(costs.runs.len(), pools.len());
        for (pool, (name, run)) in pools.iter().zip(&costs.runs) {
            let features = Features::new(&pool.values, pool.shape.rows, pool.shape.dim).unwrap();
            let plain = task
                .case
                .selector
                .select(&CpuPool::new(features), task.budget);
            let at = format!("{} on {name}", costs.selector);
            assert_eq!(
                plain.ok(),
                run.as_ref().map(|run| run.selection.clone()),
                "{at}"
            );
        }
    }
    // Where kernels leave pairs or rows open, the host's part is counted.
    let settled = |(selector, pool): (&str, &str)| {
        let costs = measured.iter().find(|costs| costs.selector == selector);
        let runs = &costs.unwrap().runs;
        let run = runs.iter().find(|(name, _)| *name == pool);
        run.unwrap().1.as_ref().unwrap().selection.settled
    };
    for cell in [
        ("norm greedy", "equal rows"),
        ("gram_schmidt", "ordinary"),
        ("gram_schmidt greedy", "one column"),
        ("typiclust", "ordinary"),
        ("prob_cover", "rank 1"),
        ("prob_cover auto", "ordinary"),
    ] {
        assert!(settled(cell) > 0, "{cell:?}");
    }
}

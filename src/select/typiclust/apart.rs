//! Clusters that parts of a pool work on by themselves: a cluster goes to the part that has all its rows, or with its
//! rows to the one that has least to do.

use super::cluster::Cluster;
use super::made::Made;
use crate::checkpoint::unfit;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::steps::{ClusterOf, Steps, Typicality};
use crate::progress::Pass;
use crate::select::apart::{Part, each, parts};
use std::ops::Range;

/// Values of rows that are on their way to other parts at a time: 48 MiB; one cluster's may be more.
const VALUES: usize = 3 << 22;

/// Rows picked, with their typicality.
type Picks = Vec<(usize, f64)>;

/// A cluster that a part works on.
struct Job<'a> {
    /// Which it is.
    at: usize,
    rows: &'a [usize],
    picks: usize,
    /// Where its rows' values are among those of the wave, where they are not the part's own.
    values: Option<Range<usize>>,
}

/// Whose turn it is, pick by pick: clusters of so many rows give one each in their order, and again.
pub(super) fn order(sizes: &[usize], picks: usize) -> Vec<usize> {
    let mut order = Vec::with_capacity(picks);
    let longest = sizes.iter().copied().max().unwrap_or(0);
    for round in 0..longest {
        let able = (0..sizes.len()).filter(|&cluster| sizes[cluster] > round);
        order.extend(able.take(picks - order.len()));
    }
    order
}

/// Makes the picks of some clusters in their turns, up to `picks`.
pub(super) fn pick(
    pool: &dyn Pool,
    clusters: &[Cluster],
    rule: Typicality,
    made: &mut Made<'_, '_>,
    picks: usize,
) -> Result<(), Error> {
    let sizes: Vec<usize> = clusters.iter().map(|one| one.rows().len()).collect();
    let order = order(&sizes, picks);
    let mut wanted = vec![0; clusters.len()];
    order.iter().for_each(|&cluster| wanted[cluster] += 1);
    let mut found = again(clusters, &order, made)?;
    let is_open = |&at: &usize| found[at].len() < wanted[at];
    let open: Vec<usize> = (0..clusters.len()).filter(is_open).collect();
    let (mut parts, mut taken, mut first) = (parts(pool), vec![0; clusters.len()], 0);
    let mut order = order.into_iter().peekable();
    loop {
        let waiting = &open[first..];
        while let Some(at) = order.next_if(|at| !waiting.contains(at)) {
            made.take(found[at][taken[at]])?;
            taken[at] += 1;
        }
        if waiting.is_empty() {
            return Ok(());
        }
        let wave = wave(waiting, clusters, pool.dim());
        first += wave.len();
        let pairs = wave.iter().map(|&at| clusters[at].pairs()).sum();
        let (jobs, abroad) = jobs(wave, clusters, &wanted, (pool.dim(), &parts));
        let values = pool.given_rows(&abroad)?;
        let pass = Pass::begin(pairs, made.course.listener())?;
        for (at, picks) in work(&mut parts, (&jobs, &values), rule, &pass)? {
            found[at] = picks;
        }
    }
}

/// Of every cluster what an earlier run has picked, to be picked again.
fn again(clusters: &[Cluster], order: &[usize], made: &Made<'_, '_>) -> Result<Vec<Picks>, Error> {
    let mut found = vec![Vec::new(); clusters.len()];
    for (&at, pick) in order.iter().zip(made.again()) {
        if !clusters[at].rows().contains(&pick.0) {
            return Err(unfit());
        }
        found[at].push(pick);
    }
    Ok(found)
}

/// The clusters of the next turns whose rows may be on their way together.
fn wave<'a>(waiting: &'a [usize], clusters: &[Cluster], dim: usize) -> &'a [usize] {
    let mut values = 0;
    let fits = |&&at: &&usize| {
        values += clusters[at].rows().len() * dim;
        values <= VALUES
    };
    let count = waiting.iter().take_while(fits).count().max(1);
    &waiting[..count]
}

/// What each part is to do, and the rows whose values must come for that.
fn jobs<'a>(
    wave: &[usize],
    clusters: &'a [Cluster],
    wanted: &[usize],
    (dim, parts): (usize, &[Part<&dyn Steps>]),
) -> (Vec<Vec<Job<'a>>>, Vec<usize>) {
    let mut jobs: Vec<Vec<Job<'a>>> = parts.iter().map(|_| Vec::new()).collect();
    let (mut pairs, mut abroad) = (vec![0; parts.len()], Vec::new());
    for &at in wave {
        let rows = clusters[at].rows();
        let has = |part: &Part<_>| rows.iter().all(|row| part.rows.contains(row));
        let home = parts.iter().position(has);
        let values = home.is_none().then(|| {
            let first = abroad.len() * dim;
            abroad.extend(rows);
            first..abroad.len() * dim
        });
        let least = (0..parts.len()).min_by_key(|&part| pairs[part]);
        let part = home.or(least).unwrap_or(0);
        pairs[part] += clusters[at].pairs();
        jobs[part].push(Job {
            at,
            rows,
            picks: wanted[at],
            values,
        });
    }
    (jobs, abroad)
}

/// What the parts have picked, side by side.
fn work(
    parts: &mut [Part<&dyn Steps>],
    (jobs, values): (&[Vec<Job<'_>>], &[f32]),
    rule: Typicality,
    pass: &Pass<'_>,
) -> Result<Vec<(usize, Picks)>, Error> {
    let found = each(parts, |part| {
        let of_job = |job: &Job<'_>| {
            let own: Vec<usize>;
            let cluster = match &job.values {
                Some(own) => ClusterOf::Values(&values[own.clone()]),
                None => {
                    own = job.rows.iter().map(|row| row - part.rows.start).collect();
                    ClusterOf::Rows(&own)
                }
            };
            let picks = job.picks;
            let found = part.handle.typical(cluster, Typicality { picks, ..rule })?;
            pass.met((job.rows.len() as u64).pow(2))?;
            let picks = found.into_iter();
            Ok((
                job.at,
                picks.map(|(at, value)| (job.rows[at], value)).collect(),
            ))
        };
        jobs[part.at]
            .iter()
            .map(of_job)
            .collect::<Result<Vec<_>, Error>>()
    })?;
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn clusters_give_a_row_each_in_turn() {
        assert_eq!(order(&[3, 1, 2], 6), [0, 1, 2, 0, 2, 0]);
        assert_eq!(order(&[3, 1, 2], 4), [0, 1, 2, 0]);
        assert_eq!(order(&[3, 1], 9), [0, 1, 0, 0]);
        assert!(order(&[], 0).is_empty());
    }
}

//! Mirror of `shaders/k_nearest.wgsl`.

use super::block_pairs::{Part, each_pair_of_blocks};
use super::blocks::BLOCK;
use super::read_rows::read_rows;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{self, Features};
use crate::kernels::pool::{ClusterRows, MOST_NEIGHBOURS};
use crate::progress::Pass;
use crate::reduce;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::ops::Range;

/// As many as a list may be long.
const LANES: usize = MOST_NEIGHBOURS;

/// Some rows of a cluster, and their lists.
struct Block<'a> {
    cluster: &'a ClusterRows<'a>,
    /// The place of the first row.
    first: usize,
    lists: &'a mut [f32],
}

/// What a thread works in.
struct Scratch {
    read: features::Scratch,
    rows: Vec<f32>,
    others: Vec<f32>,
    found: Answers,
}

/// What some rows answer to others.
struct Answers {
    products: Vec<f32>,
    /// Those that a list may take.
    able: Vec<f32>,
}

/// Some rows of a cluster over their lengths and less its centre, from that at place `first` on.
#[derive(Clone, Copy)]
struct Made<'a> {
    first: usize,
    values: &'a [f32],
}

/// For every row of every cluster the `k` largest products less halves. Where rows have to be read so many bytes of
/// them are held at a time.
pub(super) fn k_nearest(
    features: &Features<'_>,
    clusters: &[ClusterRows<'_>],
    k: usize,
    memory: u64,
    watch: (&Stop, &Pass<'_>),
) -> Result<Vec<Vec<f32>>, Error> {
    let lists = |cluster: &ClusterRows<'_>| vec![f32::MIN; cluster.rows.len() * k];
    let mut closest: Vec<Vec<f32>> = clusters.iter().map(lists).collect();
    if features.are_read() {
        let most = usize::try_from(memory / (4 * features.dim() as u64)).unwrap_or(usize::MAX);
        fill_read(
            features,
            clusters,
            &mut closest,
            (k, most.max(BLOCK)),
            watch,
        )?;
        return Ok(closest);
    }
    // Blocks of all clusters alike, so that many small ones keep every core at work.
    let blocks = closest.iter_mut().zip(clusters);
    let blocks: Vec<Block<'_>> = blocks
        .flat_map(|(lists, cluster)| blocks_of(cluster, 0, lists, k))
        .collect();
    let values = BLOCK * features.dim();
    let scratch = || Scratch {
        read: features::Scratch::default(),
        rows: vec![0.0; values],
        others: vec![0.0; values],
        found: Answers::new(),
    };
    let stop = watch.0;
    (stop.over(blocks.into_par_iter())).try_for_each_init(scratch, |scratch, block| {
        fill(features, block?, k, scratch, watch)
    })?;
    Ok(closest)
}

/// The rows of a cluster from place `first` on, cut into blocks.
fn blocks_of<'a>(
    cluster: &'a ClusterRows<'a>,
    first: usize,
    lists: &'a mut [f32],
    k: usize,
) -> impl Iterator<Item = Block<'a>> {
    let places = (first..).step_by(BLOCK);
    (places.zip(lists.chunks_mut(BLOCK * k))).map(move |(first, lists)| Block {
        cluster,
        first,
        lists,
    })
}

/// The lists of all rows, which have to be read: clusters together that fit, or parts of one.
fn fill_read(
    features: &Features<'_>,
    clusters: &[ClusterRows<'_>],
    closest: &mut [Vec<f32>],
    (k, most): (usize, usize),
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<(), Error> {
    let dim = features.dim();
    let (mut clusters, mut closest) = (clusters, closest);
    while let Some(cluster) = clusters.first() {
        let mut rows = 0;
        let fits = |cluster: &&ClusterRows<'_>| {
            rows += cluster.rows.len();
            rows <= most
        };
        let count = clusters.iter().take_while(fits).count();
        let (some, lists);
        (some, clusters) = clusters.split_at(count.max(1));
        (lists, closest) = std::mem::take(&mut closest).split_at_mut(some.len());
        if count == 0 {
            let (cluster, lists) = (cluster, &mut lists[0]);
            each_pair_of_blocks(
                (cluster.rows.len(), most),
                |rows| vec![0.0; rows * dim],
                |part, values: &mut Vec<f32>| {
                    let values = &mut values[part.places.start * dim..part.places.end * dim];
                    read_about_centres(features, [(cluster, part.positions.clone())], values, stop)
                },
                |values, parts| meet_parts(cluster, values, parts, lists, (k, dim), (stop, pass)),
            )?;
            continue;
        }
        let all = some.iter().map(|cluster| (cluster, 0..cluster.rows.len()));
        let rows: usize = some.iter().map(|cluster| cluster.rows.len()).sum();
        let mut values = vec![0.0; rows * dim];
        read_about_centres(features, all, &mut values, stop)?;
        let (mut rest, mut blocks) = (&values[..], Vec::new());
        for (cluster, lists) in some.iter().zip(lists) {
            let values;
            (values, rest) = rest.split_at(cluster.rows.len() * dim);
            let made = Made { first: 0, values };
            blocks.extend(blocks_of(cluster, 0, lists, k).map(|block| (block, made, made)));
        }
        meet_all(blocks, (k, dim), (stop, pass))?;
    }
    Ok(())
}

/// Each of two parts of a cluster meets the other, or one itself.
fn meet_parts(
    cluster: &ClusterRows<'_>,
    values: &[f32],
    parts: [&Part; 2],
    lists: &mut [f32],
    (k, dim): (usize, usize),
    watch: (&Stop, &Pass<'_>),
) -> Result<(), Error> {
    let made = parts.map(|part| Made {
        first: part.positions.start,
        values: &values[part.places.start * dim..part.places.end * dim],
    });
    let is_one = parts[0].positions == parts[1].positions;
    for (own, other) in [(0, 1), (1, 0)]
        .into_iter()
        .take(if is_one { 1 } else { 2 })
    {
        let positions = &parts[own].positions;
        let lists = &mut lists[positions.start * k..positions.end * k];
        let blocks = blocks_of(cluster, positions.start, lists, k);
        let blocks = blocks.map(|block| (block, made[own], made[other]));
        meet_all(blocks.collect(), (k, dim), watch)?;
    }
    Ok(())
}

/// Blocks of rows that have been made meet others that have.
fn meet_all(
    blocks: Vec<(Block<'_>, Made<'_>, Made<'_>)>,
    (k, dim): (usize, usize),
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<(), Error> {
    (stop.over(blocks.into_par_iter())).try_for_each_init(Answers::new, |answers, block| {
        let (block, own, others) = block?;
        let count = block.lists.len() / k;
        let rows = &own.values[(block.first - own.first) * dim..][..count * dim];
        let rows = Made {
            first: block.first,
            values: rows,
        };
        let mut first = others.first;
        for others in others.values.chunks(BLOCK * dim) {
            stop.check()?;
            let others = Made {
                first,
                values: others,
            };
            answers.meet(block.cluster, rows, others, block.lists, k);
            first += BLOCK;
            pass.met((count * others.values.len() / dim) as u64)?;
        }
        Ok(())
    })
}

/// The lists of a block of rows in memory.
fn fill(
    features: &Features<'_>,
    block: Block<'_>,
    k: usize,
    scratch: &mut Scratch,
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<(), Error> {
    let (count, cluster) = (block.lists.len() / k, block.cluster);
    let members = block.first..block.first + count;
    let (read, rows) = (&mut scratch.read, &mut scratch.rows);
    let rows = about_centre(features, cluster, members.clone(), read, rows)?;
    for at in (0..cluster.rows.len()).step_by(BLOCK) {
        stop.check()?; // a cluster may be all rows
        let others = at..cluster.rows.len().min(at + BLOCK);
        let met = (count * others.len()) as u64;
        let others = if others == members {
            rows
        } else {
            about_centre(features, cluster, others, read, &mut scratch.others)?
        };
        (scratch.found).meet(cluster, rows, others, block.lists, k);
        pass.met(met)?;
    }
    Ok(())
}

impl Answers {
    fn new() -> Self {
        Self {
            products: vec![0.0; BLOCK * BLOCK],
            able: Vec::new(),
        }
    }

    /// Puts into the lists of at most a block's rows what they answer to as many others.
    fn meet(
        &mut self,
        cluster: &ClusterRows<'_>,
        rows: Made<'_>,
        others: Made<'_>,
        lists: &mut [f32],
        k: usize,
    ) {
        let dim = cluster.centre.len();
        let (count, width) = (rows.values.len() / dim, others.values.len() / dim);
        let halves = &cluster.halves[others.first..][..width];
        let products = &mut self.products[..count * width];
        matmul(
            MatMut::from_row_major_slice_mut(products, count, width),
            Accum::Replace,
            MatRef::from_row_major_slice(rows.values, count, dim),
            MatRef::from_row_major_slice(others.values, width, dim).transpose(),
            1.0,
            Par::Seq,
        );
        let lists = lists.chunks_exact_mut(k);
        for (own, (list, products)) in
            (rows.first..).zip(lists.zip(products.chunks_exact_mut(width)))
        {
            let own = own.checked_sub(others.first).filter(|&own| own < width);
            reduce::vectorised!({
                for (product, half) in products.iter_mut().zip(halves) {
                    *product -= half;
                }
            });
            meet(list, products, own, &mut self.able);
        }
    }
}

/// The rows at some places of clusters over their lengths and less the centre, one after another.
fn read_about_centres<'a>(
    features: &Features<'_>,
    clusters: impl IntoIterator<Item = (&'a ClusterRows<'a>, Range<usize>)>,
    values: &mut [f32],
    stop: &Stop,
) -> Result<(), Error> {
    let places = (clusters.into_iter())
        .flat_map(|(cluster, places)| places.map(move |place| (cluster, place)));
    let named = places.zip(values.chunks_exact_mut(features.dim()));
    let named = named.map(|((cluster, place), to)| (cluster.rows[place], (cluster, place, to)));
    read_rows(
        features,
        named.collect(),
        stop,
        |x, _, (cluster, place, to)| {
            let length = cluster.lengths[*place];
            reduce::vectorised!(reduce::about_centre(x, length, cluster.centre, to));
        },
    )
}

/// The same in memory.
fn about_centre<'a>(
    features: &Features<'_>,
    cluster: &ClusterRows<'_>,
    places: Range<usize>,
    read: &mut features::Scratch,
    values: &'a mut [f32],
) -> Result<Made<'a>, Error> {
    let (dim, first) = (features.dim(), places.start);
    let values = &mut values[..places.len() * dim];
    let x = features.spread(&cluster.rows[places.clone()], read)?;
    let rows = x.iter().zip(&cluster.lengths[places]);
    reduce::vectorised!({
        for (to, (x, length)) in values.chunks_exact_mut(dim).zip(rows) {
            reduce::about_centre(x, *length, cluster.centre, to);
        }
    });
    Ok(Made { first, values })
}

/// Leaves in a list the largest of what it held and of the answers, but for the row's `own` with
/// itself.
fn meet(list: &mut [f32], products: &mut [f32], own: Option<usize>, able: &mut Vec<f32>) {
    if let Some(own) = own {
        products[own] = f32::MIN;
    }
    let count = list.len();
    let least = list[count - 1].max(floor(products, count));
    able.resize(products.len(), 0.0);
    let mut some = 0;
    reduce::vectorised!({
        for &product in &*products {
            able[some] = product;
            some += usize::from(product >= least);
        }
    });
    for &product in &able[..some] {
        let mut place = count;
        while place > 0 && list[place - 1] < product {
            place -= 1;
            if place + 1 < count {
                list[place + 1] = list[place];
            }
        }
        if place < count {
            list[place] = product;
        }
    }
}

/// A number that so many of the products are no less than: that many are the largest of every
/// [`LANES`]-th product, each from another place on.
fn floor(products: &[f32], count: usize) -> f32 {
    let (blocks, _) = products.as_chunks::<LANES>();
    if blocks.len() < 2 {
        return f32::MIN;
    }
    let mut largest = [f32::MIN; LANES];
    reduce::vectorised!({
        for block in blocks {
            for (largest, &product) in largest.iter_mut().zip(block) {
                *largest = if product > *largest {
                    product
                } else {
                    *largest
                };
            }
        }
    });
    *largest
        .select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a))
        .1
}

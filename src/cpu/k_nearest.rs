//! Mirror of `shaders/k_nearest.wgsl`.

use super::blocks::BLOCK;
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
    products: Vec<f32>,
    /// Answers that a list may take.
    able: Vec<f32>,
}

/// For every row of every cluster the `k` largest products less halves.
pub(super) fn k_nearest(
    features: &Features<'_>,
    clusters: &[ClusterRows<'_>],
    k: usize,
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<Vec<Vec<f32>>, Error> {
    let lists = |cluster: &ClusterRows<'_>| vec![f32::MIN; cluster.rows.len() * k];
    let mut closest: Vec<Vec<f32>> = clusters.iter().map(lists).collect();
    // Blocks of all clusters alike, so that many small ones keep every core at work.
    let blocks = closest
        .iter_mut()
        .zip(clusters)
        .flat_map(|(lists, cluster)| {
            let places = (0..).step_by(BLOCK);
            (places.zip(lists.chunks_mut(BLOCK * k))).map(|(first, lists)| Block {
                cluster,
                first,
                lists,
            })
        });
    let blocks: Vec<Block<'_>> = blocks.collect();
    let values = BLOCK * features.dim();
    let scratch = || Scratch {
        read: features::Scratch::default(),
        rows: vec![0.0; values],
        others: vec![0.0; values],
        products: vec![0.0; BLOCK * BLOCK],
        able: Vec::new(),
    };
    (stop.over(blocks.into_par_iter())).try_for_each_init(scratch, |scratch, block| {
        fill(features, block?, k, scratch, (stop, pass))
    })?;
    Ok(closest)
}

/// The lists of a block of rows.
fn fill(
    features: &Features<'_>,
    block: Block<'_>,
    k: usize,
    scratch: &mut Scratch,
    (stop, pass): (&Stop, &Pass<'_>),
) -> Result<(), Error> {
    let (dim, count, cluster) = (features.dim(), block.lists.len() / k, block.cluster);
    let members = block.first..block.first + count;
    let (read, rows) = (&mut scratch.read, &mut scratch.rows);
    let rows = about_centre(features, cluster, members.clone(), read, rows)?;
    for at in (0..cluster.rows.len()).step_by(BLOCK) {
        stop.check()?; // a cluster may be all rows
        let others = at..cluster.rows.len().min(at + BLOCK);
        let halves = &cluster.halves[others.clone()];
        let width = halves.len();
        let others = if others == members {
            rows
        } else {
            about_centre(features, cluster, others, read, &mut scratch.others)?
        };
        let products = &mut scratch.products[..count * width];
        matmul(
            MatMut::from_row_major_slice_mut(products, count, width),
            Accum::Replace,
            MatRef::from_row_major_slice(rows, count, dim),
            MatRef::from_row_major_slice(others, width, dim).transpose(),
            1.0,
            Par::Seq,
        );
        let lists = block.lists.chunks_exact_mut(k);
        for (own, (list, products)) in
            (block.first..).zip(lists.zip(products.chunks_exact_mut(width)))
        {
            let own = own.checked_sub(at).filter(|&own| own < width);
            reduce::vectorised!({
                for (product, half) in products.iter_mut().zip(halves) {
                    *product -= half;
                }
            });
            meet(list, products, own, &mut scratch.able);
        }
        pass.met((count * width) as u64)?;
    }
    Ok(())
}

/// The rows at some places of a cluster over their lengths and less the centre, at the start of `values`.
fn about_centre<'a>(
    features: &Features<'_>,
    cluster: &ClusterRows<'_>,
    places: Range<usize>,
    read: &mut features::Scratch,
    values: &'a mut [f32],
) -> Result<&'a [f32], Error> {
    let dim = features.dim();
    let values = &mut values[..places.len() * dim];
    let x = features.spread(&cluster.rows[places.clone()], read)?;
    let rows = x.iter().zip(&cluster.lengths[places]);
    reduce::vectorised!({
        for (to, (x, length)) in values.chunks_exact_mut(dim).zip(rows) {
            reduce::about_centre(x, *length, cluster.centre, to);
        }
    });
    Ok(values)
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

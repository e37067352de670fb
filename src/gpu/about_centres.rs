//! Rows of clusters over their lengths and less the centres: where the caller lends its rows, made on the host;
//! else on the device by `shaders/about_centres.wgsl`, where there is room for every value in its unit.
//!
//! A device's values are off by three units of 2⁻⁵⁸ at most before they are rounded to f32, and by what f64
//! rounds a length's inverse by: of rows of up to [`MOST_VALUES`] values less than seven times f64's epsilon in
//! all, where `k_nearest_error` has eight.

use super::directions::{DIRECTIONS_OF_BLOCK, Directions};
use super::factor::Factor;
use super::float_rows::FloatRows;
use super::memory::Block;
use super::panels::Panel;
use super::record::Kind;
use crate::error::Error;
use crate::kernels::pool::ClusterRows;
use crate::reduce;
use rayon::prelude::*;
use std::cell::OnceCell;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/three_words.wgsl"),
    include_str!("../../shaders/signed_words.wgsl"),
    include_str!("../../shaders/about_centres.wgsl"),
);

/// Rows of a workgroup, `ROWS` in the shader.
const ROWS: u64 = 8;
/// Bits of a unit, `UNIT` there.
const UNIT: u32 = 58;
/// What the values of a centre are below.
const RANGE: f64 = 16.0;
/// Most values to a row.
const MOST_VALUES: usize = 1 << 14;
/// Rows listed at a time: lists take little memory beside the rows.
const AT_ONCE: usize = 1 << 14;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    count: u32,
    dim: u32,
    step: u32,
}

/// `Row` in the shader.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Row {
    source: u32,
    place: u32,
    centre: u32,
    factor: Factor,
}

/// The rows of some clusters about their centres.
pub(super) struct AboutCentres<'a> {
    features: &'a FloatRows<'a>,
    clusters: &'a [ClusterRows<'a>],
    /// Their values, once the host has made them.
    values: OnceCell<Vec<f32>>,
}

impl<'a> AboutCentres<'a> {
    pub(super) fn new(features: &'a FloatRows<'a>, clusters: &'a [ClusterRows<'a>]) -> Self {
        Self {
            features,
            clusters,
            values: OnceCell::new(),
        }
    }

    /// Number of rows.
    pub(super) fn count(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.rows.len()).sum()
    }

    /// One after another on the device, row-major.
    pub(super) fn rows(&self) -> Result<Block, Error> {
        let (gpu, dim) = (&self.features.gpu, self.features.dim);
        if self.is_for_device() {
            let bytes = (4 * self.count() * dim) as u64;
            let rows = gpu.block("cluster", bytes, BufferUsages::STORAGE)?;
            let places = (0..self.count()).map(|row| row * dim);
            if self.make(&rows, places, 1)? {
                return Ok(rows);
            }
        }
        gpu.filled("cluster", self.values()?, BufferUsages::STORAGE)
    }

    /// As vectors, those of each cluster from a block on.
    pub(super) fn directions(&self) -> Result<Directions, Error> {
        let (gpu, dim) = (&self.features.gpu, self.features.dim);
        if self.is_for_device() {
            let mut places = Vec::with_capacity(self.count());
            let (mut blocks, values) = (0, Directions::values_of_block(dim));
            for cluster in self.clusters {
                let lanes = 0..cluster.rows.len();
                places.extend(lanes.map(|lane| {
                    let block = blocks + lane / DIRECTIONS_OF_BLOCK;
                    block * values + lane % DIRECTIONS_OF_BLOCK
                }));
                blocks += cluster.rows.len().div_ceil(DIRECTIONS_OF_BLOCK);
            }
            let directions = Directions::zeros(gpu, blocks, dim)?;
            let to = directions.resident();
            if self.make(to, places.into_iter(), DIRECTIONS_OF_BLOCK)? {
                return Ok(directions);
            }
        }
        let (mut rest, mut parts) = (self.values()?, Vec::with_capacity(self.clusters.len()));
        for cluster in self.clusters {
            let own;
            (own, rest) = rest.split_at(cluster.rows.len() * dim);
            parts.push(own);
        }
        Directions::of_parts(gpu, &parts, dim, 1.0)
    }

    /// Whether the rows are on the device as they were given, and the centres not out of range.
    fn is_for_device(&self) -> bool {
        let features = self.features;
        let is_in_range =
            |cluster: &ClusterRows<'_>| cluster.centre.iter().all(|v| v.abs() < RANGE);
        let is_faint =
            |cluster: &ClusterRows<'_>| cluster.rows.iter().any(|&r| features.is_faint(r));
        self.values.get().is_none()
            && !features.is_lent()
            && features.dim <= MOST_VALUES
            && self.clusters.iter().all(is_in_range)
            && (features.faint.is_empty() || !self.clusters.iter().any(is_faint))
    }

    /// Makes all rows on the device, each value `step` after the one before; tells whether none was out of
    /// range.
    fn make(
        &self,
        to: &Block,
        places: impl Iterator<Item = usize>,
        step: usize,
    ) -> Result<bool, Error> {
        let gpu = &self.features.gpu;
        let centres = self.clusters.iter().flat_map(|cluster| cluster.centre);
        let centres: Vec<i64> = centres
            .map(|v| (v * (1u64 << UNIT) as f64) as i64)
            .collect();
        let centres = gpu.filled("centres", &centres, BufferUsages::STORAGE)?;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let past = gpu.block("out of range", 4, usage)?; // wgpu clears it
        let mut listed = self.listed(places);
        listed.sort_by_key(|(row, _)| *row);
        let mut rest = &listed[..];
        for panel in self.features.panels() {
            let panel = panel?;
            let (here, after) =
                rest.split_at(rest.partition_point(|(row, _)| *row < panel.rows.end));
            rest = after;
            for some in here.chunks(gpu.most_listed::<Row>().min(AT_ONCE)) {
                let of_panel = |&(row, listed): &(usize, Row)| Row {
                    source: panel.place(row),
                    ..listed
                };
                let rows: Vec<Row> = some.iter().map(of_panel).collect();
                self.dispatch(&panel, &rows, (&centres, to, &past), step)?;
            }
        }
        let past: Vec<u32> = gpu.read("out of range", &past)?;
        Ok(past == [0])
    }

    /// Every row of the pool's that is asked for, and what is told of it but for its place in the panel.
    fn listed(&self, mut places: impl Iterator<Item = usize>) -> Vec<(usize, Row)> {
        let features = self.features;
        let unit = f64::from(features.pending_scale) / f64::from(features.scale);
        let mut listed = Vec::with_capacity(self.count());
        for (at, cluster) in self.clusters.iter().enumerate() {
            let rows = cluster.rows.iter().zip(cluster.lengths).zip(&mut places);
            listed.extend(rows.map(|((&row, length), place)| {
                let of_panel = Row {
                    source: 0,
                    place: place as u32,
                    centre: (at * features.dim) as u32,
                    factor: Factor::of_f64(unit / length),
                };
                (row, of_panel)
            }));
        }
        listed
    }

    fn dispatch(
        &self,
        panel: &Panel,
        rows: &[Row],
        (centres, to, past): (&Block, &Block, &Block),
        step: usize,
    ) -> Result<(), Error> {
        let gpu = &self.features.gpu;
        let shape = gpu.uniform(Shape {
            count: rows.len() as u32,
            dim: self.features.dim as u32,
            step: step as u32,
        })?;
        let list = gpu.filled("rows of clusters", rows, BufferUsages::STORAGE)?;
        gpu.dispatch(
            "about_centres",
            (WGSL, &[]),
            &[
                shape.as_entire_binding(),
                panel.binding(),
                list.as_entire_binding(),
                centres.as_entire_binding(),
                to.as_entire_binding(),
                past.as_entire_binding(),
            ],
            (rows.len() as u64).div_ceil(ROWS),
        )?;
        Ok(())
    }

    /// All values, made on the host.
    fn values(&self) -> Result<&[f32], Error> {
        if let Some(values) = self.values.get() {
            return Ok(values);
        }
        let values = on_host(self.features, self.clusters)?;
        Ok(self.values.get_or_init(|| values))
    }
}

/// The rows of some clusters over their lengths and less the centre.
fn on_host(features: &FloatRows<'_>, clusters: &[ClusterRows<'_>]) -> Result<Vec<f32>, Error> {
    let rows: Vec<&[usize]> = clusters.iter().map(|cluster| cluster.rows).collect();
    let rows = rows.concat();
    let x = features.given(&rows)?;
    let (dim, mut values) = (features.dim, vec![0.0; rows.len() * features.dim]);
    features.gpu.counted(Kind::Host, || {
        let (mut x, mut to) = (&x[..], &mut values[..]);
        for cluster in clusters {
            let own = cluster.rows.len() * dim;
            let (x_of_cluster, to_of_cluster);
            (x_of_cluster, x) = x.split_at(own);
            (to_of_cluster, to) = to.split_at_mut(own);
            (to_of_cluster
                .par_chunks_exact_mut(dim)
                .zip(x_of_cluster.par_chunks_exact(dim)))
            .zip(cluster.lengths)
            .for_each(|((to, x), &length)| {
                reduce::vectorised!(reduce::about_centre(x, length, cluster.centre, to));
            });
        }
        Ok(())
    })?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let bindings = ["shape", "features", "rows", "centres", "about", "past"];
        assert_entry(WGSL, "about_centres", 256, &bindings);
        let members = [
            ("count", offset_of!(Shape, count)),
            ("dim", offset_of!(Shape, dim)),
            ("step", offset_of!(Shape, step)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        let factor = offset_of!(Row, factor);
        let members = [
            ("source", offset_of!(Row, source)),
            ("place", offset_of!(Row, place)),
            ("centre", offset_of!(Row, centre)),
            ("high", factor + offset_of!(Factor, high)),
            ("low", factor + offset_of!(Factor, low)),
            ("exponent", factor + offset_of!(Factor, exponent)),
        ];
        assert_struct(WGSL, "Row", &members, size_of::<Row>());
        assert_eq!(constant(WGSL, "ROWS"), ROWS);
        assert_eq!(constant(WGSL, "UNIT"), u64::from(UNIT));
    }
}

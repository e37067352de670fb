//! Mirror of `shaders/gather_rows.wgsl`.

use super::CpuPool;

/// The rows asked for, in pool unit.
pub(super) fn gather_rows(pool: &CpuPool<'_>, rows: &[usize]) -> Vec<f32> {
    let (values, dim) = (pool.features.values(), pool.features.dim());
    let row = |&row: &usize| values[row * dim..][..dim].iter().map(|v| v * pool.scale);
    rows.iter().flat_map(row).collect()
}

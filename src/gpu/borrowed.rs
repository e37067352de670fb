//! Pools over an application's own buffer: what it must be, and the check of its values.

use super::float_rows::FloatRows;
use super::row_norms;
use crate::error::Error;
use crate::features::{Features, fault, scale_for};
use crate::gpu::device::Gpu;
use crate::kernels::rounding::norm_bounds;
use crate::lp::Lp;
use wgpu::BufferUsages;

/// Lengths below this are refused: a device may take values under 2⁻¹²⁶ for zero, which is
/// harmless only where scaled squares of such values are under 2⁻¹²⁶ too.
const SHORTEST: f64 = 1.0 / (1u64 << 63) as f64;

/// The rows of an application's buffer, checked.
pub(super) fn rows(
    gpu: &Gpu,
    buffer: &wgpu::Buffer,
    offset: u64,
    rows: usize,
    dim: usize,
) -> Result<FloatRows<'static>, Error> {
    if rows == 0 || dim == 0 {
        return Err(Error::Empty { rows, dim });
    }
    check_buffer(gpu, buffer, offset, rows, dim)?;
    let mut features = FloatRows::over(gpu, buffer, offset, rows, dim)?;
    let largest = check_values(&mut features)?;
    if largest > 0.0 && largest < SHORTEST {
        let found = format!("a longest row of length {largest:e}");
        return Err(Error::Buffer {
            found,
            expected: format!("at least {SHORTEST:e}"),
        });
    }
    features.scale = scale_for(largest * largest);
    features.pending_scale = features.scale;
    Ok(features)
}

/// The longest row's length, once every value and length is known to be in bounds.
fn check_values(features: &mut FloatRows<'static>) -> Result<f64, Error> {
    let magnitudes = row_norms::bits(features, Lp::LInf)?;
    let not_finite = |&bits: &u32| bits >= f32::INFINITY.to_bits();
    if let Some(row) = magnitudes.iter().position(not_finite) {
        return Err(fault(row, &features.gather(&[row])?));
    }
    // A scale that keeps squares in range, known before the lengths are.
    let largest = f32::from_bits(magnitudes.iter().copied().max().unwrap_or(0));
    features.pending_scale = scale_for(f64::from(largest).powi(2));
    let scale = f64::from(features.pending_scale);
    let norms = row_norms::run(features, Lp::L2)?;
    features.pending_scale = 1.0;

    let mut longest = 0.0f64;
    for (row, &norm_sq) in norms.iter().enumerate() {
        let (_, high) = norm_bounds(Lp::L2, norm_sq, features.dim);
        if (high / scale).powi(2) > f64::from(f32::MAX) {
            let x = features.gather(&[row])?;
            Features::new(&x, 1, x.len()).map_err(|_| fault(row, &x))?;
        }
        longest = longest.max(f64::from(norm_sq).sqrt() / scale);
    }
    Ok(longest)
}

/// Checks what can be known of a buffer without reading it.
fn check_buffer(
    gpu: &Gpu,
    buffer: &wgpu::Buffer,
    offset: u64,
    rows: usize,
    dim: usize,
) -> Result<(), Error> {
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    if !buffer.usage().contains(usage) {
        let found = format!("usage {:?}", buffer.usage());
        return Err(Error::Buffer {
            found,
            expected: format!("{usage:?}"),
        });
    }
    let alignment = u64::from(gpu.limits().min_storage_buffer_offset_alignment);
    if !offset.is_multiple_of(alignment) {
        let found = format!("offset {offset}");
        return Err(Error::Buffer {
            found,
            expected: format!("a multiple of {alignment}"),
        });
    }
    let needed = (rows as u128) * (dim as u128) * 4 + u128::from(offset);
    if u128::from(buffer.size()) < needed {
        let found = format!("size {}", buffer.size());
        let expected = format!("at least {needed} ({rows} rows of {dim} from offset {offset})");
        return Err(Error::Buffer { found, expected });
    }
    Ok(())
}

// row_norms: one number a row, by NORM.
//
//   1   norms[i] = sum_j |s x[i, j]|
//   2   norms[i] = sum_j (s x[i, j])^2          x: rows x dim, row-major; s: scale
//   3   norms[i] = max_j |x[i, j]|              to the bit, without the scale
//
// Grid      a workgroup takes ROWS rows; folded over x and y, because a grid axis holds at
//           most 65 535 workgroups.
// Memory    lane t of a row reads columns t, t + LANES, ...: neighbouring lanes read
//           neighbouring addresses.
// Rounding  LANES sums of dim / LANES terms, then a tree. A value that is not zero by its bits
//           adds at least 2^-126, also where a device takes subnormals for zero: the result
//           is zero for rows of zeros only. The largest magnitude is found among the bits as
//           integers, where infinity and NaN come out above every number.
// Mirror    src/cpu/row_norms.rs. Contract: src/kernels/pool.rs, tests/kernels/row_norms.rs.

override NORM: u32 = 2u;

const LANES = 32u;
const ROWS = 8u;
const SMALLEST = 1.1754943508222875e-38; // 2^-126

struct Shape {
    rows: u32,
    dim: u32,
    scale: f32,
    // scale * 2^-126: what a subnormal's mantissa counts.
    subnormal: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<u32>;
@group(0) @binding(2) var<storage, read_write> norms: array<u32>;

var<workgroup> partial: array<u32, 256>; // ROWS * LANES

// |s x| from the bits of |x|; subnormals by integers, lest the device flush them.
fn magnitude(bits: u32) -> f32 {
    if bits < 0x00800000u {
        return f32(bits) * 1.1920928955078125e-7 * shape.subnormal;
    }
    return bitcast<f32>(bits) * shape.scale;
}

fn term(bits: u32) -> f32 {
    let v = magnitude(bits);
    return select(max(select(v, v * v, NORM == 2u), SMALLEST), 0.0, bits == 0u);
}

fn join(a: u32, b: u32) -> u32 {
    if NORM == 3u {
        return max(a, b);
    }
    return bitcast<u32>(bitcast<f32>(a) + bitcast<f32>(b));
}

@compute @workgroup_size(256)
fn row_norms(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = (group.y * grid.x + group.x) * ROWS + thread / LANES;
    let lane = thread % LANES;

    var sum = 0.0;
    var largest = 0u;
    if row < shape.rows {
        for (var j = lane; j < shape.dim; j += LANES) {
            let bits = features[row * shape.dim + j] & 0x7fffffffu;
            if NORM == 3u {
                largest = max(largest, bits);
            } else {
                sum += term(bits);
            }
        }
    }
    partial[thread] = select(bitcast<u32>(sum), largest, NORM == 3u);

    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            partial[thread] = join(partial[thread], partial[thread + half]);
        }
    }
    if lane == 0u && row < shape.rows {
        norms[row] = partial[thread];
    }
}

// row_squares: squared lengths of some rows, exactly but for what is below their last bit.
//
//   sum_j x[i, j]^2 = (w2 2^64 + w1 2^32 + w0 + less than dim) 2^(2 e - 324)     x: rows x dim, row-major
//   squares[i - first] = (w0, w1, w2, e)       i from first to end
//
// e is the exponent of the row's largest value as its bits have it, at least 1; at least 70 bits of the
// sum are there. The values are taken as integers, mantissa and exponent: no float is added, so
// there is no rounding, and nothing that a device may flush.
//
// Grid      a workgroup takes ROWS rows; folded over x and y, because a grid axis holds at
//           most 65 535 workgroups.
// Memory    lane t of a row reads columns t, t + LANES, ..., twice.
// Range     a square has 48 bits and stands 24 bits from the low end of 96: room for 2^24 of them.
// Mirror    none: the CPU has f64. Contract: src/gpu/row_squares.rs, tests/kernels/quantise.rs.

const LANES = 32u;
const ROWS = 8u;

struct Shape {
    first: u32,
    end: u32,
    dim: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<u32>;
@group(0) @binding(2) var<storage, read_write> squares: array<vec4<u32>>;

var<workgroup> largest: array<u32, 256>; // ROWS * LANES
var<workgroup> partial: array<vec3<u32>, 256>;

// The mantissa squared, 24 bits from the low end.
fn square_of(bits: u32) -> vec3<u32> {
    let m = (bits & 0x007fffffu) | select(0u, 0x00800000u, bits >= 0x00800000u);
    let a = m >> 12u;
    let b = m & 0xfffu;
    let middle = 2u * a * b;
    let low = b * b + ((middle & 0xfffu) << 12u); // 25 bits
    let high = a * a + (middle >> 12u) + (low >> 24u); // what stands above 24 bits
    let word = low & 0x00ffffffu;
    return vec3<u32>(word << 24u, (word >> 8u) | (high << 16u), high >> 16u);
}

fn plus(a: vec3<u32>, b: vec3<u32>) -> vec3<u32> {
    let low = a.x + b.x;
    let carry = select(0u, 1u, low < a.x);
    let middle = a.y + b.y;
    let with_carry = middle + carry;
    let high = a.z + b.z + select(0u, 1u, middle < a.y) + select(0u, 1u, with_carry < middle);
    return vec3<u32>(low, with_carry, high);
}

@compute @workgroup_size(256)
fn row_squares(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = shape.first + (group.y * grid.x + group.x) * ROWS + thread / LANES;
    let lane = thread % LANES;

    var most = 0u;
    if row < shape.end {
        for (var j = lane; j < shape.dim; j += LANES) {
            most = max(most, features[row * shape.dim + j] & 0x7fffffffu);
        }
    }
    largest[thread] = most;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            largest[thread] = max(largest[thread], largest[thread + half]);
        }
    }
    workgroupBarrier();
    let e = max(largest[thread - lane] >> 23u, 1u);

    var sum = vec3<u32>();
    if row < shape.end {
        for (var j = lane; j < shape.dim; j += LANES) {
            let bits = features[row * shape.dim + j] & 0x7fffffffu;
            sum = plus(sum, shifted_right(square_of(bits), 2u * (e - max(bits >> 23u, 1u))));
        }
    }
    partial[thread] = sum;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            partial[thread] = plus(partial[thread], partial[thread + half]);
        }
    }
    if lane == 0u && row < shape.end {
        squares[row - shape.first] = vec4<u32>(partial[thread], e);
    }
}

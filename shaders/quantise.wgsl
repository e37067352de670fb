// quantise: rows of features as 16-bit integers, those that the host makes to the bit.
//
//   integers[place, j] = round(f x[source, j])      |.| at most 32 767; zeros past the row's end
//   answers[k]         = (sum_j integers[place, j]^2, 1 where a rounding is in doubt)
//
// for the k-th of the rows listed. f is (high 2^32 + low) 2^exponent. By RULE
//
//   1   the product is exact but for the error of f, `doubt` over 2^32 at most. A value that lies so near
//       to a half that the error decides leaves its row in doubt: the host makes such rows itself.
//   2   as f32 has it: the product is rounded to 24 bits, and that to an integer, both half to even.
//       f has 24 bits, in `low`, and no row is in doubt.
//
// No float is multiplied: WGSL leaves open which way a product is rounded.
//
// Grid      a workgroup takes ROWS rows; folded over x and y, because a grid axis holds at
//           most 65 535 workgroups.
// Memory    lane t of a row makes words t, t + LANES, ..., two values each.
// Mirror    src/quantise.rs. Contract: src/gpu/quantise.rs, tests/kernels/quantise.rs.

override RULE: u32 = 1u;

const LANES = 32u;
const ROWS = 8u;
const MOST = 32767u;

struct Shape {
    // Rows listed.
    count: u32,
    dim: u32,
    // Words of a row of integers.
    words: u32,
    doubt: u32,
}

struct Row {
    // Its row in the panel of features, and its place in the panel of integers.
    source: u32,
    place: u32,
    high: u32,
    low: u32,
    exponent: i32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<Row>;
@group(0) @binding(3) var<storage, read_write> integers: array<u32>;
@group(0) @binding(4) var<storage, read_write> answers: array<vec2<u32>>;

var<workgroup> squares: array<u32, 256>; // ROWS * LANES
var<workgroup> doubts: array<u32, 256>;

// A magnitude, and whether it is in doubt.
fn rounded(m: u32, shift: i32, row: Row) -> vec2<u32> {
    // m f in units of 2^-32, of three words.
    let words = times(m, row.high, row.low);
    if shift >= 96 {
        return vec2<u32>();
    }
    if shift < 24 {
        return vec2<u32>(MOST, 0u); // far past the largest
    }
    let s = u32(shift);
    var fraction: u32;
    var whole: u32;
    if s < 32u {
        fraction = (words.x >> s) | (words.y << (32u - s));
        whole = (words.y >> s) | (words.z << (32u - s));
    } else if s == 32u {
        fraction = words.y;
        whole = words.z;
    } else if s < 64u {
        fraction = (words.y >> (s - 32u)) | (words.z << (64u - s));
        whole = words.z >> (s - 32u);
    } else {
        fraction = words.z >> (s - 64u);
        whole = 0u;
    }
    let half = 0x80000000u;
    let from_half = max(fraction, half) - min(fraction, half);
    let value = min(whole, MOST) + select(0u, 1u, fraction >= half);
    return vec2<u32>(min(value, MOST), select(0u, 1u, from_half <= shape.doubt));
}

// bits over 2^by, half to even; by is from 1 to 31.
fn half_to_even(bits: u32, by: u32) -> u32 {
    let quotient = bits >> by;
    let rest = bits & ((1u << by) - 1u);
    let half = 1u << (by - 1u);
    let up = rest > half || (rest == half && (quotient & 1u) == 1u);
    return quotient + select(0u, 1u, up);
}

// A magnitude as f32 has it.
fn rounded_by_f32(m: u32, shift: i32, row: Row) -> u32 {
    // A subnormal of an application's buffer may be none in the pool's unit.
    let up_by = countLeadingZeros(m) - 8u;
    let p = product(m << up_by, row.low); // of 47 or 48 bits
    let by = select(23u, 24u, p.y >= 0x8000u);
    // The low words hold all that is cut off.
    let kept = (p.y << (32u - by)) | (p.x >> by);
    let rest = p.x & ((1u << by) - 1u);
    let half = 1u << (by - 1u);
    let up = rest > half || (rest == half && (kept & 1u) == 1u);
    let single = kept + select(0u, 1u, up);
    let fractional = shift + i32(up_by) - i32(by);
    if fractional <= 0 {
        return MOST;
    }
    if fractional > 25 {
        return 0u;
    }
    return min(half_to_even(single, u32(fractional)), MOST);
}

// A value as 16 bits, and whether it is in doubt.
fn value(row: Row, j: u32) -> vec2<u32> {
    if j >= shape.dim {
        return vec2<u32>();
    }
    let bits = features[row.source * shape.dim + j];
    let magnitude = bits & 0x7fffffffu;
    if magnitude == 0u {
        return vec2<u32>();
    }
    let m = (magnitude & 0x007fffffu) | select(0u, 0x00800000u, magnitude >= 0x00800000u);
    let exponent = i32(max(magnitude >> 23u, 1u)) - 150 + row.exponent;
    var found: vec2<u32>;
    if RULE == 2u {
        found = vec2<u32>(rounded_by_f32(m, -exponent, row), 0u);
    } else {
        found = rounded(m, -exponent - 32, row);
    }
    return vec2<u32>(select(found.x, 0u - found.x, bits > 0x7fffffffu), found.y);
}

@compute @workgroup_size(256)
fn quantise(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let k = (group.y * grid.x + group.x) * ROWS + thread / LANES;
    let lane = thread % LANES;

    var square = 0u;
    var doubt = 0u;
    if k < shape.count {
        let row = rows[k];
        for (var word = lane; word < shape.words; word += LANES) {
            let a = value(row, 2u * word);
            let b = value(row, 2u * word + 1u);
            integers[row.place * shape.words + word] = (a.x & 0xffffu) | (b.x << 16u);
            square += a.x * a.x + b.x * b.x;
            doubt |= a.y | b.y;
        }
    }
    squares[thread] = square;
    doubts[thread] = doubt;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            squares[thread] += squares[thread + half];
            doubts[thread] |= doubts[thread + half];
        }
    }
    if lane == 0u && k < shape.count {
        answers[k] = vec2<u32>(squares[thread], doubts[thread]);
    }
}

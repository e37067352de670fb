// about_centres: rows over their lengths and less the centre of their cluster.
//
//   about[place + j step] = round(f x[source, j] - centre[j])      j below dim
//
// for every row listed. f is (high 2^32 + low) 2^exponent; centres are in units of 2^-UNIT, two words a value,
// the low one first, negative ones by complement.
//
// Grid      a workgroup takes ROWS rows; folded over x and y.
// Memory    lane t of a row makes values t, t + LANES, ...
// Rounding  f x is cut at the unit; the difference is exact, and rounded once as f32 has it, half to even. No
//           float is added or multiplied.
// Range     f x below 16, centres too; `past` is 1 where f x is not, and then `about` is of no use.
// Mirror    `about_centre` in src/reduce.rs, in f64. Contract: src/gpu/about_centres.rs,
//           tests/kernels/k_nearest.rs.

const LANES = 32u;
const ROWS = 8u;
const UNIT = 58u;

struct Shape {
    // Rows listed.
    count: u32,
    dim: u32,
    step: u32,
}

struct Row {
    // Its row in the panel, where its first value goes, and the first one of its centre.
    source: u32,
    place: u32,
    centre: u32,
    high: u32,
    low: u32,
    exponent: i32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<Row>;
@group(0) @binding(3) var<storage, read> centres: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> about: array<u32>;
@group(0) @binding(5) var<storage, read_write> past: atomic<u32>;

// A value times f in units, without its sign; as many as there can be where it is far out of range.
fn in_units(magnitude: u32, row: Row) -> vec2<u32> {
    if magnitude == 0u {
        return vec2<u32>();
    }
    let m = (magnitude & 0x007fffffu) | select(0u, 0x00800000u, magnitude >= 0x00800000u);
    // With its top bit at 23, the product has 76 or 77 bits.
    let up_by = countLeadingZeros(m) - 8u;
    let exponent = i32(max(magnitude >> 23u, 1u)) - 150 - i32(up_by) + row.exponent;
    let by = -exponent - i32(UNIT);
    if by < 13 {
        return vec2<u32>(0xffffffffu);
    }
    return shifted_right(times(m << up_by, row.high, row.low), u32(by)).xy;
}

// Units, without their sign, as f32 has them.
fn rounded(units: vec2<u32>) -> u32 {
    if all(units == vec2<u32>()) {
        return 0u;
    }
    // The top bit to the top.
    var up = units;
    var by = 0u;
    if up.y == 0u {
        up = vec2<u32>(0u, up.x);
        by = 32u;
    }
    let zeros = countLeadingZeros(up.y);
    if zeros > 0u {
        up = vec2<u32>(up.x << zeros, (up.y << zeros) | (up.x >> (32u - zeros)));
    }
    let kept = up.y >> 8u; // 24 bits
    let rest = up.y & 0xffu;
    let goes_up = rest > 0x80u || (rest == 0x80u && (up.x != 0u || (kept & 1u) == 1u));
    let exponent = 127u + 63u - UNIT - by - zeros;
    return (exponent << 23u) + (kept - 0x00800000u) + select(0u, 1u, goes_up);
}

@compute @workgroup_size(256)
fn about_centres(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let k = (group.y * grid.x + group.x) * ROWS + thread / LANES;
    if k >= shape.count {
        return;
    }
    let row = rows[k];
    for (var j = thread % LANES; j < shape.dim; j += LANES) {
        let bits = features[row.source * shape.dim + j];
        let units = in_units(bits & 0x7fffffffu, row);
        if units.y >= 1u << (UNIT + 4u - 32u) {
            atomicStore(&past, 1u);
        }
        let x = select(units, negative(units), bits > 0x7fffffffu);
        let difference = plus(x, negative(centres[row.centre + j]));
        let is_negative = difference.y > 0x7fffffffu;
        let whole = rounded(select(difference, negative(difference), is_negative));
        about[row.place + j * shape.step] = whole | select(0u, 0x80000000u, is_negative);
    }
}

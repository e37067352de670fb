// linear_row_sums: integer rows' products with the total of their class, which are their sums of
// similarities where there is no threshold.
//
//   sums[i] = sum_j z[i, j] total[class of i, j]      of two words each, the low one first
//
// Grid      a workgroup a tile of rows of one class, ROWS at a time; folded over x and y.
// Memory    lane t of a row reads words t, t + LANES, ..., two values each, and their totals.
// Rounding  none: integers modulo 2^64, and no sum comes near 2^63.
// Order     any: the sums are exact.
// Mirror    src/cpu/row_sums.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

const LANES = 32u;
const ROWS = 8u;

@group(0) @binding(3) var<storage, read> totals: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec2<u32>>;

var<workgroup> partial: array<vec2<u32>, 256>; // ROWS * LANES

// A value times a number of two words.
fn times(value: i32, number: vec2<u32>) -> vec2<u32> {
    let m = u32(abs(value)); // at most 2^15
    let first = (number.x & 0xffffu) * m;
    let second = (number.x >> 16u) * m + (first >> 16u);
    let low = (second << 16u) | (first & 0xffffu);
    let high = number.y * m + (second >> 16u);
    let magnitude = vec2<u32>(low, high);
    return select(magnitude, negative(magnitude), value < 0);
}

@compute @workgroup_size(256)
fn linear_row_sums(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    let lane = thread % LANES;
    for (var first = tile.row; first < tile.row_end; first += ROWS) {
        let row = first + thread / LANES;
        var sum = vec2<u32>();
        if row < tile.row_end {
            for (var word = lane; word < shape.words; word += LANES) {
                let z = two_values(row, word);
                let place = tile.column_place + 2u * word;
                sum = plus(sum, plus(times(z.x, totals[place]), times(z.y, totals[place + 1u])));
            }
        }
        partial[thread] = sum;
        for (var half = LANES / 2u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if lane < half {
                partial[thread] = plus(partial[thread], partial[thread + half]);
            }
        }
        if lane == 0u && row < tile.row_end {
            sums[tile.row_place + row - tile.row] = partial[thread];
        }
        workgroupBarrier();
    }
}

// gain_columns: what each of some columns would add to the cover of all rows.
//
//   sums[c] = sum_i weight[i] max(values[i, c] - best[i], 0); two words, as two_words
//
// Grid      a workgroup for 64 columns and 256 rows, columns first; folded over x and y.
// Memory    neighbouring threads read neighbouring columns of a row.
// Rounding  none: integers. A gain of one row is below 2^32.
// Order     any: the sums are exact.
// Mirror    src/cpu/gain_columns.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

const ROWS = 256u;

struct Shape {
    rows: u32,
    columns: u32,
    // Where the rows stand in the cover.
    first: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> values: array<u32>;
@group(0) @binding(2) var<storage, read> cover: array<u32>;
@group(0) @binding(3) var<storage, read_write> sums: array<atomic<u32>>;

@compute @workgroup_size(64)
fn gain_columns(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    let across = (shape.columns + 63u) / 64u;
    let column = group % across * 64u + thread;
    let first = group / across * ROWS;
    if column >= shape.columns {
        return;
    }
    var sum = vec2<u32>();
    for (var row = first; row < min(first + ROWS, shape.rows); row += 1u) {
        sum = plus(sum, gain_of(cover[shape.first + row], values[row * shape.columns + column]));
    }
    add_to_sum(column, sum.x, sum.y);
}

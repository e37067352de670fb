// gain_stored: what each of some columns would add to the cover of its class, from the similarities
// that are kept.
//
//   sums[c] = sum_i weight[i] max(matrix[columns[c], i] - best[i], 0); two words, as two_words. The
//             matrix is symmetric
//
// Grid      a workgroup for a column and 4096 rows, columns first; folded over x and y.
// Memory    neighbouring threads read neighbouring groups of four similarities.
// Rounding  none: integers. A gain of one row is below 2^32.
// Order     any: the sums are exact.
// Mirror    src/cpu/gain_stored.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

const THREADS = 64u;
// Groups of four rows of a workgroup.
const GROUPS = 1024u;

struct Shape {
    rows: u32,
    columns: u32,
    // The class's matrix: its first group, and groups to a row of it.
    matrix: u32,
    pitch: u32,
    // Where the rows stand in the cover.
    first: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
// Columns of the class.
@group(0) @binding(1) var<storage, read> columns: array<u32>;
@group(0) @binding(2) var<storage, read> cover: array<u32>;
@group(0) @binding(3) var<storage, read_write> sums: array<atomic<u32>>;

fn gained(sum: vec2<u32>, row: u32, similarity: u32) -> vec2<u32> {
    if row >= shape.rows {
        return sum;
    }
    return plus(sum, gain_of(cover[shape.first + row], similarity));
}

@compute @workgroup_size(64)
fn gain_stored(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let index = group_id.y * grid.x + group_id.x;
    let column = index % shape.columns;
    let first = index / shape.columns * GROUPS;
    if first >= shape.pitch {
        return;
    }
    var sum = vec2<u32>();
    for (var at = first + thread; at < min(first + GROUPS, shape.pitch); at += THREADS) {
        let words = kept(shape.matrix + columns[column] * shape.pitch + at);
        sum = gained(sum, 4u * at, words.x & 0xffffu);
        sum = gained(sum, 4u * at + 1u, words.x >> 16u);
        sum = gained(sum, 4u * at + 2u, words.y & 0xffffu);
        sum = gained(sum, 4u * at + 3u, words.y >> 16u);
    }
    add_to_sum(column, sum.x, sum.y);
}

// class_totals: sums of a class's integer rows, value by value.
//
//   sums[class, j] = sum_i z[i, j]      i in the class; two words, as two_words
//
// Grid      a workgroup a tile of rows of one class and of 2 LANES of their values; folded over x and y.
// Memory    every word, of two values, is read once, neighbouring ones by neighbouring threads; a value
//           of a tile costs one or two atomic additions.
// Rounding  none: integers. A tile has at most 512 rows, so that a word holds its sums.
// Order     any: the sums are exact.
// Mirror    `total` in src/cpu/row_sums.rs. Contract: src/kernels/similarities.rs,
//           tests/kernels/similarities.rs.

const LANES = 32u;
const ROWS = 8u;

@group(0) @binding(3) var<storage, read_write> sums: array<atomic<u32>>;

var<workgroup> partial: array<vec2<i32>, 256>; // ROWS * LANES

fn add(place: u32, sum: i32) {
    add_to_sum(place, u32(sum), select(0u, 0xffffffffu, sum < 0));
}

@compute @workgroup_size(256)
fn class_totals(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    let word = tile.column / 2u + thread % LANES;
    let is_of_tile = 2u * word < tile.column_end;

    var sum = vec2<i32>();
    if is_of_tile {
        for (var row = tile.row + thread / LANES; row < tile.row_end; row += ROWS) {
            sum += two_values(row, word);
        }
    }
    partial[thread] = sum;
    for (var half = ROWS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half * LANES {
            partial[thread] += partial[thread + half * LANES];
        }
    }
    if thread < LANES && is_of_tile {
        let place = tile.column_place + 2u * thread;
        add(place, partial[thread].x);
        add(place + 1u, partial[thread].y);
    }
}

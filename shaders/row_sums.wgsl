// row_sums: sums of similarities (kernel_function) over classes, nothing stored.
//
//   sums[i] = sum_j similarity(sum_k x[i, k] x[j, k])     j in the class of i; two words, as two_words
//
// Grid      a workgroup a tile; folded over x and y. Tiles lie on and above the diagonal: one above
//           it adds to its rows and to its columns.
// Memory    as integer_tile; a row of a tile costs one or two atomic additions.
// Rounding  none: integers. Within a tile a sum is below 2^23.
// Order     any: the sums are exact.
// Mirror    src/cpu/row_sums.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

@group(0) @binding(5) var<storage, read_write> sums: array<atomic<u32>>;

fn column_at(column: u32) -> u32 {
    return column;
}

fn add(place: u32, sum: i32) {
    add_to_sum(place, u32(sum), 0u);
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn row_sums(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    add_sums(tile, similarities(tile, thread), thread);
}

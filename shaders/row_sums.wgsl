// row_sums: sums of thresholded similarities over classes, nothing stored.
//
//   sums[i] = sum_j similarity(sum_k x[i, k] x[j, k])     j in the class of i; two words, as two_words
//
// Grid      a workgroup a tile; folded over x and y. Tiles lie on and above the diagonal: one above
//           it adds to its rows and to its columns.
// Memory    as integer_tile; a row of a tile costs one or two atomic additions.
// Rounding  none: whole numbers. Within a tile a sum is below 2^23.
// Order     any: the sums are exact.
// Mirror    src/cpu/row_sums.rs. Contract: src/similarity.rs, tests/kernels.rs.

@group(0) @binding(4) var<storage, read_write> sums: array<atomic<u32>>;

fn column_at(column: u32) -> u32 {
    return column;
}

fn add_row(tile: Tile, row: u32) {
    if row >= tile.row_end - tile.row {
        return;
    }
    add_to_sum(tile.row_place + row, u32(sum_of_row(row)), 0u);
}

fn add_column(tile: Tile, column: u32) {
    if column >= tile.column_end - tile.column || tile.row_place == tile.column_place {
        return;
    }
    add_to_sum(tile.column_place + column, u32(sum_of_column(column)), 0u);
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
    let s = similarities(tile, thread);

    workgroupBarrier(); // the last step has been read
    share(s, thread);
    workgroupBarrier();
    for (var row = thread; row < 8u * ROW_THREADS; row += ROW_THREADS * COLUMN_THREADS) {
        add_row(tile, row);
    }
    // The last threads first: the first ones may have had rows.
    let last = ROW_THREADS * COLUMN_THREADS - 1u - thread;
    for (var column = last; column < 8u * COLUMN_THREADS; column += ROW_THREADS * COLUMN_THREADS) {
        add_column(tile, column);
    }
}

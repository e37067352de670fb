// columns: similarities of rows and of some columns of their class.
//
//   values[i, c] = similarity(sum_k x[i, k] x[listed[c], k]), row-major; of either sign where the
//                  function is the product itself
//
// Grid      a workgroup a tile, narrow where there are few columns; folded over x and y.
// Memory    as integer_tile; a thread writes four values of a row at a time.
// Rounding  none but that of the function: integers.
// Mirror    src/cpu/columns.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

@group(0) @binding(5) var<storage, read_write> values: array<i32>;
// By place in the list, columns of the panel.
@group(0) @binding(6) var<storage, read> listed: array<u32>;

fn column_at(column: u32) -> u32 {
    return listed[column];
}

// Four columns of one row; `row` and `column` are within the tile.
fn store(tile: Tile, row: u32, column: u32, s: vec4<i32>) {
    let count = tile.column_end - tile.column;
    if row >= tile.row_end - tile.row || column >= count {
        return;
    }
    let at = (tile.row_place + row) * tile.pitch + tile.column_place + column;
    values[at] = s.x;
    if column + 1u < count {
        values[at + 1u] = s.y;
    }
    if column + 2u < count {
        values[at + 2u] = s.z;
    }
    if column + 3u < count {
        values[at + 3u] = s.w;
    }
}

// Both groups of four columns of a row.
fn store_row(tile: Tile, thread: u32, row: u32, low: vec4<i32>, high: vec4<i32>) {
    let column = 4u * (thread % COLUMN_THREADS);
    store(tile, row, column, low);
    store(tile, row, column + 4u * COLUMN_THREADS, high);
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn columns(
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
    let row = 4u * (thread / COLUMN_THREADS);
    let next_row = row + 4u * ROW_THREADS;
    store_row(tile, thread, row, s.low_0, s.high_0);
    store_row(tile, thread, row + 1u, s.low_1, s.high_1);
    store_row(tile, thread, row + 2u, s.low_2, s.high_2);
    store_row(tile, thread, row + 3u, s.low_3, s.high_3);
    store_row(tile, thread, next_row, s.low_4, s.high_4);
    store_row(tile, thread, next_row + 1u, s.low_5, s.high_5);
    store_row(tile, thread, next_row + 2u, s.low_6, s.high_6);
    store_row(tile, thread, next_row + 3u, s.low_7, s.high_7);
}

// tile_sums: sums of a tile's numbers along its rows and, above the diagonal, along its columns.
// Joined after integer_tile and before a kernel with a function `add(place, sum)`; no entry point.

fn across(low: vec4<i32>, high: vec4<i32>) -> i32 {
    let s = low + high;
    return (s.x + s.y) + (s.z + s.w);
}

// The threads' sums of their eight columns, for each group of four rows by thread, and behind them
// those of their eight rows.
fn share(s: Products, thread: u32) {
    let a = thread / COLUMN_THREADS;
    let b = thread % COLUMN_THREADS;
    let rows = b * 2u * ROW_THREADS + a;
    staged[rows] = vec4(
        across(s.low_0, s.high_0), across(s.low_1, s.high_1),
        across(s.low_2, s.high_2), across(s.low_3, s.high_3),
    );
    staged[rows + ROW_THREADS] = vec4(
        across(s.low_4, s.high_4), across(s.low_5, s.high_5),
        across(s.low_6, s.high_6), across(s.low_7, s.high_7),
    );
    let columns = 2u * ROW_THREADS * COLUMN_THREADS + a * 2u * COLUMN_THREADS + b;
    staged[columns] = (s.low_0 + s.low_1) + (s.low_2 + s.low_3) + ((s.low_4 + s.low_5) + (s.low_6 + s.low_7));
    staged[columns + COLUMN_THREADS] =
        (s.high_0 + s.high_1) + (s.high_2 + s.high_3) + ((s.high_4 + s.high_5) + (s.high_6 + s.high_7));
}

fn sum_of_row(row: u32) -> i32 {
    var sum = 0;
    for (var b = 0u; b < COLUMN_THREADS; b += 1u) {
        sum += staged[b * 2u * ROW_THREADS + row / 4u][row % 4u];
    }
    return sum;
}

fn sum_of_column(column: u32) -> i32 {
    var sum = 0;
    for (var a = 0u; a < ROW_THREADS; a += 1u) {
        let shared_by = 2u * ROW_THREADS * COLUMN_THREADS + a * 2u * COLUMN_THREADS;
        sum += staged[shared_by + column / 4u][column % 4u];
    }
    return sum;
}

fn add_row(tile: Tile, row: u32) {
    if row < tile.row_end - tile.row {
        add(tile.row_place + row, sum_of_row(row));
    }
}

fn add_column(tile: Tile, column: u32) {
    if column < tile.column_end - tile.column && tile.row_place != tile.column_place {
        add(tile.column_place + column, sum_of_column(column));
    }
}

// Called by all threads of a workgroup.
fn add_sums(tile: Tile, s: Products, thread: u32) {
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

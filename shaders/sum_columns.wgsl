// sum_columns: sums of similarities over some columns of the rows' class, nothing stored.
//
//   sums[i] = sum of similarity(sum_k x[i, k] x[columns[c], k]) over a tile's c; two words, as
//             two_words; that of the linear function is the product, of either sign
//
// Grid      a workgroup a tile, narrow where there are few columns; folded over x and y.
// Memory    as integer_tile; a row of a tile costs one or two atomic additions.
// Rounding  none: integers. A product of up to 2^30 is added in two halves of 16 bits, the
//           upper one with the sign.
// Order     any: the sums are exact.
// Mirror    src/cpu/sum_columns.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

@group(0) @binding(5) var<storage, read_write> sums: array<atomic<u32>>;
// By place in the list, columns of the panel.
@group(0) @binding(6) var<storage, read> columns: array<u32>;

fn column_at(column: u32) -> u32 {
    return columns[column];
}

fn lower(low: vec4<i32>, high: vec4<i32>) -> i32 {
    let s = (low & vec4(0xffff)) + (high & vec4(0xffff));
    return (s.x + s.y) + (s.z + s.w);
}

fn upper(low: vec4<i32>, high: vec4<i32>) -> i32 {
    let s = (low >> vec4(16u)) + (high >> vec4(16u));
    return (s.x + s.y) + (s.z + s.w);
}

// The threads' sums of their eight columns: for each thread along the columns the lower halves of
// all groups of four rows, then the upper ones.
fn share(s: Products, thread: u32) {
    let lowers = (thread % COLUMN_THREADS) * 4u * ROW_THREADS + thread / COLUMN_THREADS;
    let uppers = lowers + 2u * ROW_THREADS;
    staged[lowers] = vec4(
        lower(s.low_0, s.high_0), lower(s.low_1, s.high_1),
        lower(s.low_2, s.high_2), lower(s.low_3, s.high_3),
    );
    staged[lowers + ROW_THREADS] = vec4(
        lower(s.low_4, s.high_4), lower(s.low_5, s.high_5),
        lower(s.low_6, s.high_6), lower(s.low_7, s.high_7),
    );
    staged[uppers] = vec4(
        upper(s.low_0, s.high_0), upper(s.low_1, s.high_1),
        upper(s.low_2, s.high_2), upper(s.low_3, s.high_3),
    );
    staged[uppers + ROW_THREADS] = vec4(
        upper(s.low_4, s.high_4), upper(s.low_5, s.high_5),
        upper(s.low_6, s.high_6), upper(s.low_7, s.high_7),
    );
}

fn add_row(tile: Tile, row: u32) {
    if row >= tile.row_end - tile.row {
        return;
    }
    var lowers = 0;
    var uppers = 0;
    for (var b = 0u; b < COLUMN_THREADS; b += 1u) {
        let at = b * 4u * ROW_THREADS + row / 4u;
        lowers += staged[at][row % 4u];
        uppers += staged[at + 2u * ROW_THREADS][row % 4u];
    }
    let low = (u32(uppers) << 16u) + u32(lowers);
    let carry = select(0u, 1u, low < u32(lowers));
    add_to_sum(tile.row_place + row, low, u32(uppers >> 16u) + carry);
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn sum_columns(
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
}

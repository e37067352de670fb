// count_within: for every row the number of rows at a product above the threshold.
//
//   counts[i] = number of j with sum_k x[i, k] x[j, k] > shape.threshold, which may be negative
//
// Grid      a workgroup a tile; folded over x and y. Tiles lie on and above the diagonal: one above
//           it counts for its rows and for its columns.
// Memory    as integer_tile; a row of a tile costs an atomic addition.
// Rounding  none: integers.
// Order     any: the counts are exact.
// Mirror    src/cpu/count_within.rs. Contract: src/kernels/neighbours.rs, tests/kernels/neighbours.rs.

@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;

fn column_at(column: u32) -> u32 {
    return column;
}

// 1 for each of one row's products with four columns that is above the threshold. Past the tile's
// ends products are 0, which may be above it.
fn near(tile: Tile, row: u32, column: u32, product: vec4<i32>) -> vec4<i32> {
    let columns = vec4(column) + vec4(0u, 1u, 2u, 3u);
    let inside = columns < vec4(tile.column_end - tile.column);
    let is_row = row < tile.row_end - tile.row;
    let is_near = product > vec4(shape.threshold);
    return select(vec4<i32>(), vec4(1), is_near & inside & vec4(is_row));
}

fn nears(tile: Tile, thread: u32) -> Products {
    let p = products(tile, thread);
    let r = 4u * (thread / COLUMN_THREADS);
    let s = r + 4u * ROW_THREADS;
    let u = 4u * (thread % COLUMN_THREADS);
    let v = u + 4u * COLUMN_THREADS;
    return Products(
        near(tile, r, u, p.low_0), near(tile, r, v, p.high_0),
        near(tile, r + 1u, u, p.low_1), near(tile, r + 1u, v, p.high_1),
        near(tile, r + 2u, u, p.low_2), near(tile, r + 2u, v, p.high_2),
        near(tile, r + 3u, u, p.low_3), near(tile, r + 3u, v, p.high_3),
        near(tile, s, u, p.low_4), near(tile, s, v, p.high_4),
        near(tile, s + 1u, u, p.low_5), near(tile, s + 1u, v, p.high_5),
        near(tile, s + 2u, u, p.low_6), near(tile, s + 2u, v, p.high_6),
        near(tile, s + 3u, u, p.low_7), near(tile, s + 3u, v, p.high_7),
    );
}

fn add(place: u32, sum: i32) {
    atomicAdd(&counts[place], u32(sum));
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn count_within(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    add_sums(tile, nears(tile, thread), thread);
}

// mark_within: for every row which of up to 32 others it is near to: for certain, and perhaps.
//
//   bit b of marks[i] = whether sum_k x[i, k] y[b, k] > thresholds.certain, and > thresholds.possible
//
// Grid      a workgroup a tile of 32 columns, the others; folded over x and y.
// Memory    as integer_tile; four threads set the bits of a row.
// Rounding  none: integers.
// Order     any: bits are set once.
// Mirror    src/cpu/mark_within.rs. Contract: src/kernels/neighbours.rs, tests/kernels/neighbours.rs.

struct Thresholds {
    certain: i32,
    possible: i32,
}

@group(0) @binding(4) var<uniform> thresholds: Thresholds;
@group(0) @binding(5) var<storage, read_write> marks: array<atomic<u32>>;

fn column_at(column: u32) -> u32 {
    return column;
}

// Bits of four columns from the first bit on.
fn bits(product: vec4<i32>, least: i32) -> u32 {
    let near = select(vec4<u32>(), vec4(1u, 2u, 4u, 8u), product > vec4(least));
    return near.x | near.y | near.z | near.w;
}

// One row's products with two groups of four columns.
fn mark(tile: Tile, thread: u32, row: u32, low: vec4<i32>, high: vec4<i32>) {
    if row >= tile.row_end - tile.row {
        return;
    }
    let u = 4u * (thread % COLUMN_THREADS);
    let v = u + 4u * COLUMN_THREADS;
    // Past the last column products are 0, which may count as near.
    let columns = tile.column_end - tile.column;
    let inside = select((1u << columns) - 1u, 0xffffffffu, columns == 32u);
    let place = 2u * (tile.row_place + row);
    let certain = (bits(low, thresholds.certain) << u) | (bits(high, thresholds.certain) << v);
    let possible = (bits(low, thresholds.possible) << u) | (bits(high, thresholds.possible) << v);
    atomicOr(&marks[place], (certain & inside) << tile.column_place);
    atomicOr(&marks[place + 1u], (possible & inside) << tile.column_place);
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn mark_within(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    let p = products(tile, thread);
    let row = 4u * (thread / COLUMN_THREADS);
    let next_row = row + 4u * ROW_THREADS;
    mark(tile, thread, row, p.low_0, p.high_0);
    mark(tile, thread, row + 1u, p.low_1, p.high_1);
    mark(tile, thread, row + 2u, p.low_2, p.high_2);
    mark(tile, thread, row + 3u, p.low_3, p.high_3);
    mark(tile, thread, next_row, p.low_4, p.high_4);
    mark(tile, thread, next_row + 1u, p.low_5, p.high_5);
    mark(tile, thread, next_row + 2u, p.low_6, p.high_6);
    mark(tile, thread, next_row + 3u, p.low_7, p.high_7);
}

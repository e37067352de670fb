// closest: for every row the k largest inner products with other rows of its cluster.
//
//   closest_of[i]  = the k largest sum_j x[i, j] q[n, j], n not i, largest first
//                    x: rows x dim, row-major, of length 1; q as in square_tile.wgsl
//
// Grid      a workgroup takes 128 rows and every vector; folded over x and y.
// Memory    features once a tile's vectors, by way of workgroup memory, which then takes the products of
//           a block at a time: they come to a thread that has the whole row. A row's list is in memory,
//           sorted; only its last value, which most products fall short of, is in a register.
// Rounding  a chain of `dim` multiply-adds.
// Order     vectors in theirs, also where they take several dispatches, whose lists go on. The host
//           fills the lists with the lowest value.
// Rounds    up to k + 1 for each of a tile's vectors, or of two rows' (src/gpu/closest.rs counts them).
// Mirror    src/cpu/closest.rs. Contract: src/pool.rs, tests/kernels.rs.

const LARGEST = 3.4028234663852886e38;

struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    // The first vector of the blocks, and how many there are in all.
    first: u32,
    count: u32,
    // Which vector the first row is.
    own: u32,
    k: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> directions: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> closest_of: array<f32>;
// The features again, where they come in fours.
@group(0) @binding(4) var<storage, read> fours: array<vec4<f32>>;

fn element(at: u32) -> f32 {
    return features[at];
}

fn four_elements(at: u32) -> vec4<f32> {
    return fours[at];
}

// The last value of a row's list; past the edge one that nothing exceeds.
fn last(row: u32) -> f32 {
    if row < shape.rows {
        return closest_of[row * shape.k + shape.k - 1u];
    }
    return LARGEST;
}

// Puts a product where it belongs in a row's list, whose last value goes.
fn insert(row: u32, product: f32) {
    let first = row * shape.k;
    var at = first + shape.k - 1u;
    while at > first {
        let before = closest_of[at - 1u];
        if before >= product {
            break;
        }
        closest_of[at] = before;
        at -= 1u;
    }
    closest_of[at] = product;
}

// Place of a row's products with a block's group of four vectors, so that threads reading one group of
// their rows meet different banks.
fn kept_place(row: u32, group: u32) -> u32 {
    return row * QUADS + (group ^ (row % QUADS));
}

// Keeps a thread's products with group `group` of the tile's vectors, if that is in block `turn`.
fn keep(turn: u32, thread: u32, group: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>, e: vec4<f32>, f: vec4<f32>, g: vec4<f32>, h: vec4<f32>) {
    if group / QUADS != turn {
        return;
    }
    let row = own_row(thread);
    let next_row = row + 4u * ROW_THREADS;
    let of_block = group % QUADS;
    staged[kept_place(row, of_block)] = a;
    staged[kept_place(row + 1u, of_block)] = b;
    staged[kept_place(row + 2u, of_block)] = c;
    staged[kept_place(row + 3u, of_block)] = d;
    staged[kept_place(next_row, of_block)] = e;
    staged[kept_place(next_row + 1u, of_block)] = f;
    staged[kept_place(next_row + 2u, of_block)] = g;
    staged[kept_place(next_row + 3u, of_block)] = h;
}

// Meets the kept products of a row, `place` of the tile's, with the vectors from `first` on; gives its
// last value.
fn meet(place: u32, row: u32, before: f32, first: u32) -> f32 {
    var least = before;
    for (var group = 0u; group < QUADS; group += 1u) {
        let products = staged[kept_place(place, group)];
        if max(max(products.x, products.y), max(products.z, products.w)) <= least {
            continue;
        }
        for (var m = 0u; m < 4u; m += 1u) {
            let vector = first + 4u * group + m;
            if products[m] > least && vector < end_of_vectors() && vector != shape.own + row {
                insert(row, products[m]);
                least = last(row);
            }
        }
    }
    return least;
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn closest(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first_row = (group_id.y * grid.x + group_id.x) * ROWS;
    // The rows that come to this thread; a second one where there are few threads.
    let is_first = thread < ROWS;
    let is_second = thread + threads() < ROWS;
    let row = first_row + thread;
    let next_row = row + threads();
    var a = last(row);
    var b = last(next_row);

    for (var index = 0u; index < shape.blocks; index += blocks_at_once()) {
        let d = dots(index, first_row, thread);
        for (var turn = 0u; turn < blocks_at_once(); turn += 1u) {
            let low = own_group(thread);
            let high = low + COLUMN_THREADS;
            workgroupBarrier(); // the last tile, or block, has been read
            keep(turn, thread, low, d.low_0, d.low_1, d.low_2, d.low_3, d.low_4, d.low_5, d.low_6, d.low_7);
            keep(turn, thread, high, d.high_0, d.high_1, d.high_2, d.high_3, d.high_4, d.high_5, d.high_6, d.high_7);
            workgroupBarrier();
            let first = shape.first + 4u * QUADS * (index + turn);
            if is_first {
                a = meet(thread, row, a, first);
            }
            if is_second {
                b = meet(thread + threads(), next_row, b, first);
            }
        }
    }
}

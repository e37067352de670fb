// closest: for every row the k largest inner products with other rows of its cluster.
//
//   closest_of[i]  = the k largest sum_j x[i, j] q[n, j], n not i, largest first
//                    x: rows x dim, row-major, of length 1; q as in square_tile.wgsl
//
// Grid      a workgroup takes 128 rows and every vector; folded over x and y.
// Memory    features once a tile's vectors, by way of workgroup memory, which then takes a thread's
//           products of a row where one of them may belong in the row's list. Lists are in memory,
//           sorted; most products fall short of a list's last value.
// Rounding  a chain of `dim` multiply-adds.
// Order     the threads of a row come to its list in turn, so that no two change it at a time; the list
//           has values only, and is the same in any order. Where vectors take several dispatches, lists
//           go on. The host fills them with the lowest value.
// Rounds    up to k + 1 for each of eight products of eight rows (src/gpu/closest.rs counts them).
// Mirror    src/cpu/closest.rs. Contract: src/pool.rs, tests/kernels.rs.

const LARGEST = 3.4028234663852886e38;
const LOWEST = -LARGEST;

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

// A row's products with four vectors, the lowest value for itself and past the last vector.
fn others(row: u32, first: u32, products: vec4<f32>) -> vec4<f32> {
    let vectors = vec4(first) + vec4(0u, 1u, 2u, 3u);
    let is_other = (vectors < vec4(end_of_vectors())) & (vectors != vec4(shape.own + row));
    return select(vec4(LOWEST), products, is_other);
}

// Meets a row's products with two groups of four vectors.
fn meet(row: u32, first: u32, thread: u32, low: vec4<f32>, high: vec4<f32>) {
    let a = others(row, first, low);
    let b = others(row, first + 4u * COLUMN_THREADS, high);
    let most = max(a, b);
    let least = last(row);
    if max(max(most.x, most.y), max(most.z, most.w)) <= least {
        return;
    }
    let place = thread / COLUMN_THREADS * 2u; // nobody else's in this turn
    staged[place] = a;
    staged[place + 1u] = b;
    for (var m = 0u; m < 8u; m += 1u) {
        let product = staged[place + m / 4u][m % 4u];
        if product > last(row) {
            insert(row, product);
        }
    }
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn closest(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first_row = (group_id.y * grid.x + group_id.x) * ROWS;
    let row = first_row + own_row(thread);
    let next_row = row + 4u * ROW_THREADS;

    for (var index = 0u; index < shape.blocks; index += blocks_at_once()) {
        let d = dots(index, first_row, thread);
        let first = shape.first + 4u * (index * QUADS + own_group(thread));
        for (var turn = 0u; turn < COLUMN_THREADS; turn += 1u) {
            // The last tile has been read; so have been written the lists of the turn before.
            workgroupBarrier();
            storageBarrier();
            if turn == own_group(thread) {
                meet(row, first, thread, d.low_0, d.high_0);
                meet(row + 1u, first, thread, d.low_1, d.high_1);
                meet(row + 2u, first, thread, d.low_2, d.high_2);
                meet(row + 3u, first, thread, d.low_3, d.high_3);
                meet(next_row, first, thread, d.low_4, d.high_4);
                meet(next_row + 1u, first, thread, d.low_5, d.high_5);
                meet(next_row + 2u, first, thread, d.low_6, d.high_6);
                meet(next_row + 3u, first, thread, d.low_7, d.high_7);
            }
        }
    }
}

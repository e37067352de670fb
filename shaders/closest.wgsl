// closest: for every row the k largest inner products with other rows of its cluster.
//
//   closest_of[i]  = the k largest sum_j x[i, j] q[n, j], n not i, largest first
//                    x: rows x dim, row-major, of length 1; q as in tile.wgsl
//
// Grid      a workgroup takes 128 rows and every vector; folded over x and y.
// Memory    features once a block of 32 vectors, in tiles by way of workgroup memory, which then
//           takes the block's products. A row's list is in memory, sorted; only its last value, which
//           most products fall short of, is in a register.
// Rounding  a chain of `dim` multiply-adds.
// Order     vectors in theirs, also where they take several dispatches, whose lists go on. The host
//           fills the lists with the lowest value.
// Rounds    up to k + 1 for each of two rows and 32 vectors (src/gpu/closest.rs counts them).
// Mirror    src/cpu/closest.rs. Contract: src/pool.rs, tests/kernels.rs.

const LARGEST = 3.4028234663852886e38;
const VECTORS = 32u;
// A word of padding, so that threads meet different banks; 64 rows of it fit `staged`.
const PITCH = 33u;

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
    while at > first && closest_of[at - 1u] < product {
        closest_of[at] = closest_of[at - 1u];
        at -= 1u;
    }
    closest_of[at] = product;
}

fn keep_four(at: u32, products: vec4<f32>) {
    staged[at] = products.x;
    staged[at + 1u] = products.y;
    staged[at + 2u] = products.z;
    staged[at + 3u] = products.w;
}

// Meets the kept products of a row with the vectors from `first` on; gives its last value.
fn meet(row: u32, before: f32, first: u32, thread: u32) -> f32 {
    var least = before;
    let end = min(VECTORS, shape.count - first);
    for (var m = 0u; m < end; m += 1u) {
        let product = staged[thread * PITCH + m];
        if product > least && first + m != shape.own + row {
            insert(row, product);
            least = last(row);
        }
    }
    return least;
}

@compute @workgroup_size(64)
fn closest(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first_row = (group_id.y * grid.x + group_id.x) * ROWS;
    let row = first_row + thread;
    var a = last(row);
    var b = last(row + THREADS);
    let place = thread * PITCH;

    for (var index = 0u; index < shape.blocks; index += 1u) {
        let d = dots(index, first_row, thread);
        let first = shape.first + index * VECTORS;
        workgroupBarrier(); // the last tile has been read
        keep_four(place, d.a0);
        keep_four(place + 4u, d.a1);
        keep_four(place + 8u, d.a2);
        keep_four(place + 12u, d.a3);
        keep_four(place + 16u, d.a4);
        keep_four(place + 20u, d.a5);
        keep_four(place + 24u, d.a6);
        keep_four(place + 28u, d.a7);
        a = meet(row, a, first, thread);
        keep_four(place, d.b0);
        keep_four(place + 4u, d.b1);
        keep_four(place + 8u, d.b2);
        keep_four(place + 12u, d.b3);
        keep_four(place + 16u, d.b4);
        keep_four(place + 20u, d.b5);
        keep_four(place + 24u, d.b6);
        keep_four(place + 28u, d.b7);
        b = meet(row + THREADS, b, first, thread);
    }
}

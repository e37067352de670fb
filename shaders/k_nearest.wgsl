// k_nearest: for every row the k largest inner products, less halves, with other rows of its cluster.
//
//   k_nearest_of[i]  = the k largest sum_j x[i, j] q[n, j] - halves[n], n not i, largest first
//                    x: rows x dim, row-major; q as in square_tile.wgsl, and halves in blocks as q
//
// Grid      a workgroup takes a tile, 64 rows and vectors of their cluster; folded over x and y.
// Memory    features once a tile's vectors, by way of workgroup memory. A row's list is in memory, sorted;
//           its last value, which most products fall short of, is in workgroup memory. The products
//           beyond it are kept there, a few for each row, until one thread puts them into the list.
// Rounding  a chain of `dim` multiply-adds, then a difference.
// Order     none: a list is the same in whatever order it came about, also where vectors take several
//           dispatches, whose lists go on. The host fills the lists with the lowest value.
// Rounds    up to k + 3 for each of a tile's vectors (src/gpu/k_nearest.rs counts them).
// Mirror    src/cpu/k_nearest.rs. Contract: src/kernels/pool.rs, tests/kernels/k_nearest.rs.

const LARGEST = 3.4028234663852886e38;
// Products of a row kept at a time: odd, so that rows begin in different banks.
const MOST_KEPT = 13u;

var<workgroup> kept: array<f32, 832>; // ROWS * MOST_KEPT
var<workgroup> kept_of: array<atomic<u32>, 64>; // how many: beyond MOST_KEPT they wait
var<workgroup> least_of: array<f32, 64>;
var<workgroup> waits: atomic<u32>;
var<workgroup> goes_on: u32;

struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    k: u32,
    tiles: u32,
}

// Mirror: `Tile` in src/gpu/k_nearest.rs.
struct Tile {
    // First row, and the row after the last of its cluster.
    row: u32,
    row_end: u32,
    // First block of vectors, and the block after the last.
    block: u32,
    block_end: u32,
    // Which vector of the cluster the first is, how many the cluster has, and which the first row is.
    first: u32,
    count: u32,
    own: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> directions: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> k_nearest_of: array<f32>;
// The features again, where they come in fours.
@group(0) @binding(4) var<storage, read> fours: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> tiles: array<Tile>;
// With as many past the last block as a tile may go past it.
@group(0) @binding(6) var<storage, read> halves: array<vec4<f32>>;

fn element(at: u32) -> f32 {
    return features[at];
}

fn four_elements(at: u32) -> vec4<f32> {
    return fours[at];
}

// The last value of a row's list; past the last row one that nothing exceeds.
fn last(row: u32, row_end: u32) -> f32 {
    if row < row_end {
        return k_nearest_of[row * shape.k + shape.k - 1u];
    }
    return LARGEST;
}

// Puts a product where it belongs in a row's list, whose last value goes.
fn insert(row: u32, product: f32) {
    let first = row * shape.k;
    var at = first + shape.k - 1u;
    while at > first {
        let before = k_nearest_of[at - 1u];
        if before >= product {
            break;
        }
        k_nearest_of[at] = before;
        at -= 1u;
    }
    k_nearest_of[at] = product;
}

// All of a thread's products less the halves, `low` being the group of its first columns.
fn less_halves(d: Dots, low: u32) -> Dots {
    let a = halves[low];
    var b = vec4(0.0);
    if is_wide() {
        b = halves[low + COLUMN_THREADS];
    }
    return Dots(
        d.low_0 - a, d.high_0 - b,
        d.low_1 - a, d.high_1 - b,
        d.low_2 - a, d.high_2 - b,
        d.low_3 - a, d.high_3 - b,
        d.low_4 - a, d.high_4 - b,
        d.low_5 - a, d.high_5 - b,
        d.low_6 - a, d.high_6 - b,
        d.low_7 - a, d.high_7 - b,
    );
}

// The products of vector `own` with a group of four vectors, the lowest value in the place of those with
// itself and with none.
fn with_others(own: u32, first: u32, count: u32, products: vec4<f32>) -> vec4<f32> {
    let vectors = vec4(first) + vec4(0u, 1u, 2u, 3u);
    let are_others = (vectors < vec4(count)) & (vectors != vec4(own));
    return select(vec4(-LARGEST), products, are_others);
}

// The same for all of a thread's products. `first` is the first vector of the tile's columns, and after
// the last of those that are here comes `end`.
fn others(d: Dots, tile: Tile, first: u32, end: u32, thread: u32) -> Dots {
    let row = tile.own + own_row(thread);
    let next_row = row + 4u * ROW_THREADS;
    let low = first + 4u * column_thread(thread);
    let high = low + 4u * COLUMN_THREADS;
    return Dots(
        with_others(row, low, end, d.low_0), with_others(row, high, end, d.high_0),
        with_others(row + 1u, low, end, d.low_1), with_others(row + 1u, high, end, d.high_1),
        with_others(row + 2u, low, end, d.low_2), with_others(row + 2u, high, end, d.high_2),
        with_others(row + 3u, low, end, d.low_3), with_others(row + 3u, high, end, d.high_3),
        with_others(next_row, low, end, d.low_4), with_others(next_row, high, end, d.high_4),
        with_others(next_row + 1u, low, end, d.low_5), with_others(next_row + 1u, high, end, d.high_5),
        with_others(next_row + 2u, low, end, d.low_6), with_others(next_row + 2u, high, end, d.high_6),
        with_others(next_row + 3u, low, end, d.low_7), with_others(next_row + 3u, high, end, d.high_7),
    );
}

// Keeps a product that belongs into the list of row `place` of the tile, if there is room; gives what is
// still to be kept.
fn keep(place: u32, product: f32, least: f32) -> f32 {
    if product <= least {
        return -LARGEST;
    }
    let at = atomicAdd(&kept_of[place], 1u);
    if at >= MOST_KEPT {
        atomicStore(&waits, 1u);
        return product;
    }
    kept[place * MOST_KEPT + at] = product;
    return -LARGEST;
}

fn keep_four(place: u32, products: vec4<f32>) -> vec4<f32> {
    let least = least_of[place];
    if max(max(products.x, products.y), max(products.z, products.w)) <= least {
        return products;
    }
    return vec4(
        keep(place, products.x, least),
        keep(place, products.y, least),
        keep(place, products.z, least),
        keep(place, products.w, least),
    );
}

fn keep_all(products: Dots, thread: u32) -> Dots {
    var d = products;
    let row = own_row(thread);
    let next_row = row + 4u * ROW_THREADS;
    d.low_0 = keep_four(row, d.low_0);
    d.low_1 = keep_four(row + 1u, d.low_1);
    d.low_2 = keep_four(row + 2u, d.low_2);
    d.low_3 = keep_four(row + 3u, d.low_3);
    d.low_4 = keep_four(next_row, d.low_4);
    d.low_5 = keep_four(next_row + 1u, d.low_5);
    d.low_6 = keep_four(next_row + 2u, d.low_6);
    d.low_7 = keep_four(next_row + 3u, d.low_7);
    if is_wide() {
        d.high_0 = keep_four(row, d.high_0);
        d.high_1 = keep_four(row + 1u, d.high_1);
        d.high_2 = keep_four(row + 2u, d.high_2);
        d.high_3 = keep_four(row + 3u, d.high_3);
        d.high_4 = keep_four(next_row, d.high_4);
        d.high_5 = keep_four(next_row + 1u, d.high_5);
        d.high_6 = keep_four(next_row + 2u, d.high_6);
        d.high_7 = keep_four(next_row + 3u, d.high_7);
    }
    return d;
}

// Puts what is kept of a row, `place` of the tile's, into its list.
fn settle(place: u32, tile: Tile) {
    let row = tile.row + place;
    let count = min(atomicLoad(&kept_of[place]), MOST_KEPT);
    if count == 0u {
        return;
    }
    var least = least_of[place];
    for (var at = 0u; at < count; at += 1u) {
        let product = kept[place * MOST_KEPT + at];
        if product > least {
            insert(row, product);
            least = last(row, tile.row_end);
        }
    }
    least_of[place] = least;
    atomicStore(&kept_of[place], 0u);
}

// Meets a tile's products with the lists of its rows.
fn meet(products: Dots, tile: Tile, thread: u32) {
    var d = products;
    loop {
        d = keep_all(d, thread);
        workgroupBarrier();
        if thread == 0u {
            goes_on = atomicExchange(&waits, 0u);
        }
        if thread < ROWS {
            settle(thread, tile);
        }
        if workgroupUniformLoad(&goes_on) == 0u {
            break;
        }
    }
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn k_nearest(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    if thread < ROWS {
        least_of[thread] = last(tile.row + thread, tile.row_end);
        atomicStore(&kept_of[thread], 0u);
    }
    if thread == 0u {
        atomicStore(&waits, 0u);
    }

    // A tile's columns may go past the last block that is here.
    let end = min(tile.count, tile.first + 4u * QUADS * (tile.block_end - tile.block));
    var first = tile.first;
    for (var index = tile.block; index < tile.block_end; index += blocks_at_once()) {
        var d = less_halves(dots(index, tile.row, thread), index * QUADS + column_thread(thread));
        let next = first + 4u * groups_of_vectors();
        if next > end || (first < tile.own + ROWS && tile.own < next) {
            d = others(d, tile, first, end, thread);
        }
        meet(d, tile, thread);
        first = next;
    }
}

// square_tile: inner products in f32 of a workgroup's 128 rows with 32 or 128 vectors at a time: centres
// or other rows. Joined before a kernel with a uniform `shape` (rows, dim, columns, blocks, first, count),
// a `directions` binding and functions `element` and `four_elements` for values of the rows; no entry
// point. Lives under default limits.
//
//   directions   the vectors, blocks x columns x 32; columns is dim rounded up to COLUMNS, zeros
//                beyond dim
//   dots         sum_j x[i, j] q[m, j], a chain in the order of j
//
// A thread has 8 x 8 of the products, rows and vectors of two groups of four each, ROW_THREADS and
// COLUMN_THREADS groups apart, so that neighbouring threads read neighbouring words: 64 multiply-adds
// for four loads. COLUMNS values of every row and vector lie in workgroup memory, those of four rows
// together; the next ones are on their way meanwhile. The accumulators are named, not indexed, because
// an index would push them out of the registers. Loops are kept few: a thread of lavapipe stops after
// 65 535 rounds of all its loops (src/gpu/directions.rs counts them).

override COLUMN_THREADS: u32 = 16u;

const ROW_THREADS = 16u;
const ROWS = 128u;
const COLUMNS = 16u;
// Groups of four vectors to a block.
const QUADS = 8u;

// COLUMNS x (2 ROW_THREADS + 2 COLUMN_THREADS) groups of four, for the wide tile; for a kernel whatever it
// wants between tiles.
var<workgroup> staged: array<vec4<f32>, 1024>;

// Row r of the thread's eight with its low and its high four vectors: `low_r` and `high_r`.
struct Dots {
    low_0: vec4<f32>, high_0: vec4<f32>,
    low_1: vec4<f32>, high_1: vec4<f32>,
    low_2: vec4<f32>, high_2: vec4<f32>,
    low_3: vec4<f32>, high_3: vec4<f32>,
    low_4: vec4<f32>, high_4: vec4<f32>,
    low_5: vec4<f32>, high_5: vec4<f32>,
    low_6: vec4<f32>, high_6: vec4<f32>,
    low_7: vec4<f32>, high_7: vec4<f32>,
}

// What a thread fetches of the next COLUMNS columns: four values of each of four rows, of four more
// where there are few threads, and two groups of four vectors.
struct Fetched {
    a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>,
    e: vec4<f32>, f: vec4<f32>, g: vec4<f32>, h: vec4<f32>,
    q: vec4<f32>, r: vec4<f32>,
}

fn threads() -> u32 {
    return ROW_THREADS * COLUMN_THREADS;
}

fn groups_staged() -> u32 {
    return 2u * (ROW_THREADS + COLUMN_THREADS);
}

// Blocks of vectors at a time.
fn blocks_at_once() -> u32 {
    return COLUMN_THREADS / 4u;
}

// After the last of the vectors that are here: a tile may go past the dispatch's blocks, whose vectors
// come next, and past the last of all.
fn end_of_vectors() -> u32 {
    return min(shape.count, shape.first + 4u * QUADS * shape.blocks);
}

// The first of the thread's rows, and the first group of its vectors, within the tile; the others are
// ROW_THREADS and COLUMN_THREADS groups further.
fn own_row(thread: u32) -> u32 {
    return 4u * (thread / COLUMN_THREADS);
}

fn own_group(thread: u32) -> u32 {
    return thread % COLUMN_THREADS;
}

// Four values of a row; zeros past the edges.
fn row_values(row: u32, column: u32) -> vec4<f32> {
    var v = vec4(0.0);
    if row >= shape.rows || column >= shape.dim {
        return v;
    }
    let at = row * shape.dim + column;
    if shape.dim % 4u == 0u {
        return four_elements(at / 4u);
    }
    v.x = element(at);
    if column + 1u < shape.dim { v.y = element(at + 1u); }
    if column + 2u < shape.dim { v.z = element(at + 2u); }
    if column + 3u < shape.dim { v.w = element(at + 3u); }
    return v;
}

// A column's values of four vectors: unit / groups of a column is the column; zeros past the last
// block.
fn vector_values(index: u32, column: u32, unit: u32) -> vec4<f32> {
    let group = unit % (2u * COLUMN_THREADS);
    let of_block = index + group / QUADS;
    if of_block >= shape.blocks {
        return vec4(0.0);
    }
    let j = column + unit / (2u * COLUMN_THREADS);
    return directions[(of_block * shape.columns + j) * QUADS + group % QUADS];
}

// Four columns of four rows make a unit, of which there are ROWS; neighbouring threads take
// neighbouring columns.
fn fetch(index: u32, first_row: u32, column: u32, thread: u32) -> Fetched {
    var v = Fetched();
    let row = first_row + thread / 4u * 4u;
    let j = column + thread % 4u * 4u;
    if thread < ROWS {
        v.a = row_values(row, j);
        v.b = row_values(row + 1u, j);
        v.c = row_values(row + 2u, j);
        v.d = row_values(row + 3u, j);
    }
    if threads() < ROWS {
        let next_row = row + threads();
        v.e = row_values(next_row, j);
        v.f = row_values(next_row + 1u, j);
        v.g = row_values(next_row + 2u, j);
        v.h = row_values(next_row + 3u, j);
    }
    v.q = vector_values(index, column, thread);
    v.r = vector_values(index, column, thread + threads());
    return v;
}

// Four columns of four rows, one column's together.
fn stage_rows(unit: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) {
    let at = unit % 4u * 4u * groups_staged() + unit / 4u;
    staged[at] = vec4(a.x, b.x, c.x, d.x);
    staged[at + groups_staged()] = vec4(a.y, b.y, c.y, d.y);
    staged[at + 2u * groups_staged()] = vec4(a.z, b.z, c.z, d.z);
    staged[at + 3u * groups_staged()] = vec4(a.w, b.w, c.w, d.w);
}

fn stage_vectors(unit: u32, values: vec4<f32>) {
    let k = unit / (2u * COLUMN_THREADS);
    staged[k * groups_staged() + 2u * ROW_THREADS + unit % (2u * COLUMN_THREADS)] = values;
}

fn stage(v: Fetched, thread: u32) {
    if thread < ROWS {
        stage_rows(thread, v.a, v.b, v.c, v.d);
    }
    if threads() < ROWS {
        stage_rows(thread + threads(), v.e, v.f, v.g, v.h);
    }
    stage_vectors(thread, v.q);
    stage_vectors(thread + threads(), v.r);
}

// Adds the products of one column.
fn add_column(d: ptr<function, Dots>, of_rows: u32, of_vectors: u32) {
    let a = staged[of_rows];
    let b = staged[of_rows + ROW_THREADS];
    let u = staged[of_vectors];
    let v = staged[of_vectors + COLUMN_THREADS];
    (*d).low_0 += a.x * u;
    (*d).high_0 += a.x * v;
    (*d).low_1 += a.y * u;
    (*d).high_1 += a.y * v;
    (*d).low_2 += a.z * u;
    (*d).high_2 += a.z * v;
    (*d).low_3 += a.w * u;
    (*d).high_3 += a.w * v;
    (*d).low_4 += b.x * u;
    (*d).high_4 += b.x * v;
    (*d).low_5 += b.y * u;
    (*d).high_5 += b.y * v;
    (*d).low_6 += b.z * u;
    (*d).high_6 += b.z * v;
    (*d).low_7 += b.w * u;
    (*d).high_7 += b.w * v;
}

// The products with the vectors from block `index` on.
fn dots(index: u32, first_row: u32, thread: u32) -> Dots {
    var d = Dots();
    let rows = thread / COLUMN_THREADS;
    let vectors = 2u * ROW_THREADS + thread % COLUMN_THREADS;
    var next = fetch(index, first_row, 0u, thread);
    for (var column = 0u; column < shape.dim; column += COLUMNS) {
        workgroupBarrier(); // the columns before have been read
        stage(next, thread);
        workgroupBarrier();
        if column + COLUMNS < shape.dim {
            next = fetch(index, first_row, column + COLUMNS, thread);
        }
        for (var k = 0u; k < COLUMNS; k += 4u) {
            let at = k * groups_staged();
            add_column(&d, at + rows, at + vectors);
            add_column(&d, at + groups_staged() + rows, at + groups_staged() + vectors);
            add_column(&d, at + 2u * groups_staged() + rows, at + 2u * groups_staged() + vectors);
            add_column(&d, at + 3u * groups_staged() + rows, at + 3u * groups_staged() + vectors);
        }
    }
    return d;
}

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
// an index would push them out of the registers; four columns are written out, because a function that
// takes the accumulators by pointer costs an H100 a fifth. Loops are kept few: a thread of lavapipe stops after
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

// Four values of a row. Past the edges it is other values of the rows: those of columns meet zeros of the
// vectors, and products of rows that are none go nowhere. So no load waits for a condition.
fn row_values(row: u32, column: u32) -> vec4<f32> {
    let start = min(row, shape.rows - 1u) * shape.dim;
    if shape.dim % 4u == 0u {
        return four_elements((start + min(column, shape.dim - 4u)) / 4u);
    }
    let last = shape.dim - 1u;
    return vec4(
        element(start + min(column, last)),
        element(start + min(column + 1u, last)),
        element(start + min(column + 2u, last)),
        element(start + min(column + 3u, last)),
    );
}

// A column's values of four vectors: unit / groups of a column is the column. Past the last block it is
// other vectors.
fn vector_values(index: u32, column: u32, unit: u32) -> vec4<f32> {
    let group = unit % (2u * COLUMN_THREADS);
    let of_block = min(index + group / QUADS, shape.blocks - 1u);
    let j = column + unit / (2u * COLUMN_THREADS);
    return directions[(of_block * shape.columns + j) * QUADS + group % QUADS];
}

// Four columns of four rows make a unit, of which there are ROWS; neighbouring threads take
// neighbouring columns. What is not fetched stays what it was, and is not staged.
fn fetch(v: ptr<function, Fetched>, index: u32, first_row: u32, column: u32, thread: u32) {
    let row = first_row + thread / 4u * 4u;
    let j = column + thread % 4u * 4u;
    if thread < ROWS {
        (*v).a = row_values(row, j);
        (*v).b = row_values(row + 1u, j);
        (*v).c = row_values(row + 2u, j);
        (*v).d = row_values(row + 3u, j);
    }
    if threads() < ROWS {
        let next_row = row + threads();
        (*v).e = row_values(next_row, j);
        (*v).f = row_values(next_row + 1u, j);
        (*v).g = row_values(next_row + 2u, j);
        (*v).h = row_values(next_row + 3u, j);
    }
    (*v).q = vector_values(index, column, thread);
    (*v).r = vector_values(index, column, thread + threads());
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

// The products with the vectors from block `index` on.
fn dots(index: u32, first_row: u32, thread: u32) -> Dots {
    var d = Dots();
    let rows = thread / COLUMN_THREADS;
    let vectors = 2u * ROW_THREADS + thread % COLUMN_THREADS;
    var next = Fetched();
    fetch(&next, index, first_row, 0u, thread);
    for (var column = 0u; column < shape.dim; column += COLUMNS) {
        workgroupBarrier(); // the columns before have been read
        stage(next, thread);
        workgroupBarrier();
        if column + COLUMNS < shape.dim {
            fetch(&next, index, first_row, column + COLUMNS, thread);
        }
        for (var k = 0u; k < COLUMNS; k += 4u) {
            let at = k * groups_staged();
            let a0 = staged[at + rows];
            let b0 = staged[at + rows + ROW_THREADS];
            let u0 = staged[at + vectors];
            let v0 = staged[at + vectors + COLUMN_THREADS];
            d.low_0 += a0.x * u0; d.high_0 += a0.x * v0;
            d.low_1 += a0.y * u0; d.high_1 += a0.y * v0;
            d.low_2 += a0.z * u0; d.high_2 += a0.z * v0;
            d.low_3 += a0.w * u0; d.high_3 += a0.w * v0;
            d.low_4 += b0.x * u0; d.high_4 += b0.x * v0;
            d.low_5 += b0.y * u0; d.high_5 += b0.y * v0;
            d.low_6 += b0.z * u0; d.high_6 += b0.z * v0;
            d.low_7 += b0.w * u0; d.high_7 += b0.w * v0;

            let a1 = staged[at + groups_staged() + rows];
            let b1 = staged[at + groups_staged() + rows + ROW_THREADS];
            let u1 = staged[at + groups_staged() + vectors];
            let v1 = staged[at + groups_staged() + vectors + COLUMN_THREADS];
            d.low_0 += a1.x * u1; d.high_0 += a1.x * v1;
            d.low_1 += a1.y * u1; d.high_1 += a1.y * v1;
            d.low_2 += a1.z * u1; d.high_2 += a1.z * v1;
            d.low_3 += a1.w * u1; d.high_3 += a1.w * v1;
            d.low_4 += b1.x * u1; d.high_4 += b1.x * v1;
            d.low_5 += b1.y * u1; d.high_5 += b1.y * v1;
            d.low_6 += b1.z * u1; d.high_6 += b1.z * v1;
            d.low_7 += b1.w * u1; d.high_7 += b1.w * v1;

            let a2 = staged[at + 2u * groups_staged() + rows];
            let b2 = staged[at + 2u * groups_staged() + rows + ROW_THREADS];
            let u2 = staged[at + 2u * groups_staged() + vectors];
            let v2 = staged[at + 2u * groups_staged() + vectors + COLUMN_THREADS];
            d.low_0 += a2.x * u2; d.high_0 += a2.x * v2;
            d.low_1 += a2.y * u2; d.high_1 += a2.y * v2;
            d.low_2 += a2.z * u2; d.high_2 += a2.z * v2;
            d.low_3 += a2.w * u2; d.high_3 += a2.w * v2;
            d.low_4 += b2.x * u2; d.high_4 += b2.x * v2;
            d.low_5 += b2.y * u2; d.high_5 += b2.y * v2;
            d.low_6 += b2.z * u2; d.high_6 += b2.z * v2;
            d.low_7 += b2.w * u2; d.high_7 += b2.w * v2;

            let a3 = staged[at + 3u * groups_staged() + rows];
            let b3 = staged[at + 3u * groups_staged() + rows + ROW_THREADS];
            let u3 = staged[at + 3u * groups_staged() + vectors];
            let v3 = staged[at + 3u * groups_staged() + vectors + COLUMN_THREADS];
            d.low_0 += a3.x * u3; d.high_0 += a3.x * v3;
            d.low_1 += a3.y * u3; d.high_1 += a3.y * v3;
            d.low_2 += a3.z * u3; d.high_2 += a3.z * v3;
            d.low_3 += a3.w * u3; d.high_3 += a3.w * v3;
            d.low_4 += b3.x * u3; d.high_4 += b3.x * v3;
            d.low_5 += b3.y * u3; d.high_5 += b3.y * v3;
            d.low_6 += b3.z * u3; d.high_6 += b3.z * v3;
            d.low_7 += b3.w * u3; d.high_7 += b3.w * v3;
        }
    }
    return d;
}

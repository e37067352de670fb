// tile: inner products in f32 of a workgroup's 128 rows with a block of 32 vectors, all of a row's in one
// thread: for kernels that take a row's directions in order. Joined before a kernel with a uniform
// `shape` (rows, dim, columns), a `directions` binding and functions `element` and `four_elements` for
// values of the rows; no entry point. Lives under default limits. (square_tile.wgsl is for kernels that
// take them in any order.)
//
//   directions   the vectors, blocks x columns x 32; columns is dim rounded up to COLUMNS, zeros
//                beyond dim
//
// Two rows a thread, all 32 inner products of each in registers: 64 multiply-adds for two loads of
// features and eight broadcast loads of vectors. Rows come four values at a time where that divides
// them, all of a thread's before any is put away. The sums are named, not indexed, because an index
// would push them out of the registers. Loops are kept few: a thread of lavapipe stops after
// 65 535 rounds of all its loops (src/gpu/directions.rs counts them).

const THREADS = 64u;
const ROWS = 128u;
const COLUMNS = 16u;
// A word of padding, so that threads reading one column meet different banks.
const STRIDE = 17u;
const QUADS = 8u;

var<workgroup> staged: array<f32, 2176>; // ROWS * STRIDE
var<workgroup> block: array<vec4<f32>, 128>; // COLUMNS * QUADS

// Inner products with 32 directions: `a` of row `thread`, `b` of row `thread + THREADS`.
struct Dots {
    a0: vec4<f32>, a1: vec4<f32>, a2: vec4<f32>, a3: vec4<f32>,
    a4: vec4<f32>, a5: vec4<f32>, a6: vec4<f32>, a7: vec4<f32>,
    b0: vec4<f32>, b1: vec4<f32>, b2: vec4<f32>, b3: vec4<f32>,
    b4: vec4<f32>, b5: vec4<f32>, b6: vec4<f32>, b7: vec4<f32>,
}

// Place among `staged` of value e of a tile.
fn place(e: u32) -> u32 {
    return (e / COLUMNS) * STRIDE + e % COLUMNS;
}

// Past the edges a tile has other values of the rows: those of columns meet zeros of the vectors, and
// products of rows that are none go nowhere. So no load waits for a condition.
fn stage_value(first_row: u32, column: u32, e: u32) {
    let row = min(first_row + e / COLUMNS, shape.rows - 1u);
    let j = min(column + e % COLUMNS, shape.dim - 1u);
    staged[place(e)] = element(row * shape.dim + j);
}

// Four values from value 4 f of a tile on.
fn fetch_four(first_row: u32, column: u32, f: u32) -> vec4<f32> {
    let row = min(first_row + f / 4u, shape.rows - 1u);
    let j = min(column + f % 4u * 4u, shape.dim - 4u);
    return four_elements((row * shape.dim + j) / 4u);
}

fn stage_four(f: u32, v: vec4<f32>) {
    let at = place(4u * f);
    staged[at] = v.x;
    staged[at + 1u] = v.y;
    staged[at + 2u] = v.z;
    staged[at + 3u] = v.w;
}

fn stage_fours(first_row: u32, column: u32, thread: u32) {
    let a = fetch_four(first_row, column, thread);
    let b = fetch_four(first_row, column, thread + THREADS);
    let c = fetch_four(first_row, column, thread + 2u * THREADS);
    let d = fetch_four(first_row, column, thread + 3u * THREADS);
    let e = fetch_four(first_row, column, thread + 4u * THREADS);
    let f = fetch_four(first_row, column, thread + 5u * THREADS);
    let g = fetch_four(first_row, column, thread + 6u * THREADS);
    let h = fetch_four(first_row, column, thread + 7u * THREADS);
    stage_four(thread, a);
    stage_four(thread + THREADS, b);
    stage_four(thread + 2u * THREADS, c);
    stage_four(thread + 3u * THREADS, d);
    stage_four(thread + 4u * THREADS, e);
    stage_four(thread + 5u * THREADS, f);
    stage_four(thread + 6u * THREADS, g);
    stage_four(thread + 7u * THREADS, h);
}

// COLUMNS columns of the workgroup's rows into `staged`.
fn stage_rows(first_row: u32, column: u32, thread: u32) {
    if shape.dim % 4u == 0u {
        stage_fours(first_row, column, thread);
        return;
    }
    for (var e = thread; e < ROWS * COLUMNS; e += 4u * THREADS) {
        stage_value(first_row, column, e);
        stage_value(first_row, column, e + THREADS);
        stage_value(first_row, column, e + 2u * THREADS);
        stage_value(first_row, column, e + 3u * THREADS);
    }
}

// The same columns of 32 directions into `block`.
fn stage_directions(index: u32, column: u32, thread: u32) {
    let start = (index * shape.columns + column) * QUADS;
    block[thread] = directions[start + thread];
    block[thread + THREADS] = directions[start + thread + THREADS];
}

// Adds the products of column k.
fn add_column(d: ptr<function, Dots>, k: u32, thread: u32) {
    let a = staged[thread * STRIDE + k];
    let b = staged[(thread + THREADS) * STRIDE + k];
    let q0 = block[k * QUADS];
    let q1 = block[k * QUADS + 1u];
    let q2 = block[k * QUADS + 2u];
    let q3 = block[k * QUADS + 3u];
    let q4 = block[k * QUADS + 4u];
    let q5 = block[k * QUADS + 5u];
    let q6 = block[k * QUADS + 6u];
    let q7 = block[k * QUADS + 7u];
    (*d).a0 += a * q0;
    (*d).a1 += a * q1;
    (*d).a2 += a * q2;
    (*d).a3 += a * q3;
    (*d).a4 += a * q4;
    (*d).a5 += a * q5;
    (*d).a6 += a * q6;
    (*d).a7 += a * q7;
    (*d).b0 += b * q0;
    (*d).b1 += b * q1;
    (*d).b2 += b * q2;
    (*d).b3 += b * q3;
    (*d).b4 += b * q4;
    (*d).b5 += b * q5;
    (*d).b6 += b * q6;
    (*d).b7 += b * q7;
}

fn dots(index: u32, first_row: u32, thread: u32) -> Dots {
    var d = Dots();
    for (var column = 0u; column < shape.dim; column += COLUMNS) {
        workgroupBarrier(); // the tile before has been read
        stage_rows(first_row, column, thread);
        stage_directions(index, column, thread);
        workgroupBarrier();
        for (var k = 0u; k < COLUMNS; k += 4u) {
            add_column(&d, k, thread);
            add_column(&d, k + 1u, thread);
            add_column(&d, k + 2u, thread);
            add_column(&d, k + 3u, thread);
        }
    }
    return d;
}

// Sum of (rate of the bound, residual_sq) over the workgroup's rows; the whole in thread 0.
fn totals(of_thread: vec2<f32>, thread: u32) -> vec2<f32> {
    workgroupBarrier(); // the last tile has been read
    staged[thread] = of_thread.x;
    staged[thread + THREADS] = of_thread.y;
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
            staged[thread] += staged[thread + half];
            staged[thread + THREADS] += staged[thread + half + THREADS];
        }
    }
    return vec2(staged[thread], staged[thread + THREADS]);
}

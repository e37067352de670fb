// tile: the f32 tile, a workgroup's 128 rows against 32 vectors at a time: directions, centres or
// other rows. Joined before a kernel with a uniform `shape` (rows, dim, columns), a `directions`
// binding and functions `element` and `four_elements` for values of the rows; no entry point. Lives
// under default limits.
//
//   directions   the vectors, blocks x columns x 32; columns is dim rounded up to COLUMNS, zeros
//                beyond dim
//
// Two rows a thread, all 32 inner products of each in registers: 64 multiply-adds for two loads of
// features and eight broadcast loads of vectors. Rows come four values at a time where that divides
// them. The sums are named, not indexed, because an index
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

fn stage_value(first_row: u32, column: u32, e: u32) {
    let row = first_row + e / COLUMNS;
    let j = column + e % COLUMNS;
    var v = 0.0;
    if row < shape.rows && j < shape.dim {
        v = element(row * shape.dim + j);
    }
    staged[place(e)] = v;
}

// Four values from value 4 f on.
fn stage_four(first_row: u32, column: u32, f: u32) {
    let e = 4u * f;
    let row = first_row + e / COLUMNS;
    let j = column + e % COLUMNS;
    var v = vec4(0.0);
    if row < shape.rows && j < shape.dim {
        v = four_elements((row * shape.dim + j) / 4u);
    }
    let at = place(e);
    staged[at] = v.x;
    staged[at + 1u] = v.y;
    staged[at + 2u] = v.z;
    staged[at + 3u] = v.w;
}

// COLUMNS columns of the workgroup's rows into `staged`, zeros past the edges.
fn stage_rows(first_row: u32, column: u32, thread: u32) {
    if shape.dim % 4u == 0u {
        for (var f = thread; f < ROWS * COLUMNS / 4u; f += 4u * THREADS) {
            stage_four(first_row, column, f);
            stage_four(first_row, column, f + THREADS);
            stage_four(first_row, column, f + 2u * THREADS);
            stage_four(first_row, column, f + 3u * THREADS);
        }
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

fn dots(index: u32, first_row: u32, thread: u32) -> Dots {
    var d = Dots();
    for (var column = 0u; column < shape.dim; column += COLUMNS) {
        workgroupBarrier(); // the tile before has been read
        stage_rows(first_row, column, thread);
        stage_directions(index, column, thread);
        workgroupBarrier();
        for (var k = 0u; k < COLUMNS; k += 1u) {
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
            d.a0 += a * q0;
            d.a1 += a * q1;
            d.a2 += a * q2;
            d.a3 += a * q3;
            d.a4 += a * q4;
            d.a5 += a * q5;
            d.a6 += a * q6;
            d.a7 += a * q7;
            d.b0 += b * q0;
            d.b1 += b * q1;
            d.b2 += b * q2;
            d.b3 += b * q3;
            d.b4 += b * q4;
            d.b5 += b * q5;
            d.b6 += b * q6;
            d.b7 += b * q7;
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

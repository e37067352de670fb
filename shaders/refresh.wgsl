// refresh: projects basis vectors out of copied rows, and at the end renews the rows' state.
//
//   r[i, :]     -= sum_m <r[i, :], q_m> q_m     r: rows x dim, row-major, a copy of the rows;
//                                               32 vectors at a time, q as in square_tile.wgsl
//   at the end, for every unmasked row, s being the scale:
//   residual_sq  = |s r[i, :]|^2
//   guard        = slip(sqrt(residual_sq), inner_error * sqrt(norm_sq))
//                  + down_date_error * residual_sq
//   masked where residual_sq <= dead^2 norm_sq, unless dead is negative
//   totals[g]    = (sum of rate(residual_sq + guard), sum of residual_sq) of workgroup g
//
// Grid      a workgroup takes 128 rows and every vector; folded over x and y.
// Memory    r is read twice and written once a block of 32 vectors. A thread stores the values
//           that it loaded, so that no thread uses what another wrote.
// Tile      a thread has two rows and all 32 inner products of each, in registers: 64 multiply-adds for two
//           loads of features and eight broadcast loads of vectors. Rows come four values at a time where
//           that divides them, all of a thread's before any is put away. The sums are named, not indexed,
//           because an index would push them out of the registers. Loops are kept few: a thread of
//           lavapipe stops after 65 535 rounds of all its loops (src/gpu/directions.rs counts them).
// Rounding  tiles of 16 squares, then their sums. A row so short that dead^2 norm_sq may be
//           lost among subnormals is never masked: the host settles it.
// Mirror    src/cpu/refresh.rs. Contract: src/kernels/residuals.rs, tests/kernels/refresh.rs.

const SMALLEST_DEAD = 7.888609052210118e-31; // 2^-100

const THREADS = 64u;
const ROWS = 128u;
const COLUMNS = 16u;
// A word of padding, so that threads reading one column meet different banks.
const STRIDE = 17u;
const QUADS = 8u;

struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    // The first row's place among the states.
    first_row: u32,
    // 1 in the last of the dispatches that share a basis.
    ends: u32,
    power: f32,
    slack: f32,
    scale: f32,
    inner_error: f32,
    down_date_error: f32,
    dead: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> directions: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> residuals: array<f32>;
@group(0) @binding(3) var<storage, read_write> states: array<RowState>;
@group(0) @binding(4) var<storage, read_write> totals_of: array<vec2<f32>>;

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
    staged[place(e)] = residuals[row * shape.dim + j];
}

// Four values from value 4 f of a tile on.
fn fetch_four(first_row: u32, column: u32, f: u32) -> vec4<f32> {
    let row = min(first_row + f / 4u, shape.rows - 1u);
    let j = min(column + f % 4u * 4u, shape.dim - 4u);
    let e = row * shape.dim + j;
    return vec4(residuals[e], residuals[e + 1u], residuals[e + 2u], residuals[e + 3u]);
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

fn store_value(first_row: u32, column: u32, e: u32) {
    let row = first_row + e / COLUMNS;
    let j = column + e % COLUMNS;
    if row < shape.rows && j < shape.dim {
        residuals[row * shape.dim + j] = staged[place(e)];
    }
}

fn store_four(first_row: u32, column: u32, f: u32) {
    store_value(first_row, column, 4u * f);
    store_value(first_row, column, 4u * f + 1u);
    store_value(first_row, column, 4u * f + 2u);
    store_value(first_row, column, 4u * f + 3u);
}

// Writes `staged` back, each value by the thread that `stage_rows` had load it.
fn store_rows(first_row: u32, column: u32, thread: u32) {
    if shape.dim % 4u == 0u {
        for (var f = thread; f < ROWS * COLUMNS / 4u; f += 2u * THREADS) {
            store_four(first_row, column, f);
            store_four(first_row, column, f + THREADS);
        }
        return;
    }
    for (var e = thread; e < ROWS * COLUMNS; e += 4u * THREADS) {
        store_value(first_row, column, e);
        store_value(first_row, column, e + THREADS);
        store_value(first_row, column, e + 2u * THREADS);
        store_value(first_row, column, e + 3u * THREADS);
    }
}

fn subtract(d: Dots, index: u32, first_row: u32, thread: u32) {
    for (var column = 0u; column < shape.dim; column += COLUMNS) {
        workgroupBarrier(); // the tile before has been stored
        stage_rows(first_row, column, thread);
        stage_directions(index, column, thread);
        workgroupBarrier();
        for (var k = 0u; k < COLUMNS; k += 1u) {
            let q0 = block[k * QUADS];
            let q1 = block[k * QUADS + 1u];
            let q2 = block[k * QUADS + 2u];
            let q3 = block[k * QUADS + 3u];
            let q4 = block[k * QUADS + 4u];
            let q5 = block[k * QUADS + 5u];
            let q6 = block[k * QUADS + 6u];
            let q7 = block[k * QUADS + 7u];
            staged[thread * STRIDE + k] -=
                (dot(d.a0, q0) + dot(d.a1, q1)) + (dot(d.a2, q2) + dot(d.a3, q3)) +
                ((dot(d.a4, q4) + dot(d.a5, q5)) + (dot(d.a6, q6) + dot(d.a7, q7)));
            staged[(thread + THREADS) * STRIDE + k] -=
                (dot(d.b0, q0) + dot(d.b1, q1)) + (dot(d.b2, q2) + dot(d.b3, q3)) +
                ((dot(d.b4, q4) + dot(d.b5, q5)) + (dot(d.b6, q6) + dot(d.b7, q7)));
        }
        workgroupBarrier();
        store_rows(first_row, column, thread);
    }
}

// Squared lengths, in the pool's unit, of the thread's two rows.
fn lengths_sq(first_row: u32, thread: u32) -> vec2<f32> {
    var sums = vec2(0.0, 0.0);
    for (var column = 0u; column < shape.dim; column += COLUMNS) {
        workgroupBarrier(); // the tile before has been read or stored
        stage_rows(first_row, column, thread);
        workgroupBarrier();
        var of_tile = vec2(0.0, 0.0);
        for (var k = 0u; k < min(COLUMNS, shape.dim - column); k += 1u) {
            let v = shape.scale
                * vec2(staged[thread * STRIDE + k], staged[(thread + THREADS) * STRIDE + k]);
            of_tile += v * v;
        }
        sums += of_tile;
    }
    return sums;
}

// Renews an unmasked row's state and gives its part of the totals.
fn renew(row: u32, residual_sq: f32) -> vec2<f32> {
    if row >= shape.rows {
        return vec2(0.0, 0.0);
    }
    var state = states[shape.first_row + row];
    if state.residual_sq < 0.0 {
        return vec2(0.0, 0.0);
    }
    let delta = shape.inner_error * sqrt(state.norm_sq);
    state.residual_sq = residual_sq;
    state.guard = slip(sqrt(residual_sq), delta) + shape.down_date_error * residual_sq;
    if shape.dead >= 0.0 {
        let dead_sq = shape.dead * shape.dead * state.norm_sq;
        if dead_sq >= SMALLEST_DEAD && residual_sq <= dead_sq {
            state.residual_sq = -1.0;
        }
    }
    states[shape.first_row + row] = state;
    return part(state);
}

@compute @workgroup_size(64)
fn refresh(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    let first_row = group * ROWS;

    for (var index = 0u; index < shape.blocks; index += 1u) {
        let d = dots(index, first_row, thread);
        subtract(d, index, first_row, thread);
    }

    if shape.ends == 1u {
        let lengths = lengths_sq(first_row, thread);
        let row = first_row + thread;
        let whole = totals(renew(row, lengths.x) + renew(row + THREADS, lengths.y), thread);
        if thread == 0u && first_row < shape.rows {
            totals_of[group] = whole;
        }
    }
}

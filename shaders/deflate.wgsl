// deflate: projects directions out of every unmasked row, in order.
//
//   guard       += down_date_error * residual_sq
//   and for every m, with c = sum_j x[i, j] q[m, j] and delta = inner_error * sqrt(norm_sq)
//   left        -= dt[m] * rate(residual_sq + guard)
//   guard       += slip(c, delta)
//   residual_sq  = max(residual_sq - c^2, 0)
//   in the end
//   totals[g]    = (sum of rate(residual_sq + guard), sum of residual_sq) of workgroup g
//
//   x: rows x dim, row-major; q as in square_tile.wgsl. A direction with dt < 0 is none: it
//   fills a block up.
//
// Grid      a workgroup takes 64 rows and every direction; folded over x and y.
// Memory    features once a block of 32 directions, in tiles by way of workgroup memory, by which a row's
//           inner products come together in one thread; its state stays in registers.
// Rounding  left only down: `inflate` covers the rounding of the sum, left * 2^-22 that of the
//           subtraction.
// Mirror    src/cpu/deflate.rs. Contract: src/kernels/residuals.rs, tests/kernels/deflate.rs.

struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    power: f32,
    slack: f32,
    inflate: f32,
    inner_error: f32,
    down_date_error: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> directions: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> dt: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> states: array<RowState>;
@group(0) @binding(5) var<storage, read_write> totals_of: array<vec2<f32>>;
// The features again, where they come in fours.
@group(0) @binding(6) var<storage, read> fours: array<vec4<f32>>;

fn element(at: u32) -> f32 {
    return features[at];
}

fn four_elements(at: u32) -> vec4<f32> {
    return fours[at];
}

// A row on its way through the directions.
struct Run {
    state: RowState,
    // What goes from `left` in the end.
    hazard: f32,
    // How far an inner product may be off.
    delta: f32,
}

fn project(run: ptr<function, Run>, c: f32, time: f32) {
    if time < 0.0 {
        return;
    }
    (*run).hazard += time * rate((*run).state.residual_sq + (*run).state.guard);
    (*run).state.guard += slip(c, (*run).delta);
    (*run).state.residual_sq = max((*run).state.residual_sq - c * c, 0.0);
}

fn project_four(run: ptr<function, Run>, c: vec4<f32>, time: vec4<f32>) {
    project(run, c.x, time.x);
    project(run, c.y, time.y);
    project(run, c.z, time.z);
    project(run, c.w, time.w);
}

fn start(row: u32) -> Run {
    var run = Run(RowState(-1.0, 0.0, 0.0, 0.0), 0.0, 0.0);
    if row < shape.rows {
        run.state = states[row];
        run.state.guard += shape.down_date_error * run.state.residual_sq;
        run.delta = shape.inner_error * sqrt(run.state.norm_sq);
    }
    return run;
}

// Writes an unmasked row back and gives its part of the totals.
fn finish(run: Run, row: u32) -> vec2<f32> {
    var state = run.state;
    if state.residual_sq >= 0.0 {
        let spent = run.hazard * shape.inflate + state.left * 2.384185791015625e-7;
        state.left = max(state.left - spent, 0.0);
        states[row] = state;
    }
    return part(state);
}

// Place of a row's products with a group of four directions, so that threads reading one group of their
// rows meet different banks.
fn kept_place(row: u32, group: u32) -> u32 {
    return row * QUADS + (group ^ (row % QUADS));
}

// Puts away a thread's products, those of a row together.
fn keep(d: Dots, thread: u32) {
    let group = column_thread(thread);
    let row = own_row(thread);
    let next_row = row + 4u * ROW_THREADS;
    staged[kept_place(row, group)] = d.low_0;
    staged[kept_place(row + 1u, group)] = d.low_1;
    staged[kept_place(row + 2u, group)] = d.low_2;
    staged[kept_place(row + 3u, group)] = d.low_3;
    staged[kept_place(next_row, group)] = d.low_4;
    staged[kept_place(next_row + 1u, group)] = d.low_5;
    staged[kept_place(next_row + 2u, group)] = d.low_6;
    staged[kept_place(next_row + 3u, group)] = d.low_7;
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn deflate(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    let first_row = group * ROWS;
    var run = start(first_row + thread);

    for (var index = 0u; index < shape.blocks; index += 1u) {
        let d = dots(index, first_row, thread);
        workgroupBarrier(); // the last columns have been read
        keep(d, thread);
        workgroupBarrier();
        if run.state.residual_sq >= 0.0 {
            for (var q = 0u; q < QUADS; q += 1u) {
                project_four(&run, staged[kept_place(thread, q)], dt[index * QUADS + q]);
            }
        }
    }

    let whole = totals(finish(run, first_row + thread), thread);
    if thread == 0u && first_row < shape.rows {
        totals_of[group] = whole;
    }
}

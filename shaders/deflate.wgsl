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
//   x: rows x dim, row-major; q as in tile.wgsl. A direction with dt < 0 is none: it
//   fills a block up.
//
// Grid      a workgroup takes 128 rows and every direction; folded over x and y.
// Memory    features once a block of 32 directions, in tiles by way of workgroup memory; the
//           inner products and a row's state stay in registers.
// Rounding  left only down: `inflate` covers the rounding of the sum, left * 2^-22 that of the
//           subtraction.
// Mirror    src/cpu/deflate.rs. Contract: src/pool.rs, tests/kernels.rs.

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

@compute @workgroup_size(64)
fn deflate(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    let first_row = group * ROWS;
    let row = first_row + thread;
    var a = start(row);
    var b = start(row + THREADS);

    for (var index = 0u; index < shape.blocks; index += 1u) {
        let d = dots(index, first_row, thread);
        if a.state.residual_sq >= 0.0 {
            project_four(&a, d.a0, dt[index * QUADS]);
            project_four(&a, d.a1, dt[index * QUADS + 1u]);
            project_four(&a, d.a2, dt[index * QUADS + 2u]);
            project_four(&a, d.a3, dt[index * QUADS + 3u]);
            project_four(&a, d.a4, dt[index * QUADS + 4u]);
            project_four(&a, d.a5, dt[index * QUADS + 5u]);
            project_four(&a, d.a6, dt[index * QUADS + 6u]);
            project_four(&a, d.a7, dt[index * QUADS + 7u]);
        }
        if b.state.residual_sq >= 0.0 {
            project_four(&b, d.b0, dt[index * QUADS]);
            project_four(&b, d.b1, dt[index * QUADS + 1u]);
            project_four(&b, d.b2, dt[index * QUADS + 2u]);
            project_four(&b, d.b3, dt[index * QUADS + 3u]);
            project_four(&b, d.b4, dt[index * QUADS + 4u]);
            project_four(&b, d.b5, dt[index * QUADS + 5u]);
            project_four(&b, d.b6, dt[index * QUADS + 6u]);
            project_four(&b, d.b7, dt[index * QUADS + 7u]);
        }
    }

    let whole = totals(finish(a, row) + finish(b, row + THREADS), thread);
    if thread == 0u && first_row < shape.rows {
        totals_of[group] = whole;
    }
}

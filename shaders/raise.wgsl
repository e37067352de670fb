// raise: how well rows are covered, after some more columns are chosen.
//
//   best[i] = max(best[i], values[i, c]) over the columns c that are listed
//
// Grid      a thread a row, workgroups folded over x and y.
// Memory    a row's values stand together; columns that are chosen are few.
// Rounding  none: integers.
// Mirror    src/cpu/raise.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

struct Shape {
    rows: u32,
    columns: u32,
    listed: u32,
    // Where the rows stand in the cover.
    first: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> values: array<u32>;
@group(0) @binding(2) var<storage, read> listed: array<u32>;
@group(0) @binding(3) var<storage, read_write> cover: array<u32>;

@compute @workgroup_size(64)
fn raise(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = (group_id.y * grid.x + group_id.x) * 64u + thread;
    if row >= shape.rows {
        return;
    }
    var state = cover[shape.first + row];
    for (var at = 0u; at < shape.listed; at += 1u) {
        state = raised(state, values[row * shape.columns + listed[at]]);
    }
    cover[shape.first + row] = state;
}

// due_rows: the rows that may fire before a time.
//
//   unmasked i with left[i] < tau * rate(residual_sq[i] + guard[i]), or every unmasked i
//
// Grid      a thread a row, folded over x and y.
// Memory    one 16-byte state a thread; an atomic only for a row that is due.
// Rounding  on the safe side by the rate's slack. No product leaves the range of f32: the rate
//           multiplies where it is at most 1 and divides where it is more.
// Order     any. The count goes on past `capacity`; the list does not.
// Mirror    src/cpu/due_rows.rs. Contract: src/kernels/residuals.rs, tests/kernels/due_rows.rs.

const THREADS = 256u;

struct Shape {
    rows: u32,
    capacity: u32,
    // 1 where every unmasked row is due.
    all: u32,
    tau: f32,
    power: f32,
    slack: f32,
}

struct Found {
    count: atomic<u32>,
    rows: array<u32>,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> states: array<RowState>;
@group(0) @binding(2) var<storage, read_write> found: Found;

fn is_due(state: RowState) -> bool {
    if state.residual_sq < 0.0 {
        return false;
    }
    if shape.all == 1u {
        return true;
    }
    let r = rate(state.residual_sq + state.guard);
    if r > 1.0 {
        return state.left / r < shape.tau;
    }
    return state.left < shape.tau * r;
}

@compute @workgroup_size(256)
fn due_rows(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = (group.y * grid.x + group.x) * THREADS + thread;
    if row >= shape.rows {
        return;
    }
    if is_due(states[row]) {
        let slot = atomicAdd(&found.count, 1u);
        if slot < shape.capacity {
            found.rows[slot] = row;
        }
    }
}

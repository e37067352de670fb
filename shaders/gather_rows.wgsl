// gather_rows: copies of some rows, to the bit.
//
//   gathered[k, j] = x[wanted[k], j]          x: rows x dim; gathered: count x dim, row-major
//
// Grid      a thread a value, folded over x and y.
// Memory    neighbouring threads read and write neighbouring addresses within a row.
// Rounding  none: values travel as integers, so that subnormals survive.
// Mirror    src/cpu/gather_rows.rs. Contract: src/kernels/pool.rs, tests/kernels/gather_rows.rs.

const THREADS = 256u;

struct Shape {
    count: u32,
    dim: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<u32>;
@group(0) @binding(2) var<storage, read> wanted: array<u32>;
@group(0) @binding(3) var<storage, read_write> gathered: array<u32>;

@compute @workgroup_size(256)
fn gather_rows(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = (group.y * grid.x + group.x) * THREADS + thread;
    if at >= shape.count * shape.dim {
        return;
    }
    gathered[at] = features[wanted[at / shape.dim] * shape.dim + at % shape.dim];
}

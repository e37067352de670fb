// ceiling_copy: the bandwidth of memory where as much is written as read.
//
//   copied[i] = source[i]           i < shape.vectors
//
// Grid      a thread a vector, folded over x and y.
// Mirror    `copy` in cli/src/bench/cpu.rs.

const THREADS = 256u;

struct Shape {
    vectors: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> copied: array<vec4<u32>>;

@compute @workgroup_size(THREADS)
fn ceiling_copy(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = (group.y * grid.x + group.x) * THREADS + thread;
    if at < shape.vectors {
        copied[at] = source[at];
    }
}

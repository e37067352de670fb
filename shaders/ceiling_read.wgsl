// ceiling_read: the bandwidth of memory that is only read.
//
//   sums[t] = sum of the four words of source[t + k threads], k < EACH, modulo 2^32
//
// Grid      shape.threads threads, whole workgroups, folded over x and y: one word written for
//           128 read, and neighbouring threads read neighbouring vectors.
// Mirror    `read` in cli/src/bench/cpu.rs.

const THREADS = 256u;
const EACH = 32u;

struct Shape {
    threads: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<u32>;

@compute @workgroup_size(THREADS)
fn ceiling_read(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = (group.y * grid.x + group.x) * THREADS + thread;
    if at >= shape.threads {
        return;
    }
    var sum = vec4<u32>();
    for (var k = 0u; k < EACH; k += 4u) {
        let first = at + k * shape.threads;
        sum += source[first];
        sum += source[first + shape.threads];
        sum += source[first + 2u * shape.threads];
        sum += source[first + 3u * shape.threads];
    }
    sums[at] = sum.x + sum.y + sum.z + sum.w;
}

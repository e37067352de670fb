// nearest: for every row the vector of the smallest score, and the smallest of the others.
//
//   score[i, k] = offsets[k] lengths[i] - sum_j x[i, j] q[k, j]       x: rows x dim, row-major;
//                                                                     q as in tile.wgsl
//   nearest[i]  = (k, score[i, k], the next score); ties to the lower k
//
// Grid      a workgroup takes 128 rows and every vector; folded over x and y.
// Memory    features once a block of 32 vectors, in tiles by way of workgroup memory; the inner
//           products stay in registers, and no score is written.
// Rounding  a chain of `dim` multiply-adds, then a product and a difference.
// Order     vectors in theirs, also where they take several dispatches, whose answers go on.
// Mirror    src/cpu/nearest.rs. Contract: src/pool.rs, tests/kernels.rs.

const LARGEST = 3.4028234663852886e38;

struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    // The first vector of the blocks, and how many there are in all.
    first: u32,
    count: u32,
}

struct Nearest {
    index: u32,
    best: f32,
    second: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> directions: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> offsets: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> lengths: array<f32>;
@group(0) @binding(5) var<storage, read_write> nearest_of: array<Nearest>;
// The features again, where they come in fours.
@group(0) @binding(6) var<storage, read> fours: array<vec4<f32>>;

fn element(at: u32) -> f32 {
    return features[at];
}

fn four_elements(at: u32) -> vec4<f32> {
    return fours[at];
}

// A row on its way through the vectors.
struct Run {
    nearest: Nearest,
    length: f32,
}

fn start(row: u32) -> Run {
    var run = Run(Nearest(0u, LARGEST, LARGEST), 0.0);
    if row < shape.rows {
        run.length = lengths[row];
        if shape.first > 0u {
            run.nearest = nearest_of[row];
        }
    }
    return run;
}

fn meet(run: ptr<function, Run>, index: u32, score: f32) {
    if index >= shape.count {
        return;
    }
    if score < (*run).nearest.best {
        (*run).nearest = Nearest(index, score, (*run).nearest.best);
    } else {
        (*run).nearest.second = min((*run).nearest.second, score);
    }
}

fn meet_four(run: ptr<function, Run>, group: u32, dots: vec4<f32>) {
    let scores = offsets[group] * (*run).length - dots;
    meet(run, 4u * group, scores.x);
    meet(run, 4u * group + 1u, scores.y);
    meet(run, 4u * group + 2u, scores.z);
    meet(run, 4u * group + 3u, scores.w);
}

fn finish(run: Run, row: u32) {
    if row < shape.rows {
        nearest_of[row] = run.nearest;
    }
}

@compute @workgroup_size(64)
fn nearest(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first_row = (group_id.y * grid.x + group_id.x) * ROWS;
    let row = first_row + thread;
    var a = start(row);
    var b = start(row + THREADS);

    for (var index = 0u; index < shape.blocks; index += 1u) {
        let d = dots(index, first_row, thread);
        let group = shape.first / 4u + index * QUADS;
        meet_four(&a, group, d.a0);
        meet_four(&a, group + 1u, d.a1);
        meet_four(&a, group + 2u, d.a2);
        meet_four(&a, group + 3u, d.a3);
        meet_four(&a, group + 4u, d.a4);
        meet_four(&a, group + 5u, d.a5);
        meet_four(&a, group + 6u, d.a6);
        meet_four(&a, group + 7u, d.a7);
        meet_four(&b, group, d.b0);
        meet_four(&b, group + 1u, d.b1);
        meet_four(&b, group + 2u, d.b2);
        meet_four(&b, group + 3u, d.b3);
        meet_four(&b, group + 4u, d.b4);
        meet_four(&b, group + 5u, d.b5);
        meet_four(&b, group + 6u, d.b6);
        meet_four(&b, group + 7u, d.b7);
    }

    finish(a, row);
    finish(b, row + THREADS);
}

// assign: for every row the vector of the smallest score, and the smallest of the others.
//
//   score[i, k] = offsets[k] lengths[i] - sum_j x[i, j] q[k, j]       x: rows x dim, row-major;
//                                                                     q as in square_tile.wgsl
//   nearest[i]  = (k, score[i, k], the next score); ties to the lower k
//
// Grid      a workgroup takes 64 rows and every vector; folded over x and y.
// Memory    features once a tile's vectors, by way of workgroup memory; the inner products stay in
//           registers, and no score is written.
// Rounding  a chain of `dim` multiply-adds, then a product and a difference.
// Order     a thread meets its vectors in theirs; of the threads' nearest the lower index wins a tie.
//           Where vectors take several dispatches, answers go on.
// Mirror    src/cpu/assign.rs. Contract: src/kernels/pool.rs, tests/kernels/assign.rs.

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

struct Assignment {
    index: u32,
    best: f32,
    second: f32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> directions: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> offsets: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> lengths: array<f32>;
@group(0) @binding(5) var<storage, read_write> assignment_of: array<Assignment>;
// The features again, where they come in fours.
@group(0) @binding(6) var<storage, read> fours: array<vec4<f32>>;

// After the last of the vectors that are here: a tile may go past the dispatch's blocks, whose vectors
// come next, and past the last of all.
fn end_of_vectors() -> u32 {
    return min(shape.count, shape.first + 4u * QUADS * shape.blocks);
}

fn element(at: u32) -> f32 {
    return features[at];
}

fn four_elements(at: u32) -> vec4<f32> {
    return fours[at];
}

// A row on its way through a thread's vectors.
struct Run {
    nearest: Assignment,
    length: f32,
}

fn start(row: u32) -> Run {
    var run = Run(Assignment(0u, LARGEST, LARGEST), 0.0);
    if row < shape.rows {
        run.length = lengths[row];
    }
    return run;
}

fn meet(run: ptr<function, Run>, index: u32, score: f32) {
    let is_closer = score < (*run).nearest.best;
    let farther = select(score, (*run).nearest.best, is_closer);
    (*run).nearest.second = min((*run).nearest.second, farther);
    (*run).nearest.index = select((*run).nearest.index, index, is_closer);
    (*run).nearest.best = select((*run).nearest.best, score, is_closer);
}

fn meet_four(run: ptr<function, Run>, group: u32, dots: vec4<f32>) {
    let first = 4u * group;
    if first >= end_of_vectors() {
        return;
    }
    let inside = vec4(first) + vec4(0u, 1u, 2u, 3u) < vec4(end_of_vectors());
    let scores = select(vec4(LARGEST), offsets[group] * (*run).length - dots, inside);
    meet(run, first, scores.x);
    meet(run, first + 1u, scores.y);
    meet(run, first + 2u, scores.z);
    meet(run, first + 3u, scores.w);
}

// Of two parts of the vectors.
fn nearer(a: Assignment, b: Assignment) -> Assignment {
    if b.best < a.best || (b.best == a.best && b.index < a.index) {
        return Assignment(b.index, b.best, min(a.best, b.second));
    }
    return Assignment(a.index, a.best, min(b.best, a.second));
}

fn share(at: u32, own: Assignment) {
    // The index in two halves: as bits it could be flushed for a subnormal.
    staged[at] = vec4(f32(own.index & 0xffffu), own.best, own.second, f32(own.index >> 16u));
}

fn shared_nearest(at: u32) -> Assignment {
    let v = staged[at];
    return Assignment(u32(v.x) + (u32(v.w) << 16u), v.y, v.z);
}

// Joins what the threads of a row know, for the rows of half a tile: four of each thread.
fn finish(a: Run, b: Run, c: Run, d: Run, first_row: u32, thread: u32) {
    workgroupBarrier(); // what was there has been read
    let at = own_row(thread) * COLUMN_THREADS + column_thread(thread);
    share(at, a.nearest);
    share(at + COLUMN_THREADS, b.nearest);
    share(at + 2u * COLUMN_THREADS, c.nearest);
    share(at + 3u * COLUMN_THREADS, d.nearest);
    workgroupBarrier();
    let row = first_row + thread;
    if thread >= 4u * ROW_THREADS || row >= shape.rows {
        return;
    }
    var nearest = shared_nearest(thread * COLUMN_THREADS);
    for (var other = 1u; other < COLUMN_THREADS; other += 1u) {
        nearest = nearer(nearest, shared_nearest(thread * COLUMN_THREADS + other));
    }
    if shape.first > 0u {
        nearest = nearer(assignment_of[row], nearest);
    }
    assignment_of[row] = nearest;
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn assign(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first_row = (group_id.y * grid.x + group_id.x) * ROWS;
    let row = first_row + own_row(thread);
    let next_row = row + 4u * ROW_THREADS;
    var a = start(row);
    var b = start(row + 1u);
    var c = start(row + 2u);
    var d = start(row + 3u);
    var e = start(next_row);
    var f = start(next_row + 1u);
    var g = start(next_row + 2u);
    var h = start(next_row + 3u);

    for (var index = 0u; index < shape.blocks; index += blocks_at_once()) {
        let p = dots(index, first_row, thread);
        let low = shape.first / 4u + index * QUADS + column_thread(thread);
        meet_four(&a, low, p.low_0);
        meet_four(&b, low, p.low_1);
        meet_four(&c, low, p.low_2);
        meet_four(&d, low, p.low_3);
        meet_four(&e, low, p.low_4);
        meet_four(&f, low, p.low_5);
        meet_four(&g, low, p.low_6);
        meet_four(&h, low, p.low_7);
        if is_wide() {
            let high = low + COLUMN_THREADS;
            meet_four(&a, high, p.high_0);
            meet_four(&b, high, p.high_1);
            meet_four(&c, high, p.high_2);
            meet_four(&d, high, p.high_3);
            meet_four(&e, high, p.high_4);
            meet_four(&f, high, p.high_5);
            meet_four(&g, high, p.high_6);
            meet_four(&h, high, p.high_7);
        }
    }

    finish(a, b, c, d, first_row, thread);
    finish(e, f, g, h, first_row + 4u * ROW_THREADS, thread);
}

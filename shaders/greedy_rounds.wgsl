// greedy_rounds: rounds of a greedy choice, in every class side by side.
//
//   a round: p          = the row of the largest gain, ties to the lower row
//            list      += (p, gains[p])
//            gains[i]  += step * matrix[class][p, i]     for every row i of the class
//            gains[p]  += MASK, -2^62
//
// Grid      a workgroup a class, folded over x and y; it takes its rounds from `begin` to `end`.
// Memory    a thread keeps to its own groups of four rows from the first round to the last, so that
//           no thread reads what another wrote; what a round adds and the next round's largest gain
//           take one pass.
// Rounding  none: gains are integers of 64 bits, the low word first. A class's last group is
//           filled up with rows of the least gain there is.
// Mirror    src/cpu/greedy_rounds.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

const THREADS = 256u;
const MASK_UPPER = 0xc0000000u; // the upper word of -2^62

struct Shape {
    classes: u32,
    begin: u32,
    end: u32,
    step_low: u32,
    step_high: u32,
}

struct Class {
    // First group of four similarities, and of four gains; groups to a row of the matrix.
    matrix: u32,
    gains: u32,
    groups: u32,
    rounds: u32,
    // Where the list begins.
    list: u32,
}

struct Round {
    row: u32,
    low: u32,
    high: u32,
}

// A gain and whose it is; the upper word has the sign.
struct Best {
    row: u32,
    low: u32,
    high: i32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> classes: array<Class>;
// Two gains each.
@group(0) @binding(2) var<storage, read_write> gains: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> rounds: array<Round>;

// The best of each thread, then of every 4, 16 and 64 threads: in places of their own, so that a
// thread may begin the next search while others still read the end of this one.
var<workgroup> of_each: array<Best, 256>;
var<workgroup> of_4: array<Best, 64>;
var<workgroup> of_16: array<Best, 16>;
var<workgroup> of_64: array<Best, 4>;

// Without a branch: a round is a chain of these.
fn is_more(a: Best, b: Best) -> bool {
    return (a.high > b.high) | ((a.high == b.high) & (a.low > b.low));
}

// The larger gain, of equal ones the lower row's.
fn better(a: Best, b: Best) -> Best {
    let is_equal = (a.high == b.high) & (a.low == b.low);
    let is_other = is_more(b, a) | (is_equal & (b.row < a.row));
    return Best(select(a.row, b.row, is_other), select(a.low, b.low, is_other), select(a.high, b.high, is_other));
}

// gain + step * s
fn moved(gain: vec2<u32>, s: u32) -> vec2<u32> {
    let near = (shape.step_low & 0xffffu) * s;
    let far = (shape.step_low >> 16u) * s;
    let product = near + (far << 16u);
    let low = gain.x + product;
    let carries = select(0u, 1u, product < near) + select(0u, 1u, low < product);
    return vec2(low, gain.y + shape.step_high * s + (far >> 16u) + carries);
}

fn masked_if(gain: vec2<u32>, is_pick: bool) -> vec2<u32> {
    return vec2(gain.x, gain.y + select(0u, MASK_UPPER, is_pick));
}

// The better of `best` and a later row.
fn better_of(best: Best, row: u32, gain: vec2<u32>) -> Best {
    let other = Best(row, gain.x, bitcast<i32>(gain.y));
    let is_other = is_more(other, best);
    return Best(select(best.row, row, is_other), select(best.low, other.low, is_other), select(best.high, other.high, is_other));
}

// The better of `best` and four rows.
fn best_of(best: Best, row: u32, first: vec4<u32>, second: vec4<u32>) -> Best {
    var found = better_of(best, row, first.xy);
    found = better_of(found, row + 1u, first.zw);
    found = better_of(found, row + 2u, second.xy);
    return better_of(found, row + 3u, second.zw);
}

fn no_row() -> Best {
    return Best(0xffffffffu, 0u, -0x7fffffff - 1);
}

// The best of the thread's own rows.
fn first_best(of_class: Class, thread: u32) -> Best {
    var best = no_row();
    for (var group = thread; group < of_class.groups; group += THREADS) {
        let at = 2u * (of_class.gains + group);
        best = best_of(best, 4u * group, gains[at], gains[at + 1u]);
    }
    return best;
}

// What a group's gains are renewed from.
struct Loaded {
    similarities: vec2<u32>,
    first: vec4<u32>,
    second: vec4<u32>,
}

fn load(of_class: Class, pick: u32, group: u32) -> Loaded {
    let inside = min(group, of_class.groups - 1u);
    let at = 2u * (of_class.gains + inside);
    let similarities = kept(of_class.matrix + pick * of_class.groups + inside);
    return Loaded(similarities, gains[at], gains[at + 1u]);
}

// Adds what the pick adds to four rows; the better of `best` and these.
fn renew(of_class: Class, best: Best, pick: u32, group: u32, loaded: Loaded) -> Best {
    if group >= of_class.groups {
        return best;
    }
    let row = 4u * group;
    let s = loaded.similarities;
    let first = vec4(
        masked_if(moved(loaded.first.xy, s.x & 0xffffu), pick == row),
        masked_if(moved(loaded.first.zw, s.x >> 16u), pick == row + 1u),
    );
    let second = vec4(
        masked_if(moved(loaded.second.xy, s.y & 0xffffu), pick == row + 2u),
        masked_if(moved(loaded.second.zw, s.y >> 16u), pick == row + 3u),
    );
    let at = 2u * (of_class.gains + group);
    gains[at] = first;
    gains[at + 1u] = second;
    return best_of(best, row, first, second);
}

// Adds what the pick adds to the thread's own rows, and finds the best of them. All loads of five
// groups are under way before the first is waited for: a class of 5120 rows waits once.
fn next_best(of_class: Class, pick: u32, thread: u32) -> Best {
    var best = no_row();
    for (var group = thread; group < of_class.groups; group += 5u * THREADS) {
        let a = load(of_class, pick, group);
        let b = load(of_class, pick, group + THREADS);
        let c = load(of_class, pick, group + 2u * THREADS);
        let d = load(of_class, pick, group + 3u * THREADS);
        let e = load(of_class, pick, group + 4u * THREADS);
        best = renew(of_class, best, pick, group, a);
        best = renew(of_class, best, pick, group + THREADS, b);
        best = renew(of_class, best, pick, group + 2u * THREADS, c);
        best = renew(of_class, best, pick, group + 3u * THREADS, d);
        best = renew(of_class, best, pick, group + 4u * THREADS, e);
    }
    return best;
}

// In pairs: two steps one after the other, not three.
fn best_of_four(a: Best, b: Best, c: Best, d: Best) -> Best {
    return better(better(a, b), better(c, d));
}

// The best of the class, from the threads' own.
fn best_of_all(own: Best, thread: u32) -> Best {
    let t = thread;
    of_each[t] = own;
    workgroupBarrier();
    if t < 64u {
        of_4[t] = best_of_four(of_each[t], of_each[t + 64u], of_each[t + 128u], of_each[t + 192u]);
    }
    workgroupBarrier();
    if t < 16u {
        of_16[t] = best_of_four(of_4[t], of_4[t + 16u], of_4[t + 32u], of_4[t + 48u]);
    }
    workgroupBarrier();
    if t < 4u {
        of_64[t] = best_of_four(of_16[t], of_16[t + 4u], of_16[t + 8u], of_16[t + 12u]);
    }
    workgroupBarrier();
    return best_of_four(of_64[0], of_64[1], of_64[2], of_64[3]);
}

@compute @workgroup_size(256)
fn greedy_rounds(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let index = group_id.y * grid.x + group_id.x;
    if index >= shape.classes {
        return;
    }
    let of_class = classes[index];
    var own = first_best(of_class, thread);
    for (var round = shape.begin; round < min(shape.end, of_class.rounds); round += 1u) {
        let best = best_of_all(own, thread);
        if thread == 0u {
            rounds[of_class.list + round] = Round(best.row, best.low, bitcast<u32>(best.high));
        }
        own = next_best(of_class, best.row, thread);
    }
}

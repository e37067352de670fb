// cover_rounds: greedy rounds of the cover in one class, whose similarities are kept.
//
//   gain(p)  = sum_i weight[i] max(matrix[p, i] - best[i], 0)
//   a round: p         = the row of the largest gain, ties to the lower row
//            rounds   += (p, gain(p))
//            best[i]   = max(best[i], matrix[p, i])     for every row i of the class
//            bounds[p] += MASK, -2^62
//
// Gains only fall, so one that was computed before the last round bounds what it is now. A step makes the four gains
// anew that come first, each among a quarter of the threads' rows: the first of all is among them. If it was
// computed since the last round already, the step makes a round of it before.
//
// Grid      one workgroup; it takes `steps` steps, or less where `rounds` rounds are made by then.
// Memory    a thread keeps to its own groups of four rows throughout, so that no thread reads what another
//           wrote. What a round raises and the gains of the step take one pass.
// Rounding  none: gains are integers of 64 bits, the low word first. The last group is filled up with bounds below 0.
// Mirror    src/cpu/cover_rounds.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

const THREADS = 256u;
const MASK_UPPER = 0xc0000000u; // the upper word of -2^62
const NEVER = 0xffffffffu;

struct Shape {
    rows: u32,
    // The class's matrix: its first group of four similarities, and groups to a row of it.
    matrix: u32,
    groups: u32,
    // Where the rows stand in the cover.
    first: u32,
    rounds: u32,
    steps: u32,
}

// A row's gain, and after how many rounds it was computed.
struct Bound {
    low: u32,
    high: u32,
    after: u32,
}

struct Round {
    row: u32,
    low: u32,
    high: u32,
}

// A bound and whose it is; the upper word has the sign.
struct Best {
    row: u32,
    low: u32,
    high: i32,
    after: u32,
}

// Gains of four rows.
struct Sums {
    a: vec2<u32>,
    b: vec2<u32>,
    c: vec2<u32>,
    d: vec2<u32>,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> cover: array<u32>;
@group(0) @binding(2) var<storage, read_write> bounds: array<Bound>;
// The number of rounds made, as a row, and then these.
@group(0) @binding(3) var<storage, read_write> rounds: array<Round>;

// The best of each thread, then of every 4, 16 and 64 threads, and the sums of as many: in places of their own, so
// that a thread may begin what is next while others still read.
var<workgroup> of_each: array<Best, 256>;
var<workgroup> of_4: array<Best, 64>;
var<workgroup> of_16: array<Best, 16>;
var<workgroup> of_64: array<Best, 4>;
var<workgroup> sums_of_each: array<Sums, 256>;
var<workgroup> sums_of_16: array<Sums, 16>;
// Rounds that are to be made.
var<workgroup> left: u32;

fn is_more(a: Best, b: Best) -> bool {
    return (a.high > b.high) | ((a.high == b.high) & (a.low > b.low));
}

// The larger bound, of equal ones the lower row's.
fn better(a: Best, b: Best) -> Best {
    let is_equal = (a.high == b.high) & (a.low == b.low);
    if is_more(b, a) | (is_equal & (b.row < a.row)) {
        return b;
    }
    return a;
}

fn best_of_four(a: Best, b: Best, c: Best, d: Best) -> Best {
    return better(better(a, b), better(c, d));
}

// The best of the thread's own rows.
fn own_best(thread: u32) -> Best {
    var best = Best(0xffffffffu, 0u, -0x7fffffff - 1, NEVER);
    for (var group = thread; group < shape.groups; group += THREADS) {
        for (var row = 4u * group; row < 4u * group + 4u; row += 1u) {
            let bound = bounds[row];
            best = better(best, Best(row, bound.low, bitcast<i32>(bound.high), bound.after));
        }
    }
    return best;
}

// The best of every quarter of the threads.
fn share_best(own: Best, thread: u32) {
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
}

// Whether a row takes part: no bound of one that does is below 0.
fn is_open(best: Best) -> bool {
    return best.high >= 0;
}

// What a group of four rows gains by a row, or nothing where that takes no part.
fn gained(sum: vec2<u32>, states: vec4<u32>, row: Best, group: u32) -> vec2<u32> {
    if !is_open(row) {
        return sum;
    }
    let s = kept(shape.matrix + row.row * shape.groups + group);
    var all = plus(sum, gain_of(states.x, s.x & 0xffffu));
    all = plus(all, gain_of(states.y, s.x >> 16u));
    all = plus(all, gain_of(states.z, s.y & 0xffffu));
    return plus(all, gain_of(states.w, s.y >> 16u));
}

fn state_of(row: u32) -> u32 {
    if row >= shape.rows {
        return 0u; // of no weight
    }
    return cover[shape.first + row];
}

fn set_state(row: u32, state: u32) {
    if row < shape.rows {
        cover[shape.first + row] = state;
    }
}

// Raises the cover of four rows by a pick.
fn raise(states: vec4<u32>, pick: u32, group: u32) -> vec4<u32> {
    let s = kept(shape.matrix + pick * shape.groups + group);
    let after = vec4(
        raised(states.x, s.x & 0xffffu),
        raised(states.y, s.x >> 16u),
        raised(states.z, s.y & 0xffffu),
        raised(states.w, s.y >> 16u),
    );
    set_state(4u * group, after.x);
    set_state(4u * group + 1u, after.y);
    set_state(4u * group + 2u, after.z);
    set_state(4u * group + 3u, after.w);
    return after;
}

// The thread's own rows: raised by the pick, if there is one, and their part of the gains of four rows.
fn pass_over(is_pick: bool, pick: u32, a: Best, b: Best, c: Best, d: Best, thread: u32) -> Sums {
    var sums = Sums();
    for (var group = thread; group < shape.groups; group += THREADS) {
        let row = 4u * group;
        var states = vec4(state_of(row), state_of(row + 1u), state_of(row + 2u), state_of(row + 3u));
        if is_pick {
            states = raise(states, pick, group);
        }
        sums.a = gained(sums.a, states, a, group);
        sums.b = gained(sums.b, states, b, group);
        sums.c = gained(sums.c, states, c, group);
        sums.d = gained(sums.d, states, d, group);
    }
    return sums;
}

fn sum_of(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let sum = plus(a, b.x);
    return vec2(sum.x, sum.y + b.y);
}

fn both(a: Sums, b: Sums) -> Sums {
    return Sums(sum_of(a.a, b.a), sum_of(a.b, b.b), sum_of(a.c, b.c), sum_of(a.d, b.d));
}

// The sums of all threads, to each.
fn sum_of_all(own: Sums, thread: u32) -> Sums {
    sums_of_each[thread] = own;
    workgroupBarrier();
    if thread < 16u {
        var sums = Sums();
        for (var at = thread; at < THREADS; at += 16u) {
            sums = both(sums, sums_of_each[at]);
        }
        sums_of_16[thread] = sums;
    }
    workgroupBarrier();
    var sums = Sums();
    for (var at = 0u; at < 16u; at += 1u) {
        sums = both(sums, sums_of_16[at]);
    }
    return sums;
}

// Whether a row that takes part is the thread's own.
fn is_own(best: Best, thread: u32) -> bool {
    return is_open(best) & (best.row / 4u % THREADS == thread);
}

@compute @workgroup_size(256)
fn cover_rounds(@builtin(local_invocation_index) thread: u32) {
    var made = rounds[0].row;
    var own = own_best(thread);
    for (var step = 0u; step < shape.steps; step += 1u) {
        if thread == 0u {
            left = shape.rounds - made;
        }
        if workgroupUniformLoad(&left) == 0u {
            break;
        }
        share_best(own, thread);
        let a = of_64[0];
        let b = of_64[1];
        let c = of_64[2];
        let d = of_64[3];
        let top = best_of_four(a, b, c, d);
        let is_pick = top.after == made;
        if is_pick {
            made += 1u;
            if thread == 0u {
                rounds[made] = Round(top.row, top.low, bitcast<u32>(top.high));
            }
        }
        let sums = sum_of_all(pass_over(is_pick, top.row, a, b, c, d, thread), thread);
        var is_changed = false;
        if is_own(a, thread) {
            bounds[a.row] = Bound(sums.a.x, sums.a.y, made);
            is_changed = true;
        }
        if is_own(b, thread) {
            bounds[b.row] = Bound(sums.b.x, sums.b.y, made);
            is_changed = true;
        }
        if is_own(c, thread) {
            bounds[c.row] = Bound(sums.c.x, sums.c.y, made);
            is_changed = true;
        }
        if is_own(d, thread) {
            bounds[d.row] = Bound(sums.d.x, sums.d.y, made);
            is_changed = true;
        }
        if is_pick & is_own(top, thread) {
            bounds[top.row] = Bound(top.low, bitcast<u32>(top.high) + MASK_UPPER, NEVER);
        }
        if is_changed {
            own = own_best(thread);
        }
    }
    if thread == 0u {
        rounds[0].row = made;
    }
}

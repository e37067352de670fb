// ceiling_chains: multiply-adds in registers, the most that arithmetic units do. Joined after a file
// that says what a Number is; no entry point.
//
//   v <- v factor + term            shape.rounds times 16, and once more
//
// for CHAINS numbers a thread, which begin at lane + 0, 1, ...; what is written is their sum. Factor
// and term come in a uniform, so that no compiler knows where the chains end, and the numbers differ
// by thread, so that none computes for all at once. Twelve chains hide the latency of every unit, and
// fit sixteen registers.
//
// Grid      a thread a sum, whole workgroups, folded over x and y.
// Mirror    `MultiplyAdds` in cli/src/bench/cpu.rs.

const THREADS = 64u;
const CHAINS = 12u;

struct Shape {
    rounds: u32,
    // The bits of a f32, or of an i32.
    factor: u32,
    term: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

struct Chains {
    a: vec4<Number>,
    b: vec4<Number>,
    c: vec4<Number>,
}

fn once(v: Chains, factor: vec4<Number>, term: vec4<Number>) -> Chains {
    return Chains(v.a * factor + term, v.b * factor + term, v.c * factor + term);
}

fn four(v: Chains, factor: vec4<Number>, term: vec4<Number>) -> Chains {
    let two = once(once(v, factor, term), factor, term);
    return once(once(two, factor, term), factor, term);
}

fn chains(group: u32, lane: u32) {
    let factor = vec4<Number>(number(shape.factor));
    let term = vec4<Number>(number(shape.term));
    let first = vec4<Number>(Number(lane)) + vec4<Number>(Number(0), Number(1), Number(2), Number(3));
    let step = vec4<Number>(Number(4));
    var v = Chains(first, first + step, first + step + step);
    for (var round = 0u; round < shape.rounds; round += 1u) {
        v = four(v, factor, term);
        v = four(v, factor, term);
        v = four(v, factor, term);
        v = four(v, factor, term);
    }
    v = once(v, factor, term);
    let sum = v.a + v.b + v.c;
    let at = group * THREADS + lane;
    if at < arrayLength(&sums) { // a folded grid has workgroups with nothing to do
        sums[at] = word(sum.x + sum.y + sum.z + sum.w);
    }
}

// signed_words: sums of integers of 64 bits with a sign, the low word first. No entry point.

fn plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn negative(a: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(0u - a.x, select(~a.y, 0u - a.y, a.x == 0u));
}

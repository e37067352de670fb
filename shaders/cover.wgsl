// cover: by how much rows would raise what all rows are similar to the chosen one that is most so.
// Joined after two_words; no entry point.

// A row's largest similarity to a chosen row in the low half, its weight in the upper one.
fn gain_of(state: u32, similarity: u32) -> u32 {
    let best = state & 0xffffu;
    return (max(similarity, best) - best) * (state >> 16u);
}

// The state once a row of this similarity is chosen.
fn raised(state: u32, similarity: u32) -> u32 {
    return max(state & 0xffffu, similarity) | (state & 0xffff0000u);
}

// A sum of 64 bits and one more number.
fn plus(sum: vec2<u32>, number: u32) -> vec2<u32> {
    let low = sum.x + number;
    return vec2(low, sum.y + select(0u, 1u, low < number));
}

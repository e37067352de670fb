// two_words: sums of 64 bits, the low word first. Joined before a kernel with a binding `sums` of
// array<atomic<u32>>; no entry point.
//
// Every addition to the low word carries for itself, so the sums are exact in any order.

fn add_to_sum(place: u32, low: u32, high: u32) {
    let before = atomicAdd(&sums[2u * place], low);
    let upper = high + select(0u, 1u, before + low < low);
    if upper != 0u {
        atomicAdd(&sums[2u * place + 1u], upper);
    }
}

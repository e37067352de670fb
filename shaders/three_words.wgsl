// three_words: products and shifts of integers of up to 96 bits, the low word first. No entry point.

// a * b, of at most 24 and 32 bits.
fn product(a: u32, b: u32) -> vec2<u32> {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 16u); // 24 bits, and 16
    let other = a0 * b1 + (middle & 0xffffu);
    return vec2<u32>((other << 16u) | (low & 0xffffu), a1 * b1 + (middle >> 16u) + (other >> 16u));
}

// m (high 2^32 + low), m of at most 24 bits.
fn times(m: u32, high: u32, low: u32) -> vec3<u32> {
    let a = product(m, low);
    let b = product(m, high);
    let middle = a.y + b.x;
    return vec3<u32>(a.x, middle, b.y + select(0u, 1u, middle < a.y));
}

fn shifted_right(words: vec3<u32>, by: u32) -> vec3<u32> {
    var w = words;
    if by >= 96u {
        return vec3<u32>();
    }
    if by >= 64u {
        w = vec3<u32>(w.z, 0u, 0u);
    } else if by >= 32u {
        w = vec3<u32>(w.y, w.z, 0u);
    }
    let bits = by & 31u;
    if bits > 0u {
        w = (w >> vec3<u32>(bits)) | (vec3<u32>(w.y, w.z, 0u) << vec3<u32>(32u - bits));
    }
    return w;
}

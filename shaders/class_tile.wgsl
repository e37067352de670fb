// class_tile: tiles of integer rows of one class, not paired with others: some rows, and some of
// their values as columns. Joined after tile_list; no entry point.
// Mirror: `Shape` in src/gpu/class_rows.rs.

struct Shape {
    tiles: u32,
    // Words of a row, two values each.
    words: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> tiles: array<Tile>;
@group(0) @binding(2) var<storage, read> integers: array<u32>;

fn two_values(row: u32, word: u32) -> vec2<i32> {
    let both = integers[row * shape.words + word];
    return vec2<i32>(i32(both << 16u) >> 16u, i32(both) >> 16u);
}

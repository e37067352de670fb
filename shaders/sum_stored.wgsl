// sum_stored: sums of stored similarities over some columns of the rows' class.
//
//   sums[i] = sum of matrix[class][columns[c], i] over a tile's c; the matrix is symmetric
//
// Grid      a workgroup a tile of 256 rows; folded over x and y.
// Memory    neighbouring threads read neighbouring groups of four similarities.
// Rounding  none: integers. A tile has at most 65 536 columns, so that a word holds its sums.
// Order     any: the sums are exact.
// Mirror    src/cpu/sum_stored.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

struct Shape {
    tiles: u32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> tiles: array<Tile>;
// By place in the list, columns of the class.
@group(0) @binding(2) var<storage, read> columns: array<u32>;
@group(0) @binding(3) var<storage, read_write> sums: array<atomic<u32>>;

fn add(tile: Tile, row: u32, sum: u32) {
    if row < tile.row_end {
        add_to_sum(tile.row_place + row - tile.row, sum, 0u);
    }
}

@compute @workgroup_size(64)
fn sum_stored(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    let row = tile.row + 4u * thread;
    if row >= tile.row_end {
        return;
    }
    var s = vec4<u32>();
    for (var c = tile.column; c < tile.column_end; c += 1u) {
        let words = kept(tile.matrix + columns[c] * tile.pitch + row / 4u);
        s += vec4(words.x & 0xffffu, words.x >> 16u, words.y & 0xffffu, words.y >> 16u);
    }
    add(tile, row, s.x);
    add(tile, row + 1u, s.y);
    add(tile, row + 2u, s.z);
    add(tile, row + 3u, s.w);
}

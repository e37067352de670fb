// store_similarities: the similarities of classes (kernel_function), 16 bits each.
//
//   matrix[class][i, j] = similarity(sum_k x[i, k] x[j, k])    four to a vec2, low half first
//
// Grid      a workgroup a tile; folded over x and y. Tiles lie on and above the diagonal: one above
//           it also writes its mirror image. Places are those within the class, multiples of four.
// Memory    as integer_tile; a thread writes eight bytes at a time, four rows of four similarities
//           or none: a class's rows and columns are filled up with zeros to groups of four. Groups
//           lie in panels as panel_shift says.
// Rounding  none but that of `similarity`: integers.
// Mirror    src/cpu/store_similarities.rs. Contract: src/kernels/similarities.rs, tests/kernels/similarities.rs.

@group(0) @binding(5) var<storage, read_write> panel_0: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read_write> panel_1: array<vec2<u32>>;
@group(0) @binding(7) var<storage, read_write> panel_2: array<vec2<u32>>;
@group(0) @binding(8) var<storage, read_write> panel_3: array<vec2<u32>>;
@group(0) @binding(9) var<storage, read_write> panel_4: array<vec2<u32>>;

fn column_at(column: u32) -> u32 {
    return column;
}

// Four similarities of one row of the matrix.
fn store(tile: Tile, row: u32, column: u32, s: vec4<i32>) {
    let words = bitcast<vec4<u32>>(s);
    let four = vec2(words.x | (words.y << 16u), words.z | (words.w << 16u));
    let at = tile.matrix + row * tile.pitch + column / 4u;
    let place = place_in_panel(at);
    switch panel_of(at) {
        case 0u: { panel_0[place] = four; }
        case 1u: { panel_1[place] = four; }
        case 2u: { panel_2[place] = four; }
        case 3u: { panel_3[place] = four; }
        default: { panel_4[place] = four; }
    }
}

// Rows a, b, c, d of four columns; `row` and `column` are within the tile.
fn store_square(tile: Tile, row: u32, column: u32, a: vec4<i32>, b: vec4<i32>, c: vec4<i32>, d: vec4<i32>) {
    if row >= tile.row_end - tile.row || column >= tile.column_end - tile.column {
        return;
    }
    let i = tile.row_place + row;
    let j = tile.column_place + column;
    store(tile, i, j, a);
    store(tile, i + 1u, j, b);
    store(tile, i + 2u, j, c);
    store(tile, i + 3u, j, d);
    if tile.row_place == tile.column_place {
        return;
    }
    store(tile, j, i, vec4(a.x, b.x, c.x, d.x));
    store(tile, j + 1u, i, vec4(a.y, b.y, c.y, d.y));
    store(tile, j + 2u, i, vec4(a.z, b.z, c.z, d.z));
    store(tile, j + 3u, i, vec4(a.w, b.w, c.w, d.w));
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn store_similarities(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    let s = similarities(tile, thread);

    let row = 4u * (thread / COLUMN_THREADS);
    let next_row = row + 4u * ROW_THREADS;
    let column = 4u * (thread % COLUMN_THREADS);
    let next_column = column + 4u * COLUMN_THREADS;
    store_square(tile, row, column, s.low_0, s.low_1, s.low_2, s.low_3);
    store_square(tile, row, next_column, s.high_0, s.high_1, s.high_2, s.high_3);
    store_square(tile, next_row, column, s.low_4, s.low_5, s.low_6, s.low_7);
    store_square(tile, next_row, next_column, s.high_4, s.high_5, s.high_6, s.high_7);
}

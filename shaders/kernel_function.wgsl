// kernel_function: how similar the rows and columns of a tile are, by a function of their products.
// Joined after integer_tile; no entry point.
//
//   FUNCTION 0   the product itself, of either sign
//            1   min((product + 2^13) >> 14, 65535) above the threshold, else 0
//            2   exp(-q / sigma^2) by a table, q being half the squared distance; see src/kernels/rbf.rs
//
// Past the last row or column similarities are 0.
// Mirror: `KernelFunction` in src/kernels/function.rs; `Function` in src/gpu/function.rs.

struct Function {
    threshold: i32,
    // Bits by which q is shifted to give an entry of the table.
    shift: u32,
    // Bits of what then lies between two entries that are left out, and that are kept.
    dropped: u32,
    kept: u32,
    // 18 bits of a value in quarters, 14 of what it falls by up to the next one; the last is 0.
    table: array<vec4<u32>, 257>,
}

@group(0) @binding(4) var<uniform> function: Function;

fn thresholded(product: vec4<i32>) -> vec4<i32> {
    let rounded = min((product + vec4(8192)) >> vec4(14u), vec4(65535));
    return select(vec4<i32>(), rounded, product > vec4(function.threshold));
}

fn all_thresholded(p: Products) -> Products {
    return Products(
        thresholded(p.low_0), thresholded(p.high_0),
        thresholded(p.low_1), thresholded(p.high_1),
        thresholded(p.low_2), thresholded(p.high_2),
        thresholded(p.low_3), thresholded(p.high_3),
        thresholded(p.low_4), thresholded(p.high_4),
        thresholded(p.low_5), thresholded(p.high_5),
        thresholded(p.low_6), thresholded(p.high_6),
        thresholded(p.low_7), thresholded(p.high_7),
    );
}

// Four rows or columns: half their squared lengths, and all bits of a similarity for those that are there.
struct Four {
    halves: vec4<i32>,
    there: vec4<u32>,
}

// Of a group of four, by its number among those staged, the first of which is number `first` of `end`.
fn four(group: u32, first: u32, end: u32) -> Four {
    let squares = staged[2u * group] + staged[2u * group + 1u];
    let numbers = vec4(first, first + 1u, first + 2u, first + 3u);
    return Four(squares >> vec4(1u), select(vec4<u32>(), vec4(0xffffu), numbers < vec4(end)));
}

fn entry(at: u32) -> u32 {
    return function.table[at / 4u][at % 4u];
}

// Of a row and four columns.
fn rbf(product: vec4<i32>, half: i32, there: u32, columns: Four) -> vec4<i32> {
    let one_more = bitcast<vec4<u32>>(vec4(half) + columns.halves - product) + vec4(1u);
    let q = min(max(one_more, vec4(1u)) - vec4(1u), vec4(0x7fffffffu));
    let at = min(q >> vec4(function.shift), vec4(1024u));
    let words = vec4(entry(at.x), entry(at.y), entry(at.z), entry(at.w));
    let between = (q & vec4((1u << function.shift) - 1u)) >> vec4(function.dropped);
    let falls_by = ((words & vec4(0x3fffu)) * between) >> vec4(function.kept);
    let value = ((words >> vec4(14u)) - falls_by + vec4(2u)) >> vec4(2u);
    return bitcast<vec4<i32>>(value & columns.there & vec4(there));
}

// Called by all threads of a workgroup.
fn all_rbf(p: Products, tile: Tile, thread: u32) -> Products {
    workgroupBarrier(); // the last step has been read
    share_squares(thread);
    workgroupBarrier();
    let row = thread / COLUMN_THREADS;
    let column = thread % COLUMN_THREADS;
    let rows = tile.row_end - tile.row;
    let columns = tile.column_end - tile.column;
    let a = four(row, 4u * row, rows);
    let b = four(row + ROW_THREADS, 4u * (row + ROW_THREADS), rows);
    let u = four(2u * ROW_THREADS + column, 4u * column, columns);
    let v = four(2u * ROW_THREADS + COLUMN_THREADS + column, 4u * (column + COLUMN_THREADS), columns);
    return Products(
        rbf(p.low_0, a.halves.x, a.there.x, u), rbf(p.high_0, a.halves.x, a.there.x, v),
        rbf(p.low_1, a.halves.y, a.there.y, u), rbf(p.high_1, a.halves.y, a.there.y, v),
        rbf(p.low_2, a.halves.z, a.there.z, u), rbf(p.high_2, a.halves.z, a.there.z, v),
        rbf(p.low_3, a.halves.w, a.there.w, u), rbf(p.high_3, a.halves.w, a.there.w, v),
        rbf(p.low_4, b.halves.x, b.there.x, u), rbf(p.high_4, b.halves.x, b.there.x, v),
        rbf(p.low_5, b.halves.y, b.there.y, u), rbf(p.high_5, b.halves.y, b.there.y, v),
        rbf(p.low_6, b.halves.z, b.there.z, u), rbf(p.high_6, b.halves.z, b.there.z, v),
        rbf(p.low_7, b.halves.w, b.there.w, u), rbf(p.high_7, b.halves.w, b.there.w, v),
    );
}

fn similarities(tile: Tile, thread: u32) -> Products {
    let p = products(tile, thread);
    if FUNCTION == 0u {
        return p;
    }
    if FUNCTION == 2u {
        return all_rbf(p, tile, thread);
    }
    return all_thresholded(p);
}

// integer_tile: exact products of a tile of integer rows with integer rows, its columns. Joined
// after tile_list and before a kernel with a function `column_at`; no entry point.
//
//   row_values, column_values   a panel's rows, 16 bits a value, eight values to a vec4, low half
//                               first; shape.vectors to a row, an even number
//   product                     sum_k row[k] column[k], an i32: rows are no longer than 2^15
//
// A tile has 8 ROW_THREADS rows and 8 COLUMN_THREADS columns; a thread takes 8 x 8 of the products:
// rows and columns of two groups of four, ROW_THREADS and COLUMN_THREADS groups apart, so that
// neighbouring threads read neighbouring words. Sixteen values of every row and column at a time lie
// in workgroup memory, the values of four rows together: 64 multiply-adds for four loads. The
// accumulators are named, not indexed, because an index would push them out of the registers. Loops
// are kept few: a thread of lavapipe stops after 65 535 rounds of all its loops
// (src/gpu/integer_tile.rs counts them).

override ROW_THREADS: u32 = 8u;
override COLUMN_THREADS: u32 = 8u;
// What becomes of the products (kernel_function); 2 needs the squared lengths of rows and columns besides.
override FUNCTION: u32 = 1u;

const STEP = 16u;

struct Shape {
    tiles: u32,
    vectors: u32,
    // What products are to be above, in the kernels that ask for that.
    threshold: i32,
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> tiles: array<Tile>;
@group(0) @binding(2) var<storage, read> row_values: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> column_values: array<vec4<u32>>;

// STEP x (2 ROW_THREADS + 2 COLUMN_THREADS) groups of four; 16 KiB for the largest tile.
var<workgroup> staged: array<vec4<i32>, 32u * (ROW_THREADS + COLUMN_THREADS)>;

// Row r of the thread's eight with its low and its high four columns: `low_r` and `high_r`.
struct Products {
    low_0: vec4<i32>, high_0: vec4<i32>,
    low_1: vec4<i32>, high_1: vec4<i32>,
    low_2: vec4<i32>, high_2: vec4<i32>,
    low_3: vec4<i32>, high_3: vec4<i32>,
    low_4: vec4<i32>, high_4: vec4<i32>,
    low_5: vec4<i32>, high_5: vec4<i32>,
    low_6: vec4<i32>, high_6: vec4<i32>,
    low_7: vec4<i32>, high_7: vec4<i32>,
}

fn groups_staged() -> u32 {
    return 2u * (ROW_THREADS + COLUMN_THREADS);
}

fn row_vector(row: u32, end: u32, at: u32) -> vec4<u32> {
    if row < end {
        return row_values[row * shape.vectors + at];
    }
    return vec4<u32>();
}

fn column_vector(column: u32, end: u32, at: u32) -> vec4<u32> {
    if column < end {
        return column_values[column_at(column) * shape.vectors + at];
    }
    return vec4<u32>();
}

// Two values of each of four rows, as signed numbers; gives the sums of their squares.
fn unpack(slot: u32, words: vec4<u32>) -> vec4<i32> {
    let low = bitcast<vec4<i32>>(words << vec4(16u)) >> vec4(16u);
    let high = bitcast<vec4<i32>>(words) >> vec4(16u);
    staged[slot] = low;
    staged[slot + groups_staged()] = high;
    return low * low + high * high;
}

// Eight values of each of four rows or columns; neighbouring threads take the two halves of a
// step. Gives the sums of their squares.
fn stage_group(tile: Tile, at: u32, unit: u32) -> vec4<i32> {
    let group = unit / 2u;
    let part = at + unit % 2u;
    var a: vec4<u32>;
    var b: vec4<u32>;
    var c: vec4<u32>;
    var d: vec4<u32>;
    if group < 2u * ROW_THREADS {
        let row = tile.row + 4u * group;
        a = row_vector(row, tile.row_end, part);
        b = row_vector(row + 1u, tile.row_end, part);
        c = row_vector(row + 2u, tile.row_end, part);
        d = row_vector(row + 3u, tile.row_end, part);
    } else {
        let column = tile.column + 4u * (group - 2u * ROW_THREADS);
        a = column_vector(column, tile.column_end, part);
        b = column_vector(column + 1u, tile.column_end, part);
        c = column_vector(column + 2u, tile.column_end, part);
        d = column_vector(column + 3u, tile.column_end, part);
    }
    let slot = (unit % 2u) * (STEP / 2u) * groups_staged() + group;
    let pair = 2u * groups_staged();
    let x = unpack(slot, vec4(a.x, b.x, c.x, d.x));
    let y = unpack(slot + pair, vec4(a.y, b.y, c.y, d.y));
    let z = unpack(slot + 2u * pair, vec4(a.z, b.z, c.z, d.z));
    let w = unpack(slot + 3u * pair, vec4(a.w, b.w, c.w, d.w));
    return x + y + (z + w);
}

// The squares of what the thread stages: of its first unit and of its second one, if it has that.
var<private> first_squares: vec4<i32>;
var<private> second_squares: vec4<i32>;

fn stage(tile: Tile, at: u32, thread: u32) {
    for (var unit = thread; unit < 2u * groups_staged(); unit += ROW_THREADS * COLUMN_THREADS) {
        let squares = stage_group(tile, at, unit);
        if FUNCTION == 2u {
            if unit == thread {
                first_squares += squares;
            } else {
                second_squares += squares;
            }
        }
    }
}

// Puts them where the steps were: two for each group of four rows or columns.
fn share_squares(thread: u32) {
    if thread < 2u * groups_staged() {
        staged[thread] = first_squares;
    }
    let second = thread + ROW_THREADS * COLUMN_THREADS;
    if second < 2u * groups_staged() {
        staged[second] = second_squares;
    }
}

fn products(tile: Tile, thread: u32) -> Products {
    var p = Products();
    first_squares = vec4<i32>();
    second_squares = vec4<i32>();
    for (var at = 0u; at < shape.vectors; at += STEP / 8u) {
        workgroupBarrier(); // the step before has been read
        stage(tile, at, thread);
        workgroupBarrier();
        for (var k = 0u; k < STEP; k += 1u) {
            let of_rows = k * groups_staged() + thread / COLUMN_THREADS;
            let of_columns = k * groups_staged() + 2u * ROW_THREADS + thread % COLUMN_THREADS;
            let a = staged[of_rows];
            let b = staged[of_rows + ROW_THREADS];
            let u = staged[of_columns];
            let v = staged[of_columns + COLUMN_THREADS];
            p.low_0 += a.x * u;
            p.high_0 += a.x * v;
            p.low_1 += a.y * u;
            p.high_1 += a.y * v;
            p.low_2 += a.z * u;
            p.high_2 += a.z * v;
            p.low_3 += a.w * u;
            p.high_3 += a.w * v;
            p.low_4 += b.x * u;
            p.high_4 += b.x * v;
            p.low_5 += b.y * u;
            p.high_5 += b.y * v;
            p.low_6 += b.z * u;
            p.high_6 += b.z * v;
            p.low_7 += b.w * u;
            p.high_7 += b.w * v;
        }
    }
    return p;
}

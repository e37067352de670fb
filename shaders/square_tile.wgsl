// square_tile: inner products in f32 of a workgroup's 64 rows with 32 or 128 vectors at a time: directions,
// centres or other rows. Joined before a kernel with a uniform `shape` (rows, dim, columns, blocks), a
// `directions` binding and functions `element` and `four_elements` for values of the rows; no entry
// point. Lives under default limits.
//
//   directions   the vectors, blocks x columns x 32; columns is dim rounded up to COLUMNS, zeros beyond
//                dim
//   dots         sum_j x[i, j] q[m, j], a chain in the order of j
//
// A thread has the products of eight rows with eight vectors, or with four in the narrow tile, of two
// groups of four each, ROW_THREADS and COLUMN_THREADS groups apart: 64 multiply-adds for four loads. Some
// columns of every row and vector lie in workgroup memory, those of four rows together; the next ones are
// on their way meanwhile. What an H100 taught: the accumulators are named, not indexed, because an index
// would push them out of the registers. Where a thread's rows begin is worked out once, or a third of the
// time goes into addresses. Of a half of a subgroup's threads every two neighbours, or every second, read
// the same word, so that it is read once. Loops are kept few: a thread of lavapipe stops after 65 535
// rounds of all its loops (src/gpu/directions.rs counts them).

// 16 for the wide tile, 8 for the narrow one.
override COLUMN_THREADS: u32 = 16u;
// 1 where dim is a multiple of 4, so that values come in fours, else 0. Not a condition at run time: loads
// behind one are waited for at once.
override IN_FOURS: u32 = 1u;

const ROW_THREADS = 8u;
const ROWS = 64u;
const COLUMNS = 16u;
// Groups of four vectors to a block.
const QUADS = 8u;
// Threads that fetch four rows, four columns of each, and as many that fetch vectors.
const FETCHERS = 64u;

// Columns x groups of four; for a kernel whatever it wants between tiles.
var<workgroup> staged: array<vec4<f32>, 768>;

// Row r of the thread's eight with its low and, in the wide tile, its high four vectors.
struct Dots {
    low_0: vec4<f32>, high_0: vec4<f32>,
    low_1: vec4<f32>, high_1: vec4<f32>,
    low_2: vec4<f32>, high_2: vec4<f32>,
    low_3: vec4<f32>, high_3: vec4<f32>,
    low_4: vec4<f32>, high_4: vec4<f32>,
    low_5: vec4<f32>, high_5: vec4<f32>,
    low_6: vec4<f32>, high_6: vec4<f32>,
    low_7: vec4<f32>, high_7: vec4<f32>,
}

struct Four {
    a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>,
}

// What a thread fetches of the next columns. In the narrow tile it is four rows, four more, and vectors; in
// the wide one four rows, or eight groups of vectors.
struct Fetched {
    first: Four,
    second: Four,
    third: Four,
}

// Where that begins: rows, in fours where those divide them, and vectors.
struct Sources {
    rows: vec4<u32>,
    more_rows: vec4<u32>,
    column: u32,
    vectors: u32,
}

fn is_wide() -> bool {
    return COLUMN_THREADS == 16u;
}

fn columns_at_once() -> u32 {
    return select(2u * COLUMNS, COLUMNS, is_wide());
}

fn groups_of_vectors() -> u32 {
    return select(8u, 32u, is_wide());
}

fn groups_staged() -> u32 {
    return 2u * ROW_THREADS + groups_of_vectors();
}

// Blocks of vectors at a time.
fn blocks_at_once() -> u32 {
    return groups_of_vectors() / QUADS;
}

fn row_thread(thread: u32) -> u32 {
    return (thread >> 1u) % 2u + 2u * ((thread >> 3u) % 4u);
}

fn column_thread(thread: u32) -> u32 {
    return thread % 2u + 2u * ((thread >> 2u) % 2u) + 4u * (thread / 32u);
}

// The first of the thread's rows within the tile; the next four are 4 ROW_THREADS further.
fn own_row(thread: u32) -> u32 {
    return 4u * row_thread(thread);
}

// Four columns of four rows are a unit, neighbouring threads take neighbouring columns.
fn unit_quad(unit: u32) -> u32 {
    return unit % (columns_at_once() / 4u);
}

fn unit_group(unit: u32) -> u32 {
    return unit / (columns_at_once() / 4u);
}

// Past the last row it is the last again: products of rows that are none go nowhere.
fn row_starts(first_row: u32, unit: u32) -> vec4<u32> {
    let rows = vec4(first_row + 4u * unit_group(unit)) + vec4(0u, 1u, 2u, 3u);
    let length = select(shape.dim, shape.dim / 4u, IN_FOURS == 1u);
    return min(rows, vec4(shape.rows - 1u)) * length;
}

// Past the last block it is other vectors.
fn sources(index: u32, first_row: u32, thread: u32) -> Sources {
    let unit = thread % FETCHERS;
    let group = unit % groups_of_vectors();
    let of_block = min(index + group / QUADS, shape.blocks - 1u);
    let column = unit / groups_of_vectors();
    return Sources(
        row_starts(first_row, unit),
        row_starts(first_row, unit + FETCHERS),
        4u * unit_quad(unit),
        (of_block * shape.columns + column) * QUADS + group % QUADS,
    );
}

fn row_values(start: u32, column: u32) -> vec4<f32> {
    let last = shape.dim - 1u;
    return vec4(
        element(start + min(column, last)),
        element(start + min(column + 1u, last)),
        element(start + min(column + 2u, last)),
        element(start + min(column + 3u, last)),
    );
}

// Past the last column it is other values of the rows, which meet zeros of the vectors. So no load waits
// for a condition.
fn fetch_rows(starts: vec4<u32>, column: u32) -> Four {
    if IN_FOURS == 1u {
        let j = min(column, shape.dim - 4u) / 4u;
        return Four(
            four_elements(starts.x + j),
            four_elements(starts.y + j),
            four_elements(starts.z + j),
            four_elements(starts.w + j),
        );
    }
    return Four(
        row_values(starts.x, column),
        row_values(starts.y, column),
        row_values(starts.z, column),
        row_values(starts.w, column),
    );
}

// Four columns' values of a group, the second two so much further than the first.
fn fetch_vectors(at: u32, further: u32) -> Four {
    let step = FETCHERS / groups_of_vectors() * QUADS;
    return Four(
        directions[at],
        directions[at + step],
        directions[at + further],
        directions[at + further + step],
    );
}

fn fetch(origin: Sources, column: u32, thread: u32) -> Fetched {
    var fetched = Fetched();
    let vectors = origin.vectors + column * QUADS;
    if !is_wide() {
        fetched.first = fetch_rows(origin.rows, column + origin.column);
        fetched.second = fetch_rows(origin.more_rows, column + origin.column);
        // Where there is no second half of the columns, the first again: nobody takes it.
        let has_half = column + COLUMNS < shape.columns;
        fetched.third = fetch_vectors(vectors, select(0u, COLUMNS * QUADS, has_half));
    } else if thread < FETCHERS {
        fetched.first = fetch_rows(origin.rows, column + origin.column);
    } else {
        fetched.first = fetch_vectors(vectors, 4u * QUADS);
        fetched.second = fetch_vectors(vectors + 8u * QUADS, 4u * QUADS);
    }
    return fetched;
}

// Which place a group of rows has in the four columns of a quad: the groups trade places with each other,
// so that neighbouring threads write to different banks.
fn row_place(group: u32, quad: u32) -> u32 {
    return group ^ (2u * (quad % 4u));
}

fn stage_rows(unit: u32, v: Four) {
    let quad = unit_quad(unit);
    let at = 4u * quad * groups_staged() + row_place(unit_group(unit), quad);
    staged[at] = vec4(v.a.x, v.b.x, v.c.x, v.d.x);
    staged[at + groups_staged()] = vec4(v.a.y, v.b.y, v.c.y, v.d.y);
    staged[at + 2u * groups_staged()] = vec4(v.a.z, v.b.z, v.c.z, v.d.z);
    staged[at + 3u * groups_staged()] = vec4(v.a.w, v.b.w, v.c.w, v.d.w);
}

fn stage_vectors(unit: u32, first_column: u32, v: Four) {
    let column = first_column + unit / groups_of_vectors();
    let at = column * groups_staged() + 2u * ROW_THREADS + unit % groups_of_vectors();
    let step = FETCHERS / groups_of_vectors() * groups_staged();
    staged[at] = v.a;
    staged[at + step] = v.b;
    staged[at + 2u * step] = v.c;
    staged[at + 3u * step] = v.d;
}

fn stage(v: Fetched, thread: u32) {
    if !is_wide() {
        stage_rows(thread, v.first);
        stage_rows(thread + FETCHERS, v.second);
        stage_vectors(thread, 0u, v.third);
    } else if thread < FETCHERS {
        stage_rows(thread, v.first);
    } else {
        stage_vectors(thread - FETCHERS, 0u, v.first);
        stage_vectors(thread - FETCHERS, 8u, v.second);
    }
}

// Adds the products of one column.
fn add_column(sum: Dots, rows: u32, vectors: u32) -> Dots {
    var d = sum;
    let a = staged[rows];
    let b = staged[rows + ROW_THREADS];
    let u = staged[vectors];
    d.low_0 += a.x * u;
    d.low_1 += a.y * u;
    d.low_2 += a.z * u;
    d.low_3 += a.w * u;
    d.low_4 += b.x * u;
    d.low_5 += b.y * u;
    d.low_6 += b.z * u;
    d.low_7 += b.w * u;
    if is_wide() {
        let v = staged[vectors + COLUMN_THREADS];
        d.high_0 += a.x * v;
        d.high_1 += a.y * v;
        d.high_2 += a.z * v;
        d.high_3 += a.w * v;
        d.high_4 += b.x * v;
        d.high_5 += b.y * v;
        d.high_6 += b.z * v;
        d.high_7 += b.w * v;
    }
    return d;
}

// Adds those of four columns, which fetchers of one unit have staged.
fn add_four(sum: Dots, column: u32, thread: u32) -> Dots {
    let first = column * groups_staged();
    let rows = first + row_place(row_thread(thread), column / 4u);
    let vectors = first + 2u * ROW_THREADS + column_thread(thread);
    var d = add_column(sum, rows, vectors);
    d = add_column(d, rows + groups_staged(), vectors + groups_staged());
    d = add_column(d, rows + 2u * groups_staged(), vectors + 2u * groups_staged());
    return add_column(d, rows + 3u * groups_staged(), vectors + 3u * groups_staged());
}

fn add_sixteen(sum: Dots, column: u32, thread: u32) -> Dots {
    let d = add_four(add_four(sum, column, thread), column + 4u, thread);
    return add_four(add_four(d, column + 8u, thread), column + 12u, thread);
}

// The products with the vectors from block `index` on.
fn dots(index: u32, first_row: u32, thread: u32) -> Dots {
    var d = Dots();
    let origin = sources(index, first_row, thread);
    var next = fetch(origin, 0u, thread);
    for (var column = 0u; column < shape.dim; column += columns_at_once()) {
        workgroupBarrier(); // the columns before have been read
        stage(next, thread);
        workgroupBarrier();
        let ahead = column + columns_at_once();
        if is_wide() {
            // In the end the last columns again: behind a condition it costs `assign` a quarter.
            next = fetch(origin, min(ahead, shape.columns - COLUMNS), thread);
        } else if ahead < shape.dim {
            next = fetch(origin, ahead, thread);
        }
        d = add_sixteen(d, 0u, thread);
        if !is_wide() && column + COLUMNS < shape.dim {
            d = add_sixteen(d, COLUMNS, thread);
        }
    }
    return d;
}

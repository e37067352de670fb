// nearest_other_label: for every row the largest product with a row of another label.
//
//   largest[i] = max of sum_k x[i, k] x[j, k] over the j with labels[j] != labels[i]
//
// Grid      a workgroup a tile; folded over x and y. Tiles lie on and above the diagonal: every one
//           tells of its rows and of its columns.
// Memory    as integer_tile; an atomic maximum for each row and column of a tile.
// Rounding  none: integers.
// Order     any: a maximum.
// Mirror    src/cpu/nearest_other_label.rs. Contract: src/kernels/neighbours.rs, tests/kernels/neighbours.rs.

const LEAST = -0x7fffffff - 1;

@group(0) @binding(4) var<storage, read> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> largest: array<atomic<i32>>;

fn column_at(column: u32) -> u32 {
    return column;
}

// The labels of four rows from `place` on, which may end before.
fn four_labels(place: u32, count: u32) -> vec4<u32> {
    var found = vec4<u32>();
    if count > 0u { found.x = labels[place]; }
    if count > 1u { found.y = labels[place + 1u]; }
    if count > 2u { found.z = labels[place + 2u]; }
    if count > 3u { found.w = labels[place + 3u]; }
    return found;
}

fn count_from(first: u32, end: u32) -> u32 {
    return select(0u, end - first, first < end);
}

fn across(product: vec4<i32>) -> i32 {
    return max(max(product.x, product.y), max(product.z, product.w));
}

// Four rows of four columns: the largest of each row, and of each column.
struct Largest {
    of_rows: vec4<i32>,
    of_columns: vec4<i32>,
}

// Rows a, b, c, d; `row` and `column` are within the tile.
fn square(tile: Tile, row: u32, column: u32, a: vec4<i32>, b: vec4<i32>, c: vec4<i32>, d: vec4<i32>) -> Largest {
    let rows = count_from(row, tile.row_end - tile.row);
    let columns = count_from(column, tile.column_end - tile.column);
    let own = four_labels(tile.row_place + row, rows);
    let others = four_labels(tile.column_place + column, columns);
    let inside = vec4(0u, 1u, 2u, 3u) < vec4(columns);
    let least = vec4(LEAST);
    let p = select(least, a, inside & (others != vec4(own.x)) & vec4(rows > 0u));
    let q = select(least, b, inside & (others != vec4(own.y)) & vec4(rows > 1u));
    let r = select(least, c, inside & (others != vec4(own.z)) & vec4(rows > 2u));
    let s = select(least, d, inside & (others != vec4(own.w)) & vec4(rows > 3u));
    return Largest(vec4(across(p), across(q), across(r), across(s)), max(max(p, q), max(r, s)));
}

// The threads' largest of their eight columns, for each group of four rows by thread, and behind them
// those of their eight rows.
fn share(tile: Tile, s: Products, thread: u32) {
    let a = thread / COLUMN_THREADS;
    let b = thread % COLUMN_THREADS;
    let row = 4u * a;
    let next_row = row + 4u * ROW_THREADS;
    let column = 4u * b;
    let next_column = column + 4u * COLUMN_THREADS;
    let t = square(tile, row, column, s.low_0, s.low_1, s.low_2, s.low_3);
    let u = square(tile, row, next_column, s.high_0, s.high_1, s.high_2, s.high_3);
    let v = square(tile, next_row, column, s.low_4, s.low_5, s.low_6, s.low_7);
    let w = square(tile, next_row, next_column, s.high_4, s.high_5, s.high_6, s.high_7);
    let rows = b * 2u * ROW_THREADS + a;
    staged[rows] = max(t.of_rows, u.of_rows);
    staged[rows + ROW_THREADS] = max(v.of_rows, w.of_rows);
    let columns = 2u * ROW_THREADS * COLUMN_THREADS + a * 2u * COLUMN_THREADS + b;
    staged[columns] = max(t.of_columns, v.of_columns);
    staged[columns + COLUMN_THREADS] = max(u.of_columns, w.of_columns);
}

// The largest of `count` threads' for one row or column, theirs being `step` groups apart.
fn largest_of(first: u32, step: u32, count: u32, of_group: u32) -> i32 {
    var most = LEAST;
    for (var at = 0u; at < count; at += 1u) {
        most = max(most, staged[first + at * step + of_group / 4u][of_group % 4u]);
    }
    return most;
}

fn raise(place: u32, product: i32) {
    if product > LEAST {
        atomicMax(&largest[place], product);
    }
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn nearest_other_label(
    @builtin(workgroup_id) group_id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_id.y * grid.x + group_id.x;
    if group >= shape.tiles {
        return;
    }
    let tile = tiles[group];
    let s = products(tile, thread);

    workgroupBarrier(); // the last step has been read
    share(tile, s, thread);
    workgroupBarrier();
    for (var row = thread; row < 8u * ROW_THREADS; row += ROW_THREADS * COLUMN_THREADS) {
        if row < tile.row_end - tile.row {
            raise(tile.row_place + row, largest_of(0u, 2u * ROW_THREADS, COLUMN_THREADS, row));
        }
    }
    let behind = 2u * ROW_THREADS * COLUMN_THREADS;
    // The last threads first: the first ones may have had rows.
    let last = ROW_THREADS * COLUMN_THREADS - 1u - thread;
    for (var column = last; column < 8u * COLUMN_THREADS; column += ROW_THREADS * COLUMN_THREADS) {
        if column < tile.column_end - tile.column {
            raise(tile.column_place + column, largest_of(behind, 2u * COLUMN_THREADS, ROW_THREADS, column));
        }
    }
}

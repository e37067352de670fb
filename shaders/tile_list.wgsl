// tile_list: a piece of one class's similarities, the work of a workgroup. No entry point.
// Mirror: `Tile` in src/gpu/integer_tile.rs.

struct Tile {
    // First row and the row after the last, within their panel; so too for columns.
    row: u32,
    row_end: u32,
    column: u32,
    column_end: u32,
    // Where the first row's and the first column's answers go.
    row_place: u32,
    column_place: u32,
    // The class's matrix: its first group of four similarities, and groups to a row of it.
    matrix: u32,
    pitch: u32,
}

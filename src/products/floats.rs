//! Products of rows of floats that lie apart with a few vectors. A GEMM crate would have the rows
//! copied together first.

use super::tile::{Arithmetic, Cell, Columns, Group, LANES, Tile};

/// Vectors as the columns of products.
#[derive(Default)]
pub(crate) struct FloatColumns {
    columns: Columns,
}

impl FloatColumns {
    /// Packs vectors of `dim` values.
    pub(crate) fn of(vectors: &[f32], dim: usize) -> Self {
        let mut columns = Columns::default();
        columns.begin(vectors.len() / dim, dim);
        for (at, vector) in vectors.chunks_exact(dim).enumerate() {
            columns.put(at, 0, cells(vector));
        }
        Self { columns }
    }

    /// Number of vectors.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }
}

fn cells(values: &[f32]) -> &[Cell] {
    bytemuck::cast_slice::<_, u8>(values).as_chunks().0
}

/// The products of rows `a` of a matrix with the columns, `a.len()` x `columns.len()`, row-major,
/// into the front of `out`.
pub(crate) fn float_products(matrix: &[f32], a: &[usize], columns: &FloatColumns, out: &mut [f32]) {
    let tile = Tile {
        rows: cells(matrix),
        a,
        columns: &columns.columns,
    };
    #[cfg(target_arch = "x86_64")]
    if super::x86::FLOATS.iter().any(|fill| fill(&tile, out)) {
        return;
    }
    tile.fill::<_, 4, 1>(Plain, out);
}

/// For every processor.
#[derive(Clone, Copy)]
struct Plain;

impl Arithmetic for Plain {
    type Cells = [f32; LANES];
    type Sums = [f32; LANES];
    type Product = f32;

    #[inline(always)]
    fn same(self, cell: Cell) -> Self::Cells {
        [bytemuck::cast(cell); LANES]
    }

    #[inline(always)]
    fn load(self, group: &Group) -> Self::Cells {
        bytemuck::cast(group.0)
    }

    #[inline(always)]
    fn begin(self, starts: &[i32; LANES]) -> Self::Sums {
        bytemuck::cast(*starts)
    }

    #[inline(always)]
    fn add_products(self, mut sums: Self::Sums, a: Self::Cells, b: Self::Cells) -> Self::Sums {
        for (sum, (a, b)) in sums.iter_mut().zip(a.into_iter().zip(b)) {
            *sum += a * b;
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums, out: &mut [f32; LANES]) {
        *out = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Integers, whose sums are exact, at shapes around the register tile's.
    #[test]
    fn every_road_is_exact() {
        for (height, width, dim) in [
            (1, 1, 1),
            (3, 5, 15),
            (4, 16, 16),
            (9, 70, 33),
            (13, 131, 64),
            (17, 30, 7),
            (9, 100, 5),
        ] {
            let value = |i: usize| ((i * 7919 + 13) % 61) as f32 - 30.0;
            let matrix: Vec<f32> = (0..2 * height * dim).map(value).collect();
            let vectors: Vec<f32> = (0..width * dim).map(|i| value(i + 5)).collect();
            let a: Vec<usize> = (0..height).map(|i| 2 * (height - 1 - i)).collect();
            let product = |row: usize, vector: &[f32]| -> f32 {
                let pairs = matrix[row * dim..].iter().zip(vector);
                pairs.map(|(a, b)| a * b).sum()
            };
            let want: Vec<f32> = (a.iter())
                .flat_map(|&row| vectors.chunks(dim).map(move |vector| (row, vector)))
                .map(|(row, vector)| product(row, vector))
                .collect();
            let columns = FloatColumns::of(&vectors, dim);
            assert_eq!(columns.len(), width);
            let tile = Tile {
                rows: cells(&matrix),
                a: &a,
                columns: &columns.columns,
            };
            let place = format!("{height} x {width} x {dim}");
            let mut got = vec![f32::NAN; height * width];
            tile.fill::<_, 4, 1>(Plain, &mut got);
            assert_eq!(got, want, "plain, {place}");
            #[cfg(target_arch = "x86_64")]
            for fill in crate::products::x86::FLOATS {
                let mut got = vec![f32::NAN; height * width];
                assert!(!fill(&tile, &mut got) || got == want, "{place}");
            }
            got.fill(f32::NAN);
            float_products(&matrix, &a, &columns, &mut got);
            assert_eq!(got, want, "{place}");
        }
    }
}

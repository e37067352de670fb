//! Tiles of products: rows that meet packed columns, by whatever arithmetic a processor has.

/// Rows and columns of a tile: two blocks of 512 values stay in a core's own cache.
pub(crate) const TILE: usize = 64;

/// Columns whose values lie together, each in a lane of its own: so no sum is ever across lanes,
/// which would cost more than the products of a short row.
pub(crate) const LANES: usize = 16;

/// Some values of a row, whose products a processor multiplies and adds in one instruction: two of
/// 16 bits, four of 8, or a float.
pub(super) type Cell = [u8; 4];

/// The same values of [`LANES`] columns, in one line of a cache: what lies in two takes two reads.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Group(pub(super) [Cell; LANES]);

/// Some rows as the columns of products: whoever meets many rows packs them once.
#[derive(Default)]
pub(crate) struct Columns {
    /// Groups of columns x cells; zeros past the last column.
    pub(super) groups: Vec<Group>,
    /// What the sums of each begin with.
    pub(super) starts: Vec<[i32; LANES]>,
    pub(super) len: usize,
    /// Cells of a column.
    pub(super) cells: usize,
}

impl Columns {
    /// Makes room for so many columns of so many cells.
    pub(super) fn begin(&mut self, len: usize, cells: usize) {
        (self.len, self.cells) = (len, cells);
        let groups = len.div_ceil(LANES) * cells;
        if !len.is_multiple_of(LANES) || self.groups.len() != groups {
            self.groups.clear();
            self.groups.resize(groups, Group([[0; 4]; LANES]));
            self.starts.clear();
            self.starts.resize(len.div_ceil(LANES), [0; LANES]);
        }
    }

    pub(super) fn put(&mut self, at: usize, start: i32, cells: &[Cell]) {
        let (group, lane) = (at / LANES, at % LANES);
        self.starts[group][lane] = start;
        let places = &mut self.groups[group * self.cells..][..self.cells];
        for (place, cell) in places.iter_mut().zip(cells) {
            place.0[lane] = *cell;
        }
    }

    /// Number of columns.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// What a processor multiplies with, [`LANES`] columns at a time.
pub(super) trait Arithmetic: Copy {
    /// A cell for every lane.
    type Cells: Copy;
    /// A sum for every lane.
    type Sums: Copy;
    /// What a product is stored as.
    type Product: Copy + Default;

    /// One cell for all lanes.
    fn same(self, cell: Cell) -> Self::Cells;
    fn load(self, group: &Group) -> Self::Cells;
    fn begin(self, starts: &[i32; LANES]) -> Self::Sums;
    /// `sums + Σ a[k] b[k]` in every lane.
    fn add_products(self, sums: Self::Sums, a: Self::Cells, b: Self::Cells) -> Self::Sums;
    fn store(self, sums: Self::Sums, out: &mut [Self::Product; LANES]);
}

/// Rows, and the columns that they meet.
pub(super) struct Tile<'a> {
    /// Rows x cells.
    pub(super) rows: &'a [Cell],
    pub(super) a: &'a [usize],
    pub(super) columns: &'a Columns,
}

impl Tile<'_> {
    /// All products, of `R` rows and `C` groups of columns at a time: their sums are in registers.
    #[inline(always)]
    pub(super) fn fill<A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        out: &mut [A::Product],
    ) {
        let Columns { groups, cells, .. } = self.columns;
        if groups.is_empty() {
            return;
        }
        let mut rest = groups.chunks_exact(C * cells);
        let mut first = 0;
        for groups in &mut rest {
            self.fill_columns::<A, R, C>(arithmetic, groups, first, out);
            first += C * LANES;
        }
        // The fewer groups, the more rows: enough sums to be under way, and enough reads of rows.
        let rest = rest.remainder();
        match rest.len() / cells {
            0 => {}
            1 => self.fill_columns::<A, 8, 1>(arithmetic, rest, first, out),
            2 => self.fill_columns::<A, 8, 2>(arithmetic, rest, first, out),
            _ => self.fill_columns::<A, R, 3>(arithmetic, rest, first, out),
        }
    }

    /// The products with the groups of columns from `first` on.
    #[inline(always)]
    fn fill_columns<A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        groups: &[Group],
        first: usize,
        out: &mut [A::Product],
    ) {
        let width = self.columns.len;
        let mut runs = self.a.chunks_exact(R);
        let mut out = out.chunks_exact_mut(width);
        for run in &mut runs {
            let run: [usize; R] = std::array::from_fn(|r| run[r]);
            self.fill_rows::<A, R, C>(arithmetic, run, groups, first, &mut out);
        }
        for &row in runs.remainder() {
            self.fill_rows::<A, 1, C>(arithmetic, [row], groups, first, &mut out);
        }
    }

    #[inline(always)]
    fn fill_rows<'o, A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        run: [usize; R],
        groups: &[Group],
        first: usize,
        out: &mut impl Iterator<Item = &'o mut [A::Product]>,
    ) where
        A::Product: 'o,
    {
        let cells = self.columns.cells;
        let a: [&[Cell]; R] = std::array::from_fn(|r| &self.rows[run[r] * cells..][..cells]);
        let b: [&[Group]; C] = std::array::from_fn(|c| &groups[c * cells..][..cells]);
        let starts = &self.columns.starts[first / LANES..][..C];
        let starts: [_; C] = std::array::from_fn(|c| arithmetic.begin(&starts[c]));
        let sums = sums_of(arithmetic, starts, a, b);
        for (sums, out) in sums.iter().zip(out) {
            let out = out[first..].chunks_mut(LANES);
            for (&sums, out) in sums.iter().zip(out) {
                match out.first_chunk_mut() {
                    Some(out) => arithmetic.store(sums, out),
                    None => {
                        let mut all = [A::Product::default(); LANES];
                        arithmetic.store(sums, &mut all);
                        out.copy_from_slice(&all[..out.len()]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn sums_of<A: Arithmetic, const R: usize, const C: usize>(
    arithmetic: A,
    starts: [A::Sums; C],
    a: [&[Cell]; R],
    b: [&[Group]; C],
) -> [[A::Sums; C]; R] {
    let mut sums = [starts; R];
    for k in 0..b[0].len() {
        let mut columns = [arithmetic.same([0; 4]); C];
        for (columns, b) in columns.iter_mut().zip(b) {
            *columns = arithmetic.load(&b[k]);
        }
        for (sums, a) in sums.iter_mut().zip(a) {
            let a = arithmetic.same(a[k]);
            for (sums, columns) in sums.iter_mut().zip(columns) {
                *sums = arithmetic.add_products(*sums, a, columns);
            }
        }
    }
    sums
}

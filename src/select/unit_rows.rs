//! A pool's rows brought to length 1, and which of some vectors is nearest to each, exactly.

use super::gather::gather;
use super::settled::Settled;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::pool::{Bunch, Field, Leads, Nearest, Pool};
use crate::kernels::rounding::{UNIT_ROUNDOFF, inner_error, norm_bounds, score_error};
use crate::lp::Lp;
use crate::{order, sums};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::sync::OnceLock;

/// 2⁻⁶², in pool unit: more than a product loses where a subnormal counts as zero, also one of an
/// application's buffer, which is brought to pool unit only then, by 2⁶³ at most.
const FLUSHED: f64 = 1.0 / (1u64 << 62) as f64;

/// Vectors whose distances to all are found at a time.
const BLOCK: usize = 64;

/// Rows by which the middle of some is found: one of so many, within these limits.
const SAMPLED: usize = 8;
const FEWEST: usize = 3;
const SAMPLE: usize = 32;

/// Rows that one thread brings to length 1, at least: fewer are not worth waking another for.
const ROWS: usize = 64;

/// The rows z of a pool, each of length 1, but that a row of zeros stays one. They are made in f64
/// from gathered rows, a piece at a time, and are the same to the bit on every device.
pub(super) struct UnitRows<'a> {
    pool: &'a dyn Pool,
    lengths: Lengths,
    /// Lengths for the pool's kernel. 1 for a row of zeros, whose score then is the offset alone.
    for_kernel: Vec<f32>,
    settled: Settled,
}

/// What a pool says of its rows' lengths, and what follows for their scores.
pub(super) struct Lengths {
    dim: usize,
    /// Squared lengths; zero only for a row of zeros.
    squared: Vec<f32>,
}

/// Vectors v that compete for the rows: z goes to the k of the smallest `offsets[k]` − ⟨z, v_k⟩,
/// ties to the lower k.
pub(super) struct Rivals {
    /// Values a vector.
    pub(super) dim: usize,
    /// `offsets.len()` x `dim`, row-major.
    pub(super) vectors: Vec<f64>,
    pub(super) offsets: Vec<f64>,
    /// How far any two vectors are apart at most, found when it is asked for.
    apart: OnceLock<Vec<f32>>,
}

impl Rivals {
    pub(super) fn new(dim: usize, vectors: Vec<f64>, offsets: Vec<f64>) -> Self {
        Self {
            dim,
            vectors,
            offsets,
            apart: OnceLock::new(),
        }
    }

    /// The vector nearest to a unit row, in f64.
    pub(super) fn nearest(&self, z: &[f64]) -> usize {
        let scores: Vec<f64> = sums::vectorised!({
            self.vectors
                .chunks_exact(self.dim)
                .zip(&self.offsets)
                .map(|(vector, offset)| offset - sums::dot(z, vector))
                .collect()
        });
        order::argmin(scores.into_iter().zip(0..)).map_or(0, |(_, index)| index)
    }

    /// Of some of the vectors the nearest to a unit row, in f64.
    fn nearest_of(&self, among: &[u32], z: &[f64]) -> usize {
        let scores = among.iter().map(|&vector| self.score(vector as usize, z));
        let scores: Vec<f64> = sums::vectorised!(scores.collect());
        let scores = scores
            .into_iter()
            .zip(among.iter().map(|&index| index as usize));
        order::argmin(scores).map_or(0, |(_, index)| index)
    }

    /// The score of one of the vectors for a unit row, in f64.
    #[inline(always)]
    pub(super) fn score(&self, vector: usize, z: &[f64]) -> f64 {
        self.offsets[vector] - sums::dot(z, self.vector(vector))
    }

    #[inline(always)]
    fn vector(&self, vector: usize) -> &[f64] {
        &self.vectors[vector * self.dim..][..self.dim]
    }

    /// The same less a vector and an offset in the middle of them all. No row's nearest is another for
    /// it, and where most vectors are close to each other their scores are small, and so is what f32
    /// makes of them.
    fn centred(&self) -> Self {
        let vector = middle(&self.vectors, self.dim);
        let offset = middle(&self.offsets, 1)[0];
        let less = |values: &[f64]| {
            values
                .iter()
                .zip(&vector)
                .map(|(v, middle)| v - middle)
                .collect::<Vec<f64>>()
        };
        let vectors = self.vectors.par_chunks_exact(self.dim);
        Self::new(
            self.dim,
            vectors.flat_map_iter(less).collect(),
            self.offsets.iter().map(|v| v - offset).collect(),
        )
    }

    /// How far any two of the vectors are apart at most, by their products: `offsets.len()` squared.
    fn distances(&self, stop: &Stop) -> Result<Vec<f32>, Error> {
        let (dim, count) = (self.dim, self.offsets.len());
        let squares = self.vectors.chunks_exact(dim);
        let squares: Vec<f64> = squares
            .map(|v| sums::vectorised!(sums::dot(v, v)))
            .collect();
        let all = MatRef::from_row_major_slice(&self.vectors, count, dim);
        // What products and squares are off by, twice over; and more than f32 rounds.
        let off = 2.0 * (dim as f64 + 8.0) * f64::EPSILON;
        const MORE: f64 = 1.0 + 4.0 * UNIT_ROUNDOFF;
        let mut distances = vec![0.0; count * count];
        let blocks = (distances.par_chunks_mut(BLOCK * count))
            .zip(self.vectors.par_chunks(BLOCK * dim))
            .zip(squares.par_chunks(BLOCK));
        stop.over(blocks).try_for_each(|block| {
            let ((distances, vectors), own) = block?;
            let mut products = vec![0.0; distances.len()];
            matmul(
                MatMut::from_row_major_slice_mut(&mut products, own.len(), count),
                Accum::Replace,
                MatRef::from_row_major_slice(vectors, own.len(), dim),
                all.transpose(),
                1.0,
                Par::Seq,
            );
            let rows = distances
                .chunks_exact_mut(count)
                .zip(products.chunks_exact(count));
            sums::vectorised!({
                for ((distances, products), own) in rows.zip(own) {
                    let others = products.iter().zip(&squares);
                    for (distance, (product, other)) in distances.iter_mut().zip(others) {
                        let both = own + other;
                        let square = (both - 2.0 * product).max(0.0) + off * both;
                        *distance = (square.sqrt() * MORE) as f32;
                    }
                }
            });
            Ok(())
        })?;
        Ok(distances)
    }

    /// How large all of them are.
    fn extent(&self) -> Extent {
        let each = (0..self.offsets.len()).map(|vector| self.extent_of(vector));
        each.fold(Extent::default(), Extent::max)
    }

    fn extent_of(&self, vector: usize) -> Extent {
        let values = self.vector(vector);
        Extent {
            length: sums::vectorised!(sums::dot(values, values)).sqrt(),
            offset: self.offsets[vector].abs(),
        }
    }

    /// More than the score of a row of length 1 is off in f64.
    pub(super) fn rounding(&self) -> f64 {
        let Extent { length, offset } = self.extent();
        (self.dim as f64 / 16.0 + 20.0) * f64::EPSILON * (length + offset)
    }

    /// How far any two vectors are apart at most, found when it is first asked for.
    fn apart(&self, stop: &Stop) -> Result<&[f32], Error> {
        let apart = match self.apart.get() {
            Some(apart) => apart,
            None => {
                let found = self.distances(stop)?;
                self.apart.get_or_init(|| found)
            }
        };
        Ok(apart)
    }

    /// How large the differences of some vectors from the first of them are.
    fn extents_from_first(&self, among: &[u32], apart: &[f32]) -> Vec<Extent> {
        let (own, count) = (among[0] as usize, self.offsets.len());
        let extent = |&vector: &u32| {
            let vector = vector as usize;
            Extent {
                length: f64::from(apart[own * count + vector]),
                offset: (self.offsets[vector] - self.offsets[own]).abs(),
            }
        };
        sums::vectorised!(among.iter().map(extent).collect())
    }
}

/// How large a vector and its offset are, or what is no smaller than several of them.
#[derive(Clone, Copy, Default)]
struct Extent {
    length: f64,
    offset: f64,
}

impl Extent {
    fn max(self, other: Self) -> Self {
        Self {
            length: self.length.max(other.length),
            offset: self.offset.max(other.offset),
        }
    }
}

/// Gives `work` some rows of a pool in order, at length 1, in pieces.
pub(super) fn gather_units(
    pool: &dyn Pool,
    rows: &[usize],
    mut work: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (dim, mut z) = (pool.dim(), Vec::new());
    for piece in gather(pool, rows) {
        let (rows, x) = piece?;
        z.resize(x.len(), 0.0);
        z.par_chunks_exact_mut(dim)
            .zip(x.par_chunks_exact(dim))
            .with_min_len(ROWS)
            .for_each(|(z, x)| normalise(x, z));
        work(rows, &z)?;
    }
    Ok(())
}

impl<'a> UnitRows<'a> {
    /// Asks the pool for its rows' lengths: a pass over the features.
    pub(super) fn new(pool: &'a dyn Pool) -> Result<Self, Error> {
        let squared = pool.row_norms(Lp::L2)?;
        let for_kernel = squared.iter().map(|&squared| for_kernel(squared)).collect();
        let dim = pool.dim();
        Ok(Self {
            pool,
            lengths: Lengths { dim, squared },
            for_kernel,
            settled: Settled::default(),
        })
    }

    /// Counts pairs of a row and another, or a vector, that are settled: what bounds left open.
    pub(super) fn count_settled(&self, pairs: usize) {
        self.settled.add(pairs * self.dim());
    }

    /// What has been settled of these rows.
    pub(super) fn settled(&self) -> &Settled {
        &self.settled
    }

    /// The pool whose rows they are.
    pub(super) fn pool(&self) -> &dyn Pool {
        self.pool
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.for_kernel.len()
    }

    /// Values a row.
    pub(super) fn dim(&self) -> usize {
        self.lengths.dim
    }

    /// Refuses a pool with a row of zeros: `need` says what for.
    pub(super) fn refuse_zeros(&self, need: &'static str) -> Result<(), Error> {
        match (0..self.len()).find(|&row| self.lengths.is_zero(row)) {
            Some(row) => Err(Error::ZeroRow { row, need }),
            None => Ok(()),
        }
    }

    /// Gives `work` some rows in order, in pieces.
    pub(super) fn gather(
        &self,
        rows: &[usize],
        work: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        gather_units(self.pool, rows, work)
    }

    /// Some rows at once, `rows.len()` x `dim`: few, or they do not fit.
    pub(super) fn rows(&self, rows: &[usize]) -> Result<Vec<f64>, Error> {
        let mut all = Vec::with_capacity(rows.len() * self.dim());
        self.gather(rows, |_, z| {
            all.extend_from_slice(z);
            Ok(())
        })?;
        Ok(all)
    }

    /// For every row which of the vectors is nearest.
    ///
    /// A pass over the features; rows whose two best scores lie within the kernel's error are
    /// gathered and settled in f64.
    pub(super) fn nearest(&self, rivals: &Rivals) -> Result<Vec<usize>, Error> {
        let centred = rivals.centred();
        let (found, given) = (self.scores(&centred)?, centred.extent());
        let (lengths, rounding) = (&self.lengths, rivals.rounding());
        let is_open = |&row: &usize| lengths.is_open(row, &found[row], given, rounding);
        let open: Vec<usize> = (0..found.len()).into_par_iter().filter(is_open).collect();
        let mut nearest: Vec<usize> = found.iter().map(|found| found.index as usize).collect();
        self.count_settled(open.len() * rivals.offsets.len());
        self.settle(&open, &mut nearest, |_, z| rivals.nearest(z))?;
        Ok(nearest)
    }

    /// Puts down which of its field's vectors is nearest to every row of some fields, given what
    /// [`leads`](Self::leads) says of them; all other vectors must be farther.
    pub(super) fn nearest_of(
        &self,
        rivals: &Rivals,
        fields: &[Field<'_>],
        leads: &[Leads],
        nearest: &mut [usize],
    ) -> Result<(), Error> {
        let (mut open, mut field_of, rounding) = (Vec::new(), Vec::new(), rivals.rounding());
        let apart = rivals.apart(self.pool.stop())?;
        for (field, leads) in fields.iter().zip(leads) {
            let given = rivals.extents_from_first(&field.vectors, apart);
            let given = given.into_iter().fold(Extent::default(), Extent::max);
            for (&row, found) in field.rows.iter().zip(&leads.nearest) {
                nearest[row] = found.index as usize;
                if self.lengths.is_open(row, found, given, rounding) {
                    open.push(row);
                    field_of.push(field);
                    self.count_settled(field.vectors.len());
                }
            }
        }
        self.settle(&open, nearest, |place, z| {
            rivals.nearest_of(&field_of[place].vectors, z)
        })
    }

    /// Puts down the vectors nearest to some rows: what `exact` makes of a row's place among them and
    /// of the row.
    fn settle(
        &self,
        rows: &[usize],
        nearest: &mut [usize],
        exact: impl Fn(usize, &[f64]) -> usize + Sync,
    ) -> Result<(), Error> {
        let mut first = 0;
        self.gather(rows, |rows, z| {
            let z = z.par_chunks_exact(self.dim()).enumerate();
            let exact =
                |row: Result<(usize, &[f64]), Error>| row.map(|(at, z)| exact(first + at, z));
            let found = self.pool.stop().over(z).map(exact);
            let found: Vec<usize> = found.collect::<Result<_, Error>>()?;
            for (&row, found) in rows.iter().zip(found) {
                nearest[row] = found;
            }
            first += rows.len();
            Ok(())
        })
    }

    /// As [`Pool::leads`], of the rows at length 1; `least` and `own` are bounds, from below and
    /// from above.
    pub(super) fn leads(
        &self,
        rivals: &Rivals,
        fields: &[Field<'_>],
    ) -> Result<Option<Vec<Leads>>, Error> {
        let found =
            (self.pool).leads(fields, &rivals.vectors, &rivals.offsets, &self.for_kernel)?;
        let (lengths, rounding) = (&self.lengths, rivals.rounding());
        let apart = rivals.apart(self.pool.stop())?;
        let bound = |(found, field): (&mut Leads, &Field<'_>)| {
            let error = lengths.error_over_length(field.rows);
            let extents = rivals.extents_from_first(&field.vectors, apart);
            for (least, given) in found.least.iter_mut().zip(extents) {
                *least = ((f64::from(*least) - error(given, rounding)) as f32).next_down();
            }
            let own = rivals.extent_of(field.vectors[0] as usize);
            found.own = ((f64::from(found.own) + error(own, rounding)) as f32).next_up();
        };
        Ok(found.map(|mut found| {
            found.par_iter_mut().zip(fields).for_each(bound);
            found
        }))
    }

    /// For every row of some clusters what `of_row` makes of bounds from below of its squared
    /// distances, as [`sums::distance_sq`] gives them, to the `k` nearest other rows of its
    /// cluster, ascending. [`Pool::closest`] says how many rows they must have, and what `k` may be.
    ///
    /// Every cluster is gathered: the kernel is given its rows as they lie about their middle, so that
    /// rows close to each other are told apart however far they are from 0.
    pub(super) fn closest<T: Send>(
        &self,
        clusters: &[&[usize]],
        k: usize,
        of_row: impl Fn(&[f64]) -> T + Sync,
    ) -> Result<Vec<Vec<T>>, Error> {
        let (dim, centres) = (self.dim(), self.middles(clusters)?);
        let all = clusters.concat();
        let centre_of = (clusters.iter().zip(centres.chunks_exact(dim)))
            .flat_map(|(rows, centre)| std::iter::repeat_n(centre, rows.len()));
        let centre_of: Vec<&[f64]> = centre_of.collect();
        let (mut lengths, mut halves) = (Vec::with_capacity(all.len()), Vec::new());
        for piece in gather(self.pool, &all) {
            let (rows, x) = piece?;
            let x = x.par_chunks_exact(dim);
            let centres = &centre_of[lengths.len()..][..rows.len()];
            let of_row = |(x, centre): (&[f32], &&[f64])| sums::vectorised!(about(x, centre));
            let found: (Vec<f64>, Vec<f32>) = x.zip(centres).with_min_len(ROWS).map(of_row).unzip();
            lengths.extend(found.0);
            halves.extend(found.1);
        }
        let (mut first, mut bunches) = (0, Vec::with_capacity(clusters.len()));
        for (rows, centre) in clusters.iter().zip(centres.chunks_exact(dim)) {
            let places = first..first + rows.len();
            first = places.end;
            bunches.push(Bunch {
                rows,
                lengths: &lengths[places.clone()],
                centre,
                halves: &halves[places],
            });
        }
        let found = self.pool.closest(&bunches, k)?;
        let of_bunch = |(bunch, answers): (Bunch<'_>, Vec<f32>)| {
            let of_row = |(&half, answers): (&f32, &[f32])| {
                let least = least_distance_sq(dim, half);
                of_row(&answers.iter().map(least).collect::<Vec<f64>>())
            };
            let rows = bunch.halves.par_iter().zip(answers.par_chunks_exact(k));
            rows.with_min_len(ROWS).map(of_row).collect()
        };
        Ok(bunches.into_iter().zip(found).map(of_bunch).collect())
    }

    /// About the middle of every cluster, clusters x `dim`: by a few rows of each.
    fn middles(&self, clusters: &[&[usize]]) -> Result<Vec<f64>, Error> {
        let samples = clusters.iter().map(|rows| sample(rows));
        let samples: Vec<Vec<usize>> = samples.collect();
        let z = self.rows(&samples.concat())?;
        let (mut rest, mut of_cluster) = (&z[..], Vec::with_capacity(clusters.len()));
        for sample in samples {
            let (own, after) = rest.split_at(sample.len() * self.dim());
            of_cluster.push(own);
            rest = after;
        }
        let middle = |&z: &&[f64]| middle(z, self.lengths.dim);
        Ok(of_cluster.iter().flat_map(middle).collect())
    }

    /// What the kernel makes of the vectors.
    fn scores(&self, rivals: &Rivals) -> Result<Vec<Nearest>, Error> {
        self.pool.nearest(
            &narrow(&rivals.vectors),
            &narrow(&rivals.offsets),
            &self.for_kernel,
        )
    }
}

impl Lengths {
    /// Whether a row is all zeros.
    pub(super) fn is_zero(&self, row: usize) -> bool {
        self.squared[row] == 0.0
    }

    /// The interval that holds a row's length, or what stands for it.
    fn bounds(&self, row: usize) -> (f64, f64) {
        if self.is_zero(row) {
            return (1.0, 1.0);
        }
        norm_bounds(Lp::L2, self.squared[row], self.dim)
    }

    /// Whether a row's two best scores lie within the kernel's error, and what they are off in f64,
    /// of vectors as large as `given`.
    fn is_open(&self, row: usize, found: &Nearest, given: Extent, rounding: f64) -> bool {
        let (low, high) = self.bounds(row);
        let error = self.error((low, high), given, rounding) + self.flushed(given);
        f64::from(found.second) - f64::from(found.best) <= 2.0 * error
    }

    /// How far scores of some rows may be off, over the row's length: their errors, and what is wrong
    /// with that length and with three roundings.
    fn error_over_length(&self, rows: &[usize]) -> impl Fn(Extent, f64) -> f64 {
        let (mut over, mut high) = (0.0f64, 1.0f64);
        for &row in rows {
            let (least, most) = self.bounds(row);
            (over, high) = (over.max(1.0 / least), high.max(most / least));
        }
        let of_length = high - 1.0 + 8.0 * UNIT_ROUNDOFF;
        // All of it grows in proportion to what there is of each: reckoned once, as there are many
        // vectors.
        let of = |length, offset| {
            let given = Extent { length, offset };
            self.error((1.0, high), given, 0.0) + (length + offset) * of_length
        };
        let flushed = self.dim as f64 * FLUSHED * over;
        let (of_length, of_offset) = (of(1.0, 0.0) + flushed, of(0.0, 1.0));
        move |given, rounding| {
            if !high.is_finite() {
                return f64::INFINITY; // a row that is hardly told from zeros here
            }
            of_length * given.length + of_offset * given.offset + high * rounding + flushed
        }
    }

    /// How far a score of the kernel may be off: its own error, that of the length it was given,
    /// the roundings of length and offset to f32, and `rounding`, for a length 1.
    fn error(&self, (low, high): (f64, f64), given: Extent, rounding: f64) -> f64 {
        let of_lengths = given.offset * (high - low + 2.0 * UNIT_ROUNDOFF * high);
        score_error(self.dim, high, given.length, given.offset * high)
            + of_lengths
            + high * rounding
    }

    /// And where subnormals count as zero.
    fn flushed(&self, given: Extent) -> f64 {
        self.dim as f64 * FLUSHED * (1.0 + given.length)
    }
}

/// A row's length, and half the square of what it is about a centre at length 1.
#[inline(always)]
fn about(x: &[f32], centre: &[f64]) -> (f64, f32) {
    let length = sums::squares(x).sqrt();
    let half = 0.5 * sums::about_centre_sq(x, length, centre);
    (length, half as f32)
}

/// What the squared distance of a row to another is at least, as rounded in f64, by the answer of
/// [`Pool::closest`] for the two; `half` is half the square of its own w.
///
/// With r its length and d the distance the other's is at most r + d, so that r(r + d) ≤ 3r²/2 + d²/2
/// and (r + d)² ≤ 2r² + 2d²: what an answer is off by, twice over as the distance is, is at most
/// `of_own` r² + `of_distance` d² and little besides.
fn least_distance_sq(dim: usize, half: f32) -> impl Fn(&f32) -> f64 {
    let (inner, half) = (f64::from(inner_error(dim)), f64::from(half));
    let of_own = 3.0 * inner + 18.0 * UNIT_ROUNDOFF;
    let of_distance = inner + 9.0 * UNIT_ROUNDOFF + (dim as f64 / 16.0 + 20.0) * f64::EPSILON;
    // Of f64, by which w may be off from what the kernel is given; and of subnormals.
    let besides = 1024.0 * f64::EPSILON * f64::EPSILON / UNIT_ROUNDOFF;
    let besides = besides + 16.0 * dim as f64 * f64::from(f32::MIN_POSITIVE);
    let off = of_own * 2.0 * half + besides;
    move |&answer| ((2.0 * (half - f64::from(answer)) - off) / (1.0 + of_distance)).max(0.0)
}

/// A few of some rows, evenly spread.
pub(super) fn sample(rows: &[usize]) -> Vec<usize> {
    let count = (rows.len() / SAMPLED).clamp(FEWEST, SAMPLE).min(rows.len());
    (0..count).map(|at| rows[at * rows.len() / count]).collect()
}

/// Of every column the value in the middle: what a few odd rows do not move.
pub(super) fn middle(values: &[f64], dim: usize) -> Vec<f64> {
    let column = |column: usize| values.iter().skip(column).step_by(dim).copied().collect();
    let count = values.len() / dim;
    (0..dim)
        .map(|at| order::nth_smallest(column(at), count / 2))
        .collect()
}

/// The length that a kernel is given of a row, by its square.
fn for_kernel(squared: f32) -> f32 {
    if squared == 0.0 { 1.0 } else { squared.sqrt() }
}

/// x over its length; zeros where that is 0.
pub(super) fn normalise(x: &[f32], z: &mut [f64]) {
    sums::vectorised!({
        let length = sums::squares(x).sqrt();
        if length == 0.0 {
            z.fill(0.0);
            return;
        }
        for (z, &v) in z.iter_mut().zip(x) {
            *z = f64::from(v) / length;
        }
    });
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;
    use crate::random;

    /// Rows of many lengths: the squared distances are bounded from below, and by not much.
    #[test]
    fn distances_to_the_closest_are_bounded() {
        let (rows, dim, k) = (300, 40, 7);
        let numbers = random::exponentials(4, 0, rows * dim);
        let mut x: Vec<f32> = numbers.iter().map(|&e| e as f32 - 1.0).collect();
        for (row, x) in x.chunks_exact_mut(dim).enumerate() {
            let scale = (-0.1 * row as f32).exp2();
            x.iter_mut().for_each(|v| *v *= scale);
        }
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let unit = UnitRows::new(&pool).unwrap();
        let z = unit.rows(&(0..rows).collect::<Vec<_>>()).unwrap();
        let cluster: Vec<usize> = (0..rows).rev().step_by(2).collect();
        let bounds = unit.closest(&[&cluster], k, <[f64]>::to_vec).unwrap();
        for (bounds, &own) in bounds[0].iter().zip(&cluster) {
            let of = |row: usize| &z[row * dim..][..dim];
            let others = cluster.iter().filter(|&&row| row != own);
            let mut exact: Vec<f64> = others
                .map(|&row| sums::distance_sq(of(own), of(row)))
                .collect();
            exact.sort_unstable_by(f64::total_cmp);
            assert_eq!(bounds.len(), k);
            for (bound, exact) in bounds.iter().zip(exact) {
                let slack = exact - bound;
                assert!((0.0..2e-5).contains(&slack), "row {own}: {slack:e}");
            }
        }
    }

    /// Vectors that differ by little, or not at all, against rows of many lengths and of none.
    #[test]
    fn close_vectors_are_told_apart() {
        let (rows, dim) = (200, 33);
        let numbers = random::exponentials(2, 0, rows * dim);
        let mut x: Vec<f32> = numbers.iter().map(|&e| e as f32 - 1.0).collect();
        for (row, x) in x.chunks_exact_mut(dim).enumerate() {
            let scale = if row % 9 == 8 {
                0.0
            } else {
                (-0.4 * row as f32).exp2()
            };
            x.iter_mut().for_each(|v| *v *= scale);
        }
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let unit = UnitRows::new(&pool).unwrap();
        let z = unit.rows(&(0..rows).collect::<Vec<_>>()).unwrap();
        for spread in [1.0, 1e-3, 1e-7, 1e-12, 0.0] {
            let vectors = (0..20 * dim).map(|i| 0.1 + spread * numbers[i]).collect();
            let rivals = Rivals::new(
                dim,
                vectors,
                (0..20).map(|k| 0.3 - spread * numbers[k]).collect(),
            );
            let want: Vec<usize> = z.chunks_exact(dim).map(|z| rivals.nearest(z)).collect();
            assert_eq!(unit.nearest(&rivals).unwrap(), want, "{spread}");
            if spread == 0.0 {
                assert!(want.iter().all(|&index| index == 0));
            }
        }
    }
}

//! Mirror of `shaders/mark_within.wgsl`.

use super::arrangement::Links;
use super::unit_integers::UnitIntegers;
use crate::error::Error;
use crate::kernels::neighbours::{NearMasks, Thresholds};
use crate::kernels::rounding::off_in_f32;
use crate::products::{self, Columns, LANES, TILE, products};
use crate::quantise::IntegerRows;
use crate::reduce;
use rayon::prelude::*;
use std::iter;

/// Marked rows that are quantised at a time.
const MARKED_AT_ONCE: usize = 8 * TILE;

/// Multiplications that are worth waking another thread for.
const WORTH_A_THREAD: usize = 1 << 21;

/// As many take the time of making a value of a group of columns.
const WORK_OF_PACKING: usize = 32 * LANES;

/// For each row of `among` which of `marked` it is near to.
pub(super) fn mark_within(
    units: &UnitIntegers<'_>,
    marked: &[usize],
    among: &[usize],
    thresholds: Thresholds,
) -> Result<Vec<NearMasks>, Error> {
    if let &[marked] = marked
        && !units.are_read()
    {
        return mark_one(units, marked, among, thresholds);
    }
    let mut marks = vec![NearMasks::default(); among.len()];
    let marked = Marked::new(units, thresholds.possible, marked, among)?;
    marked.meet(among, &mut marks, |marks, products, bits| {
        let found = mark(products, bits, thresholds);
        marks.certain |= found.certain;
        marks.possible |= found.possible;
    })?;
    Ok(marks)
}

/// The same with a single row, of rows in memory: most of the work would be to make the others. A product in f32
/// tells of nearly all of them on which side of both limits the exact one is.
fn mark_one(
    units: &UnitIntegers<'_>,
    marked: usize,
    among: &[usize],
    thresholds: Thresholds,
) -> Result<Vec<NearMasks>, Error> {
    let mut whole = units.scratch(1);
    units.fill(iter::once(marked), 0, &mut whole)?;
    let (whole, unit) = (whole.row(0), &units.unit(marked)?);
    let off = off_in_f32(units.dim());
    let limits = [thresholds.certain, thresholds.possible].map(f64::from);
    let is_told = |product: f64| limits.iter().all(|limit| (product - limit).abs() > off);
    let mut marks = vec![NearMasks::default(); among.len()];
    let tiles = marks.par_chunks_mut(TILE).zip(among.par_chunks(TILE));
    units.stop().over(tiles).try_for_each_init(
        || (units.scratch(1), [0.0; TILE]),
        |(made, products), tile| {
            let (marks, among) = tile?;
            reduce::vectorised!(units.products_in_f32(among, unit, products))?;
            for ((marks, &row), &product) in marks.iter_mut().zip(among).zip(&*products) {
                *marks = if is_told(product) {
                    let [certain, possible] = limits.map(|limit| u32::from(product > limit));
                    NearMasks { certain, possible }
                } else {
                    units.fill(iter::once(row), 0, made)?;
                    mark(&[products::product(whole, made.row(0))], &[0], thresholds)
                };
            }
            Ok(())
        },
    )?;
    Ok(marks)
}

/// For each row of `among` how many of `marked` it is near to for certain.
pub(super) fn count_marked(
    units: &UnitIntegers<'_>,
    marked: &[usize],
    among: &[usize],
    thresholds: Thresholds,
) -> Result<Vec<u32>, Error> {
    let mut counts = vec![0; among.len()];
    // The others are made anew for those marked at a time.
    let at_once = units.read_together().map_or(0, |rows| rows / 2);
    for marked in marked.chunks(at_once.max(MARKED_AT_ONCE)) {
        let marked = Marked::new(units, thresholds.certain, marked, among)?;
        marked.meet(among, &mut counts, |count, products, _| {
            *count += near(products, thresholds.certain);
        })?;
    }
    Ok(counts)
}

/// Rows of which none else may be near to any of `marked`, where a count has told.
pub(super) fn candidates(
    units: &UnitIntegers<'_>,
    marked: &[usize],
    thresholds: Thresholds,
) -> Option<Vec<usize>> {
    let links = units.links(thresholds.possible)?;
    let linked = links.linked_with(&units.blocks(links, marked));
    let blocks = (0..linked.len()).filter(|&block| linked[block]);
    let rows = |block| units.arrangement().rows(links.positions(block));
    Some(blocks.flat_map(rows).collect())
}

/// Marked rows, as columns, that other rows are to meet.
struct Marked<'a> {
    units: &'a UnitIntegers<'a>,
    /// Which of both may be near, where that is known.
    links: Option<&'a Links>,
    groups: Vec<Group>,
}

/// Marked rows that stand together.
struct Group {
    /// Which of the marked they are.
    marked: Vec<usize>,
    blocks: Vec<usize>,
    columns: Columns,
}

impl<'a> Marked<'a> {
    /// Those of `marked` that may have a product above `least` with some of `among`.
    fn new(
        units: &'a UnitIntegers<'_>,
        least: i32,
        marked: &[usize],
        among: &[usize],
    ) -> Result<Self, Error> {
        let links = units.links(least);
        let mut order = units.arrangement().order_of(marked);
        if let Some(links) = links {
            let linked = links.linked_with(&units.blocks(links, among));
            order.retain(|&at| linked[units.block(links, marked[at])]);
        }
        let group = |made: &mut IntegerRows, at: Result<&[usize], Error>| {
            let at = at?;
            let rows: Vec<usize> = at.iter().map(|&at| marked[at]).collect();
            units.fill(rows.iter().copied(), 0, made)?;
            let mut columns = Columns::default();
            columns.pack(made, 0..rows.len());
            Ok(Group {
                marked: at.to_vec(),
                blocks: links.map_or(Vec::new(), |links| units.blocks(links, &rows)),
                columns,
            })
        };
        let groups = (units.stop().over(order.par_chunks(LANES)))
            .with_min_len(WORTH_A_THREAD.div_ceil(WORK_OF_PACKING * units.dim()));
        Ok(Self {
            units,
            links,
            groups: groups
                .map_init(|| units.scratch(LANES), group)
                .collect::<Result<_, Error>>()?,
        })
    }

    /// The groups that a row may be near to.
    fn groups_near(&self, row: usize) -> impl Iterator<Item = &Group> {
        let linked = self
            .links
            .map(|links| (links, self.units.block(links, row)));
        self.groups.iter().filter(move |group| {
            linked.is_none_or(|(links, block)| {
                let mut blocks = group.blocks.iter();
                blocks.any(|&other| links.are_linked(block, other))
            })
        })
    }

    /// Hands each row's products with marked ones, and which these are, to `answer`, for its entry
    /// of `out`: group by group, all that it may be near to.
    fn meet<T: Copy + Send>(
        &self,
        among: &[usize],
        out: &mut [T],
        answer: impl Fn(&mut T, &[i32], &[usize]) + Sync,
    ) -> Result<(), Error> {
        let units = self.units;
        let order = units.arrangement().order_of(among);
        let rows: Vec<usize> = order.iter().map(|&at| among[at]).collect();
        let mut found: Vec<T> = order.iter().map(|&at| out[at]).collect();
        // Where they have to be read, as many as memory holds are made together.
        let at_once = units.read_together().map_or(usize::MAX, |rows| rows / 2);
        for (rows, found) in rows.chunks(at_once).zip(found.chunks_mut(at_once)) {
            let mut made = None;
            if units.read_together().is_some() {
                let rows_made = made.insert(units.scratch(rows.len()));
                units.read(rows.iter().copied(), 0, rows_made)?;
            }
            self.meet_some(self.runs(rows, found), made.as_ref(), &answer)?;
        }
        for (at, found) in order.into_iter().zip(found) {
            out[at] = found;
        }
        Ok(())
    }

    /// The same of some rows as they stand, which may be `made` already.
    fn meet_some<T: Send>(
        &self,
        runs: Vec<Run<'_, T>>,
        made: Option<&IntegerRows>,
        answer: &(impl Fn(&mut T, &[i32], &[usize]) + Sync),
    ) -> Result<(), Error> {
        let units = self.units;
        let work = TILE * LANES * self.groups.len() * units.dim();
        (units.stop().over(runs.into_par_iter()))
            .with_min_len(WORTH_A_THREAD.div_ceil(work.max(1)))
            .try_for_each_init(
                || (units.scratch(TILE), vec![0; TILE * LANES]),
                |(scratch, products_of), run| {
                    let Run { first, rows, found } = run?;
                    let (made, first) = match made {
                        Some(made) => (made, first),
                        None => {
                            units.fill(rows.iter().copied(), 0, scratch)?;
                            (&*scratch, 0)
                        }
                    };
                    let a: Vec<usize> = (first..first + rows.len()).collect();
                    for group in self.groups_near(rows[0]) {
                        units.stop().check()?;
                        products(made, &a, &group.columns, products_of);
                        let products = products_of.chunks_exact(group.marked.len());
                        reduce::vectorised!({
                            for (found, products) in found.iter_mut().zip(products) {
                                answer(found, products, &group.marked);
                            }
                        });
                    }
                    Ok(())
                },
            )
    }

    /// Rows as they stand, some of one block at a time, with their entries of `found`.
    fn runs<'f, T>(&self, rows: &'f [usize], found: &'f mut [T]) -> Vec<Run<'f, T>> {
        let block = |row| self.links.map(|links| self.units.block(links, row));
        let of_block = rows.chunk_by(|&a, &b| block(a) == block(b));
        let (mut first, mut rest) = (0, found);
        of_block
            .flat_map(|rows| rows.chunks(TILE))
            .map(|rows| {
                let (found, others) = std::mem::take(&mut rest).split_at_mut(rows.len());
                let run = Run { first, rows, found };
                (first, rest) = (first + rows.len(), others);
                run
            })
            .collect()
    }
}

/// At most a tile's rows, all of one block.
struct Run<'f, T> {
    /// The place of the first among all that there are.
    first: usize,
    rows: &'f [usize],
    found: &'f mut [T],
}

#[inline(always)]
fn near(products: &[i32], least: i32) -> u32 {
    products.iter().map(|&p| u32::from(p > least)).sum()
}

/// NearMasks of some of the marked rows, by which of them they are.
#[inline(always)]
pub(super) fn mark(products: &[i32], bits: &[usize], thresholds: Thresholds) -> NearMasks {
    let mut marks = NearMasks::default();
    for (&bit, &product) in bits.iter().zip(products) {
        marks.certain |= u32::from(product > thresholds.certain) << bit;
        marks.possible |= u32::from(product > thresholds.possible) << bit;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Stop;
    use crate::cpu::count_within::count_within;
    use crate::features::Features;
    use crate::kernels::neighbours::MARKED;
    use crate::progress::Pass;
    use crate::random;

    /// One mark by products in f32 as by integers: at limits that products lie on, and rows
    /// of zeros and of subnormals.
    #[test]
    fn one_mark_is_exact() {
        let (rows, dim) = (400, 37);
        let numbers = random::exponentials(7, 0, rows * dim);
        let mut x: Vec<f32> = numbers.iter().map(|&x| x as f32 - 0.9).collect();
        x[5 * dim..6 * dim].fill(0.0);
        x[6 * dim..8 * dim].iter_mut().for_each(|x| *x *= 1e-41);
        let (features, stop) = (Features::new(&x, rows, dim).unwrap(), Stop::default());
        let units = UnitIntegers::new(&features, u64::MAX, &stop).unwrap();
        let all: Vec<usize> = (0..rows).collect();
        let mut made = units.scratch(rows);
        units.fill(0..rows, 0, &mut made).unwrap();
        for marked in [0, 5, 6, rows - 1] {
            for other in all.iter().step_by(13) {
                let at = products::product(made.row(marked), made.row(*other));
                for certain in [at - 1, at, at + 1] {
                    let possible = certain - 400_000;
                    let thresholds = Thresholds { certain, possible };
                    let mut want = vec![NearMasks::default(); rows];
                    let columns = Marked::new(&units, i32::MIN, &[marked], &all).unwrap();
                    columns
                        .meet(&all, &mut want, |marks, products, bits| {
                            *marks = mark(products, bits, thresholds);
                        })
                        .unwrap();
                    let got = mark_one(&units, marked, &all, thresholds).unwrap();
                    assert!(got == want);
                }
            }
        }
    }

    /// NearMasks and counts are the same whether or not a count has told before which blocks may be near:
    /// of rows in heaps, of which most blocks are not, and in an order that mixes them.
    #[test]
    fn what_a_count_has_told_changes_no_mark() {
        let (rows, dim, heaps) = (3000, 24, 7);
        let centres = random::exponentials(3, 0, heaps * dim);
        let numbers = random::exponentials(4, 0, rows * dim);
        let centre = |at: usize| &centres[at / dim * 5 % heaps * dim..][..dim];
        let x: Vec<f32> = (0..rows * dim)
            .map(|at| (centre(at)[at % dim] + 0.2 * numbers[at] - 0.9) as f32)
            .collect();
        let (features, stop) = (Features::new(&x, rows, dim).unwrap(), Stop::default());
        let [knows, does_not] =
            [(); 2].map(|()| UnitIntegers::new(&features, u64::MAX, &stop).unwrap());
        let thresholds = Thresholds::of(0.25, dim);
        let counts = count_within(&knows, thresholds.possible, &Pass::unheard()).unwrap();
        let all: Vec<usize> = (0..rows).rev().collect();
        for marked in [
            vec![5],
            vec![1, 9, 2000],
            (100..132).collect(),
            (0..900).collect(),
        ] {
            let candidates = candidates(&knows, &marked, thresholds).unwrap();
            assert!(candidates.len() < rows / 2 || marked.len() > 3);
            let mut is_candidate = vec![false; rows];
            candidates.iter().for_each(|&row| is_candidate[row] = true);
            if marked.len() <= MARKED {
                let want = mark_within(&does_not, &marked, &all, thresholds).unwrap();
                let got = mark_within(&knows, &marked, &all, thresholds).unwrap();
                assert!(got == want);
                for (&row, marks) in all.iter().zip(want) {
                    assert!(marks.possible == 0 || is_candidate[row]);
                }
            }
            let want = count_marked(&does_not, &marked, &all, thresholds).unwrap();
            assert_eq!(
                count_marked(&knows, &marked, &all, thresholds).unwrap(),
                want
            );
            assert!(want.iter().any(|&count| count > 0));
        }
        assert_eq!(
            counts,
            count_marked(
                &does_not,
                &all,
                &all,
                Thresholds {
                    certain: thresholds.possible,
                    ..thresholds
                }
            )
            .unwrap()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
        );
        let wider = Thresholds::of(0.3, dim);
        assert!(candidates(&knows, &[5], wider).is_none());
    }
}

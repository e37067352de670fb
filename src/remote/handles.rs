//! What is open on a worker's pool, by number, and what is asked of it.

use super::asked::{self, count, distinct, expect, of_one_class, places};
use super::message::{
    AboutSimilarities, Ask, OfAssigner, OfGroup, OfNeighbours, OfPool, OfResiduals, OfSimilarities,
    Rounds, sums,
};
use super::wire::Array;
use super::worker::ok;
use crate::error::Error;
use crate::kernels::assigner::{Assigner, CandidateGroup};
use crate::kernels::cover::Cover;
use crate::kernels::neighbours::{MARKED, Neighbours};
use crate::kernels::pool::Pool;
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{self, Similarities};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, Length};
use std::collections::HashMap;

/// Handles of one pool.
pub(super) struct Handles<'p> {
    pool: &'p dyn Pool,
    open: HashMap<u32, Handle<'p>>,
}

enum Handle<'p> {
    Residuals(Box<dyn Residuals + 'p>),
    Similarities(OpenSimilarities<'p>),
    Neighbours(Box<dyn Neighbours + 'p>),
    Assigner(Box<dyn Assigner + 'p>),
}

/// Similarities, and what they are counted on for.
struct OpenSimilarities<'p> {
    inner: Box<dyn Similarities + 'p>,
    ranges: ClassRanges,
    is_linear: bool,
    kept: std::ops::Range<usize>,
}

impl<'p> Handles<'p> {
    pub(super) fn new(pool: &'p dyn Pool) -> Self {
        Self {
            pool,
            open: HashMap::new(),
        }
    }

    /// Whether what is asked is of one of these.
    pub(super) fn has(&self, ask: &Ask<'_>) -> bool {
        let (Ask::Residuals(number, _)
        | Ask::Similarities(number, _)
        | Ask::Neighbours(number, _)
        | Ask::Assigner(number, _)) = ask
        else {
            return false;
        };
        self.open.contains_key(number)
    }

    pub(super) fn close(&mut self, closed: &[u32]) {
        for number in closed {
            self.open.remove(number);
        }
    }

    /// Opens what is asked for.
    pub(super) fn open(&mut self, ask: OfPool<'_>) -> Result<Vec<u8>, Error> {
        let (pool, rows) = (self.pool, self.pool.rows());
        let (number, handle) = match ask {
            OfPool::OpenResiduals(number) => (number, Handle::Residuals(pool.residuals()?)),
            OfPool::OpenNeighbours(number) => (number, Handle::Neighbours(pool.neighbours()?)),
            OfPool::OpenAssigner(number, lengths) => {
                count(&lengths, rows, "lengths")?;
                (number, Handle::Assigner(pool.assigner(lengths.into_vec())?))
            }
            OfPool::OpenSimilarities(number, examples, function) => {
                let views = examples.views as usize;
                expect((1..=rows).contains(&views), "views of an example")?;
                if let Length::Given(length) = examples.length {
                    expect(length >= 0.0 && length.is_finite(), "a length")?;
                }
                let classes = examples
                    .classes
                    .iter()
                    .map(|class| places(class, rows / views));
                let classes: Vec<Vec<usize>> = classes.collect::<Result<_, _>>()?;
                let classes: Vec<&[usize]> = classes.iter().map(Vec::as_slice).collect();
                let examples = similarities::Examples {
                    classes: &classes,
                    views,
                    length: examples.length,
                };
                let function = function.function()?;
                let inner = pool.similarities(examples, &function)?;
                (
                    number,
                    Handle::similarities(inner, examples.ranges(), function.is_linear()),
                )
            }
            OfPool::OpenSimilaritiesOf(number, integers, sizes, function) => {
                let integers = integers.rows(pool.dim())?;
                let ranges = ClassRanges::new(sizes.iter().map(|&size| size as usize));
                expect(ranges.places() == integers.rows(), "classes of all rows")?;
                let function = function.function()?;
                let inner = pool.similarities_of(integers, ranges.clone(), &function)?;
                (
                    number,
                    Handle::similarities(inner, ranges, function.is_linear()),
                )
            }
            _ => return Err(asked::refuse("nothing to be opened found".to_owned())),
        };
        let answer = handle.about()?;
        self.open.insert(number, handle);
        Ok(answer)
    }

    /// Answers what is asked of a handle.
    pub(super) fn answer(&mut self, ask: Ask<'_>) -> Result<Vec<u8>, Error> {
        let (rows, dim) = (self.pool.rows(), self.pool.dim());
        let (Ask::Residuals(number, _)
        | Ask::Similarities(number, _)
        | Ask::Neighbours(number, _)
        | Ask::Assigner(number, _)) = &ask
        else {
            return Err(asked::refuse("a pool found, a handle expected".to_owned()));
        };
        match (self.open.get_mut(number), ask) {
            (Some(Handle::Residuals(open)), Ask::Residuals(_, ask)) => {
                of_residuals(&mut **open, ask, [rows, dim])
            }
            (Some(Handle::Similarities(open)), Ask::Similarities(_, ask)) => open.answer(ask),
            (Some(Handle::Neighbours(open)), Ask::Neighbours(_, ask)) => {
                of_neighbours(&**open, ask, [rows, dim])
            }
            (Some(Handle::Assigner(open)), Ask::Assigner(_, ask)) => {
                of_assigner(&**open, ask, [rows, dim])
            }
            _ => Err(asked::refuse("a handle of another kind found".to_owned())),
        }
    }
}

impl<'p> Handle<'p> {
    fn similarities(
        inner: Box<dyn Similarities + 'p>,
        ranges: ClassRanges,
        is_linear: bool,
    ) -> Self {
        Self::Similarities(OpenSimilarities {
            inner,
            ranges,
            is_linear,
            kept: 0..0,
        })
    }

    /// What is to be known of it once it is open.
    fn about(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Residuals(_) | Self::Assigner(_) => ok(()),
            Self::Neighbours(open) => ok(open.at_once() as u64),
            Self::Similarities(open) => {
                let (mut together, mut class) = (Vec::new(), 0);
                while class < open.ranges.classes() {
                    let run = open.inner.together(class);
                    class = run.end.min(open.ranges.classes()).max(class + 1);
                    together.push((run.start as u32, class as u32));
                }
                ok(AboutSimilarities {
                    columns_at_once: open.inner.columns_at_once() as u64,
                    together,
                })
            }
        }
    }
}

fn of_residuals(
    open: &mut dyn Residuals,
    ask: OfResiduals<'_>,
    [rows, dim]: [usize; 2],
) -> Result<Vec<u8>, Error> {
    match ask {
        OfResiduals::Load(states) => {
            count(&states, rows, "states")?;
            ok(open.load(&states)?)
        }
        OfResiduals::Read => ok(Array::from(open.read()?)),
        OfResiduals::Write(written, states) => {
            count(&states, written.len(), "states")?;
            ok(open.write(&distinct(&written, rows)?, &states)?)
        }
        OfResiduals::DueRows(tau, rate, limit) => {
            let due = open.due_rows(tau, asked::rate(rate)?, (limit as usize).min(rows))?;
            let listed: Vec<u32> = due.rows.iter().map(|&row| row as u32).collect();
            ok((due.count as u64, Array::from(listed)))
        }
        OfResiduals::Deflate(directions, dt, rate) => {
            count(&directions, dt.len() * dim, "values of directions")?;
            ok(sums(open.deflate(&directions, &dt, asked::rate(rate)?)?))
        }
        OfResiduals::DeflateLargest(directions, number, most, rate) => {
            let (number, most) = (number as usize, most as usize);
            count(&directions, number * dim, "values of directions")?;
            let rate = asked::rate(rate)?;
            ok(sums(open.deflate_largest(
                &directions,
                number,
                most,
                rate,
            )?))
        }
        OfResiduals::Refresh(basis, dead, rate) => {
            expect(basis.len().is_multiple_of(dim), "directions")?;
            ok(sums(open.refresh(&basis, dead, asked::rate(rate)?)?))
        }
    }
}

impl OpenSimilarities<'_> {
    fn answer(&mut self, ask: OfSimilarities<'_>) -> Result<Vec<u8>, Error> {
        match ask {
            OfSimilarities::SetCover(..)
            | OfSimilarities::Covered
            | OfSimilarities::Raise(_)
            | OfSimilarities::GainColumns(_)
            | OfSimilarities::GainStored(_)
            | OfSimilarities::CoverRounds(..) => self.of_cover(ask),
            OfSimilarities::Store(..)
            | OfSimilarities::SumStored(_)
            | OfSimilarities::GreedyRounds(..) => self.of_kept(ask),
            ask => self.of_rows(ask),
        }
    }

    fn of_rows(&self, ask: OfSimilarities<'_>) -> Result<Vec<u8>, Error> {
        let all = self.ranges.places();
        match ask {
            OfSimilarities::Rows(rows) => ok(Array::from(
                self.inner.rows(&places(&rows, all)?)?.into_values(),
            )),
            OfSimilarities::Squares => ok(Array::from(self.inner.squares()?)),
            OfSimilarities::Total(class) => {
                expect(self.is_linear, "a linear function")?;
                expect((class as usize) < self.ranges.classes(), "a class")?;
                ok(Array::from(self.inner.total(class as usize)?))
            }
            OfSimilarities::RowSums => {
                let pass = Pass::unheard();
                let sums = self.inner.row_sums(&pass)?;
                ok((Array::from(sums), pass.count()))
            }
            OfSimilarities::SumColumns(columns) => ok(Array::from(
                self.inner.sum_columns(&distinct(&columns, all)?)?,
            )),
            OfSimilarities::Columns(columns) => {
                let columns = of_one_class(&columns, &self.ranges)?;
                ok(Array::from(self.inner.columns(&columns)?))
            }
            _ => ok((self.inner.room(), self.inner.batch())),
        }
    }

    fn of_cover(&mut self, ask: OfSimilarities<'_>) -> Result<Vec<u8>, Error> {
        expect(!self.is_linear, "a function that is not linear")?;
        match ask {
            OfSimilarities::SetCover(best, weights) => {
                count(&best, self.ranges.places(), "covers")?;
                if let Some(weights) = &weights {
                    count(weights, best.len(), "weights")?;
                }
                ok(self.inner.set_cover(Cover {
                    best: &best,
                    weights: weights.as_deref(),
                })?)
            }
            OfSimilarities::Raise(columns) => {
                ok(self.inner.raise(&of_one_class(&columns, &self.ranges)?)?)
            }
            OfSimilarities::GainColumns(columns) => {
                let columns = of_one_class(&columns, &self.ranges)?;
                ok(Array::from(self.inner.gain_columns(&columns)?))
            }
            OfSimilarities::GainStored(columns) => {
                let columns = of_one_class(&columns, &self.ranges)?;
                self.are_kept(&columns)?;
                ok(Array::from(self.inner.gain_stored(&columns)?))
            }
            OfSimilarities::CoverRounds(class, gains, number) => {
                let (class, number) = (class as usize, number as usize);
                expect(self.kept.contains(&class), "a class that is kept")?;
                let mut gains = gains.into_vec();
                let rows = self.ranges.class(class).len();
                count(&gains, rows, "gains")?;
                expect(number <= unmasked(&gains), "no more rounds than rows")?;
                let rounds = self.inner.cover_rounds(class, &mut gains, number)?;
                ok((Array::from(gains), Rounds::from(&rounds[..])))
            }
            _ => ok(Array::from(self.inner.covered()?)),
        }
    }

    fn of_kept(&mut self, ask: OfSimilarities<'_>) -> Result<Vec<u8>, Error> {
        expect(!self.is_linear, "a function that is not linear")?;
        match ask {
            OfSimilarities::Store(first, end) => {
                let classes = first as usize..end as usize;
                let are_some = classes.start <= classes.end && classes.end <= self.ranges.classes();
                expect(are_some, "classes")?;
                let pass = Pass::unheard();
                self.kept = 0..0;
                self.inner.store(classes.clone(), &pass)?;
                self.kept = classes;
                ok(pass.count())
            }
            OfSimilarities::SumStored(columns) => {
                let columns = distinct(&columns, self.ranges.places())?;
                self.are_kept(&columns)?;
                ok(Array::from(self.inner.sum_stored(&columns)?))
            }
            OfSimilarities::GreedyRounds(gains, counts, update) => {
                count(&counts, self.kept.len(), "counts")?;
                let mut gains = gains.into_vec();
                count(&gains, self.ranges.span(self.kept.clone()).len(), "gains")?;
                let first = self.ranges.span(self.kept.clone()).start;
                for (class, &number) in self.kept.clone().zip(counts.iter()) {
                    let rows = self.ranges.class(class);
                    let of_class = &gains[rows.start - first..rows.end - first];
                    expect(
                        number as usize <= unmasked(of_class),
                        "no more rounds than rows",
                    )?;
                }
                let counts: Vec<usize> = counts.iter().map(|&number| number as usize).collect();
                let rounds = self.inner.greedy_rounds(&mut gains, &counts, update)?;
                let rounds: Vec<Rounds<'_>> =
                    rounds.iter().map(|of| Rounds::from(&of[..])).collect();
                ok((Array::from(gains), rounds))
            }
            _ => Err(asked::refuse("nothing that is kept found".to_owned())),
        }
    }

    /// Fails for columns of classes that are not kept.
    fn are_kept(&self, columns: &[usize]) -> Result<(), Error> {
        let kept = self.ranges.span(self.kept.clone());
        expect(
            columns.iter().all(|column| kept.contains(column)),
            "columns that are kept",
        )
    }
}

/// Gains of rows that take part.
fn unmasked(gains: &[i64]) -> usize {
    gains
        .iter()
        .filter(|&&gain| !similarities::is_masked(gain))
        .count()
}

fn of_neighbours(
    open: &dyn Neighbours,
    ask: OfNeighbours<'_>,
    [rows, dim]: [usize; 2],
) -> Result<Vec<u8>, Error> {
    let pass = Pass::unheard();
    match ask {
        OfNeighbours::CountWithin(least) => {
            let counts = open.count_within(least, &pass)?;
            ok((Array::from(counts), pass.count()))
        }
        OfNeighbours::MarkWithin(marked, among, thresholds) => {
            let (marked, among) = (places(&marked, rows)?, places(&among, rows)?);
            expect(marked.len() <= MARKED, "at most 32 rows to mark")?;
            ok(Array::from(open.mark_within(&marked, &among, thresholds)?))
        }
        OfNeighbours::Rows(some) => {
            ok(Array::from(open.rows(&places(&some, rows)?)?.into_values()))
        }
        OfNeighbours::CountVisitors(visitors, least) => {
            let [own, theirs] = open.count_visitors(&visitors.rows(dim)?, least, &pass)?;
            ok((Array::from(own), Array::from(theirs), pass.count()))
        }
        OfNeighbours::MarkVisitors(visitors, among, thresholds) => {
            let (visitors, among) = (visitors.rows(dim)?, places(&among, rows)?);
            expect(visitors.rows() <= MARKED, "at most 32 rows to mark")?;
            ok(Array::from(
                open.mark_visitors(&visitors, &among, thresholds)?,
            ))
        }
        OfNeighbours::NearestVisitors(labels, visitors, theirs) => {
            let visitors = visitors.rows(dim)?;
            count(&labels, rows, "labels")?;
            count(&theirs, visitors.rows(), "labels of visitors")?;
            let [own, of_visitors] = open.nearest_visitors(&labels, &visitors, &theirs, &pass)?;
            ok((Array::from(own), Array::from(of_visitors), pass.count()))
        }
        OfNeighbours::NearestOtherLabel(labels) => {
            count(&labels, rows, "labels")?;
            let found = open.nearest_other_label(&labels, &pass)?;
            ok((Array::from(found), pass.count()))
        }
    }
}

fn of_assigner(
    open: &dyn Assigner,
    ask: OfAssigner<'_>,
    [rows, dim]: [usize; 2],
) -> Result<Vec<u8>, Error> {
    match ask {
        OfAssigner::Assign(vectors, offsets) => {
            expect(!offsets.is_empty(), "a vector")?;
            count(&vectors, offsets.len() * dim, "values of vectors")?;
            ok(Array::from(open.assign(&vectors, &offsets)?))
        }
        OfAssigner::Margins(groups, vectors, offsets) => {
            count(&vectors, offsets.len() * dim, "values of vectors")?;
            let mut of_groups = Vec::new();
            for (rows_of, vectors) in &groups {
                expect(!vectors.is_empty(), "a vector")?;
                distinct(vectors, offsets.len())?;
                of_groups.push((places(rows_of, rows)?, vectors.to_vec()));
            }
            let groups: Vec<CandidateGroup<'_>> = (of_groups.iter())
                .map(|(rows, vectors)| CandidateGroup {
                    rows,
                    vectors: vectors.clone(),
                })
                .collect();
            let found = open.margins(&groups, &vectors, &offsets)?;
            ok(found.map(|found| found.into_iter().map(OfGroup::from).collect::<Vec<_>>()))
        }
    }
}

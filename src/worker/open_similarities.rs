//! Similarities that a worker keeps, and what is asked of them.

use super::asked::{self, FAR, count, cover, distinct, expect, of_one_class, places};
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::cut::{Cut, CutRule, Refine};
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{self, Similarities};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows, Length};
use crate::remote::answer::{AboutSimilarities, Rounds, ok};
use crate::remote::message::{ClassCut, Examples, Function, OfSimilarities};
use crate::remote::wire::Array;
use crate::select::facility_location::bandwidth::nth_distances;
use crate::select::facility_location::strip::rounds;
use crate::select::sas::whole::{Known, picks_of_class};
use std::ops::Range;

/// Similarities, and what they are counted on for.
pub(super) struct OpenSimilarities<'p> {
    inner: Box<dyn Similarities + 'p>,
    ranges: ClassRanges,
    function: KernelFunction,
    is_linear: bool,
    kept: Range<usize>,
    /// Every row's product with itself, and its sum over its class, once they have been needed.
    squares: Option<Vec<i32>>,
    row_sums: Option<Vec<i64>>,
    stop: &'p Stop,
}

impl<'p> OpenSimilarities<'p> {
    /// Those of examples, by where the pool has their rows.
    pub(super) fn of_examples(
        pool: &'p dyn Pool,
        asked: &Examples<'_>,
        function: Function<'_>,
    ) -> Result<Self, Error> {
        let function = function.function()?;
        let (inner, ranges) = of(pool, asked, |examples| {
            Ok((pool.similarities(examples, &function)?, examples.ranges()))
        })?;
        Ok(Self::new(inner, ranges, function, pool.stop()))
    }

    /// Those of integer rows, in classes.
    pub(super) fn of_integers(
        pool: &'p dyn Pool,
        rows: IntegerRows,
        ranges: ClassRanges,
        function: KernelFunction,
    ) -> Result<Self, Error> {
        let inner = pool.similarities_of(rows, ranges.clone(), &function)?;
        Ok(Self::new(inner, ranges, function, pool.stop()))
    }

    fn new(
        inner: Box<dyn Similarities + 'p>,
        ranges: ClassRanges,
        function: KernelFunction,
        stop: &'p Stop,
    ) -> Self {
        Self {
            inner,
            ranges,
            is_linear: function.is_linear(),
            function,
            kept: 0..0,
            squares: None,
            row_sums: None,
            stop,
        }
    }

    /// What is to be known of them once they are open.
    pub(super) fn about(&self) -> AboutSimilarities {
        let (mut together, mut class) = (Vec::new(), 0);
        while class < self.ranges.classes() {
            let run = self.inner.together(class);
            class = run.end.min(self.ranges.classes()).max(class + 1);
            together.push((run.start as u32, class as u32));
        }
        AboutSimilarities {
            columns_at_once: self.inner.columns_at_once() as u64,
            room: self.inner.room(),
            batch: self.inner.batch(),
            together,
        }
    }

    pub(super) fn answer(&mut self, ask: OfSimilarities<'_>) -> Result<Vec<u8>, Error> {
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
            OfSimilarities::Cuts(cuts, rule) => self.cuts(cuts, &rule),
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
            OfSimilarities::NthDistances(rows, nth) => {
                expect(self.is_linear, "a linear function")?;
                expect(self.ranges.classes() == 1, "one class")?;
                let (rows, nth) = (distinct(&rows, all)?, nth as usize);
                expect(nth + 1 < all, "fewer rows than there are others")?;
                let found = nth_distances(&*self.inner, all, (&rows, nth), self.stop)?;
                ok(Array::from(found))
            }
            _ => Err(asked::refuse("nothing of rows found".to_owned())),
        }
    }

    fn of_cover(&mut self, ask: OfSimilarities<'_>) -> Result<Vec<u8>, Error> {
        expect(!self.is_linear, "a function that is not linear")?;
        match ask {
            OfSimilarities::SetCover(best, weights) => {
                let cover = cover(&best, weights.as_deref(), self.ranges.places())?;
                ok(self.inner.set_cover(cover)?)
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
                let is_kept = self.kept.contains(&class);
                let is_only = class == 0 && self.ranges.classes() == 1;
                expect(is_kept || is_only, "a class that is kept, or the only one")?;
                let mut gains = gains.into_vec();
                let rows = self.ranges.class(class).len();
                count(&gains, rows, "gains")?;
                expect(number <= unmasked(&gains), "no more rounds than rows")?;
                let rounds = match is_kept {
                    true => self.inner.cover_rounds(class, &mut gains, number)?,
                    false => rounds(&mut *self.inner, &mut gains, number)?,
                };
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

    /// The picks of whole classes, after which nothing is kept.
    fn cuts(&mut self, cuts: Vec<ClassCut<'_>>, rule: &CutRule) -> Result<Vec<u8>, Error> {
        expect(rule.block > 0 && rule.stage <= FAR >> 32, "a rule of picks")?;
        self.kept = 0..0;
        let cuts: Vec<Cut> = (cuts.into_iter())
            .map(|cut| self.cut(cut, rule))
            .collect::<Result<_, _>>()?;
        self.know(cuts.iter().all(|cut| cut.is_kept))?;
        let known = Known {
            ranges: &self.ranges,
            function: &self.function,
            squares: self.squares.as_deref().unwrap_or_default(),
            row_sums: self.row_sums.as_deref().unwrap_or_default(),
            stop: self.stop,
        };
        let mut found = Vec::new();
        for cut in &cuts {
            let picks = picks_of_class(&mut *self.inner, &known, cut, rule)?;
            found.push((Rounds::from(&picks.rounds[..]), picks.value));
        }
        ok(found)
    }

    /// Finds what picks of classes need, once for all of them.
    fn know(&mut self, are_all_kept: bool) -> Result<(), Error> {
        if self.squares.is_none() {
            self.squares = Some(self.inner.squares()?);
        }
        if !are_all_kept && self.row_sums.is_none() {
            self.row_sums = Some(self.inner.row_sums(&Pass::unheard())?);
        }
        Ok(())
    }

    /// A class of which picks are asked for.
    fn cut(&self, asked: ClassCut<'_>, rule: &CutRule) -> Result<Cut, Error> {
        let class = asked.class as usize;
        expect(class < self.ranges.classes(), "a class")?;
        expect(
            !asked.is_kept || !self.is_linear,
            "a function that is not linear",
        )?;
        let rows = self.ranges.class(class);
        let labelled = distinct(&asked.labelled, rows.end)?;
        let are_its = labelled.iter().all(|place| rows.contains(place));
        expect(are_its, "labelled rows of the class")?;
        let budget = asked.budget as usize;
        expect(
            budget <= rows.len() - labelled.len(),
            "no more picks than rows",
        )?;
        let is_at_random = rule.refine == Refine::RandomDoubleGreedy;
        let numbered = if is_at_random { rows.len() } else { 0 };
        count(&asked.numbers, numbered, "numbers of rows")?;
        expect(
            asked.numbers.iter().all(|&number| number <= FAR),
            "numbers of rows",
        )?;
        Ok(Cut {
            class,
            budget,
            is_kept: asked.is_kept,
            labelled,
            numbers: asked
                .numbers
                .iter()
                .map(|&number| number as usize)
                .collect(),
        })
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

/// The integers of examples.
pub(super) fn integer_rows(pool: &dyn Pool, asked: &Examples<'_>) -> Result<Vec<u8>, Error> {
    let rows = of(pool, asked, |examples| pool.integer_rows(examples))?;
    ok(Array::from(rows.into_values()))
}

/// What `make` makes of examples, by where the pool has their rows.
fn of<T>(
    pool: &dyn Pool,
    asked: &Examples<'_>,
    make: impl FnOnce(similarities::Examples<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let (rows, views) = (pool.rows(), asked.views as usize);
    expect((1..=rows).contains(&views), "views of an example")?;
    if let Length::Given(length) = asked.length {
        expect(length >= 0.0 && length.is_finite(), "a length")?;
    }
    let classes = asked.classes.iter();
    let classes = classes.map(|class| places(class, rows / views));
    let classes: Vec<Vec<usize>> = classes.collect::<Result<_, _>>()?;
    let classes: Vec<&[usize]> = classes.iter().map(Vec::as_slice).collect();
    make(similarities::Examples {
        classes: &classes,
        views,
        length: asked.length,
    })
}

/// Gains of rows that take part.
fn unmasked(gains: &[i64]) -> usize {
    gains
        .iter()
        .filter(|&&gain| !similarities::is_masked(gain))
        .count()
}

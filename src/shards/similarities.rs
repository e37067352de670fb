//! Similarities within classes that may have rows of several shards: every class goes to one.

use super::parts::{Parts, lock, share_classes, side_by_side};
use super::quantise::{Local, abroad, of_all};
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::cut::{Cut, CutRule};
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{
    CutHeard, CutPicks, Examples, Round, Similarities, Update, stored_bytes,
};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows, NEED};
use std::ops::Range;
use std::sync::Mutex;

/// Consecutive classes that one shard works on.
struct Group<'a> {
    classes: Range<usize>,
    places: Range<usize>,
    /// Asked by one thread at a time.
    inner: Mutex<Box<dyn Similarities + 'a>>,
}

pub(super) struct ShardSimilarities<'a> {
    ranges: ClassRanges,
    pitch: usize,
    groups: Vec<Group<'a>>,
    kept: Range<usize>,
}

impl<'a> ShardSimilarities<'a> {
    /// Each shard makes integers of its rows; those of a class then meet on one.
    pub(super) fn new(
        shards: &'a Parts<'_>,
        examples: Examples<'_>,
        function: &KernelFunction,
    ) -> Result<Self, Error> {
        let ranges = examples.ranges();
        Self::grouped(shards, &ranges, |pool, shard, classes| {
            let of_group = &examples.classes[classes];
            let local = Local::new(&shards.cuts, shard, examples.views);
            let by_index: Option<Vec<Vec<usize>>> = (of_group.iter())
                .map(|class| class.iter().map(|&example| local.of(example)).collect())
                .collect();
            let Some(by_index) = by_index else {
                return abroad(shards, pool, (of_group, examples), function);
            };
            let classes: Vec<&[usize]> = by_index.iter().map(Vec::as_slice).collect();
            let of_shard = Examples {
                classes: &classes,
                ..examples
            };
            let made = pool.similarities(of_shard, function);
            made.map_err(|error| of_all(error, shards.cuts.rows(shard).start))
        })
    }

    /// Of integer rows.
    pub(super) fn of(
        shards: &'a Parts<'_>,
        rows: &IntegerRows,
        ranges: &ClassRanges,
        function: &KernelFunction,
    ) -> Result<Self, Error> {
        Self::grouped(shards, ranges, |pool, _, classes| {
            let places: Vec<usize> = ranges.span(classes.clone()).collect();
            let sizes = classes.map(|class| ranges.class(class).len());
            pool.similarities_of(rows.some(&places), ClassRanges::new(sizes), function)
        })
    }

    fn grouped(
        shards: &'a Parts<'_>,
        ranges: &ClassRanges,
        make: impl Fn(&'a dyn Pool, usize, Range<usize>) -> Result<Box<dyn Similarities + 'a>, Error>
        + Sync,
    ) -> Result<Self, Error> {
        let (mut made, mut zero_row) = (Vec::new(), None::<usize>);
        let groups = share_classes(ranges, shards.pools.len());
        let mut groups: Vec<_> = groups.into_iter().enumerate().collect();
        groups.retain(|(_, classes)| !classes.is_empty());
        // Two at a time: each may have rows of others on their way, and the driver's memory is not for all of them.
        for some in groups.chunks(2) {
            let opened = side_by_side(some.to_vec(), |(shard, classes)| {
                let inner = match make(&shards.pools[shard], shard, classes.clone()) {
                    Err(Error::ZeroRow { row, .. }) => return Ok(Err(row)),
                    made => Mutex::new(made?),
                };
                let places = ranges.span(classes.clone());
                Ok(Ok(Group {
                    classes,
                    places,
                    inner,
                }))
            });
            for group in opened? {
                match group {
                    Ok(group) => made.push(group),
                    Err(row) => zero_row = zero_row.into_iter().chain([row]).min(),
                }
            }
        }
        if let Some(row) = zero_row {
            return Err(Error::ZeroRow { row, need: NEED });
        }
        Ok(Self {
            ranges: ranges.clone(),
            pitch: IntegerRows::pitch_of(shards.dim()),
            groups: made,
            kept: 0..0,
        })
    }

    /// The place of the group of a class.
    fn group_of(&self, class: usize) -> usize {
        let groups = &self.groups;
        groups.partition_point(|group| group.classes.end <= class)
    }

    /// The group of the only class.
    fn only(&self) -> Option<&Group<'a>> {
        (self.ranges.classes() == 1).then(|| self.of_class(0))
    }

    /// The group of a class.
    fn of_class(&self, class: usize) -> &Group<'a> {
        &self.groups[self.group_of(class)]
    }

    /// What is asked of some columns, one at least, by the shard that has their class, as it has them.
    fn of_columns<T>(
        &mut self,
        columns: &[usize],
        ask: impl FnOnce(&mut dyn Similarities, &[usize]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let group = self.of_class(self.ranges.class_of(columns[0]));
        let own = group.own(columns);
        ask(&mut **lock(&group.inner), &own)
    }

    /// What the groups say, side by side.
    fn concat<T: Clone + Send>(
        &self,
        of_group: impl Fn(&Group<'a>) -> Result<Vec<T>, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let groups = self.groups.iter().collect();
        Ok(side_by_side(groups, of_group)?.concat())
    }
}

impl Group<'_> {
    /// Those of some places that are the group's, as it has them.
    fn own(&self, places: &[usize]) -> Vec<usize> {
        let own = places.iter().filter(|place| self.places.contains(place));
        own.map(|place| place - self.places.start).collect()
    }

    /// Those of some classes that are the group's, by their own numbers.
    fn part(&self, classes: &Range<usize>) -> Range<usize> {
        let first = classes.start.max(self.classes.start);
        let end = classes.end.min(self.classes.end).max(first);
        if first == end {
            return 0..0;
        }
        first - self.classes.start..end - self.classes.start
    }
}

impl Similarities for ShardSimilarities<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let mut values = vec![0; places.len() * self.pitch];
        for group in &self.groups {
            let at = (0..places.len()).filter(|&at| group.places.contains(&places[at]));
            let own = group.own(places);
            if own.is_empty() {
                continue;
            }
            let found = lock(&group.inner).rows(&own)?;
            for (row, at) in at.enumerate() {
                values[at * self.pitch..][..self.pitch].copy_from_slice(found.row(row));
            }
        }
        Ok(IntegerRows::of(values, self.pitch))
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        self.concat(|group| lock(&group.inner).squares())
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        let group = self.of_class(class);
        lock(&group.inner).total(class - group.classes.start)
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        self.concat(|group| lock(&group.inner).row_sums(pass))
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.concat(|group| lock(&group.inner).sum_columns(&group.own(columns)))
    }

    fn columns(&self, columns: &[usize]) -> Result<Vec<i32>, Error> {
        let mut all = vec![0; self.ranges.places() * columns.len()];
        if let Some(&first) = columns.first() {
            let group = self.of_class(self.ranges.class_of(first));
            let found = lock(&group.inner).columns(&group.own(columns))?;
            all[group.places.start * columns.len()..][..found.len()].copy_from_slice(&found);
        }
        Ok(all)
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        let groups = self.groups.iter().collect();
        side_by_side(groups, |group: &Group<'_>| {
            lock(&group.inner).set_cover(cover.part(group.places.clone()))
        })?;
        Ok(())
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        self.concat(|group| lock(&group.inner).covered())
    }

    fn raise(&mut self, columns: &[usize]) -> Result<(), Error> {
        if columns.is_empty() {
            return Ok(());
        }
        self.of_columns(columns, |inner, own| inner.raise(own))
    }

    fn gain_columns(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        self.of_columns(columns, |inner, own| inner.gain_columns(own))
    }

    fn columns_at_once(&self) -> usize {
        let groups = self.groups.iter();
        let at_once = groups.map(|group| lock(&group.inner).columns_at_once());
        at_once.min().unwrap_or(1)
    }

    /// All classes, where every shard has the rows of all of its own: then shards work side by side.
    fn together(&self, class: usize) -> Range<usize> {
        let has_all = |group: &Group<'_>| {
            let own = lock(&group.inner).together(0);
            own.start == 0 && own.end >= group.classes.len()
        };
        if self.groups.iter().all(has_all) {
            return 0..self.ranges.classes();
        }
        let group = self.of_class(class);
        let first = group.classes.start;
        let own = lock(&group.inner).together(class - first);
        own.start + first..own.end.saturating_add(first).min(group.classes.end)
    }

    /// The least of the shards', which all classes may come to.
    fn room(&self) -> u64 {
        let rooms = self.groups.iter().map(|group| lock(&group.inner).room());
        rooms.min().unwrap_or(0)
    }

    /// What all classes take, where every shard can keep all of its own: then shards work side by side.
    fn batch(&self) -> u64 {
        let bytes = |class| stored_bytes(self.ranges.class(class).len());
        let of_group = |group: &Group<'_>| group.classes.clone().map(bytes).sum::<u64>();
        let fits = |group: &Group<'_>| of_group(group) <= lock(&group.inner).room();
        if self.groups.len() > 1 && self.groups.iter().all(fits) {
            return self.groups.iter().map(of_group).sum();
        }
        let batches = self.groups.iter().map(|group| lock(&group.inner).batch());
        batches.min().unwrap_or(0)
    }

    fn store(&mut self, classes: Range<usize>, pass: &Pass<'_>) -> Result<(), Error> {
        self.kept = classes.clone();
        let groups = self.groups.iter().collect();
        side_by_side(groups, |group: &Group<'_>| {
            let part = group.part(&classes);
            lock(&group.inner).store(part, pass)
        })?;
        Ok(())
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.concat(|group| {
            if group.part(&self.kept).is_empty() {
                return Ok(Vec::new());
            }
            lock(&group.inner).sum_stored(&group.own(columns))
        })
    }

    fn gain_stored(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        self.of_columns(columns, |inner, own| inner.gain_stored(own))
    }

    fn picks_by_itself(&self) -> bool {
        let mut groups = self.groups.iter();
        groups.all(|group| lock(&group.inner).picks_by_itself())
    }

    fn nth_distances(&self, rows: &[usize], nth: usize) -> Result<Option<Vec<u32>>, Error> {
        match self.only() {
            Some(group) => lock(&group.inner).nth_distances(rows, nth),
            None => Ok(None),
        }
    }

    fn cover_rounds(
        &mut self,
        class: usize,
        gains: &mut [i64],
        count: usize,
    ) -> Result<Vec<Round>, Error> {
        let at = self.group_of(class);
        let group = &mut self.groups[at];
        let own = class - group.classes.start;
        let mut rounds = lock(&group.inner).cover_rounds(own, gains, count)?;
        for round in &mut rounds {
            round.row += group.places.start;
        }
        Ok(rounds)
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        update: Update,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let (mut gains, mut counts, mut asked) = (gains, counts, Vec::new());
        for group in &mut self.groups {
            let part = group.part(&self.kept);
            if part.is_empty() {
                continue;
            }
            let first = group.classes.start;
            let rows = self.ranges.span(first + part.start..first + part.end).len();
            let (of_group, here);
            (of_group, gains) = gains.split_at_mut(rows);
            (here, counts) = counts.split_at(part.len());
            asked.push((group, of_group, here));
        }
        let rounds = side_by_side(asked, |(group, gains, counts)| {
            let mut rounds = lock(&group.inner).greedy_rounds(gains, counts, update)?;
            for round in rounds.iter_mut().flatten() {
                round.row += group.places.start;
            }
            Ok(rounds)
        })?;
        Ok(rounds.concat())
    }

    fn cuts(&mut self, cuts: &[Cut], rule: &CutRule, told: &CutHeard<'_>) -> Result<(), Error> {
        let groups = self.groups.iter().collect();
        side_by_side(groups, |group: &Group<'_>| {
            let (first, begins) = (group.classes.start, group.places.start);
            let here = cuts.iter().filter(|cut| group.classes.contains(&cut.class));
            let own = here.map(|cut| Cut {
                class: cut.class - first,
                labelled: cut.labelled.iter().map(|place| place - begins).collect(),
                ..cut.clone()
            });
            let heard = |class: usize, mut picks: CutPicks| {
                for round in &mut picks.rounds {
                    round.row += begins;
                }
                told(first + class, picks)
            };
            lock(&group.inner).cuts(&own.collect::<Vec<_>>(), rule, &heard)
        })?;
        Ok(())
    }
}

//! Integer rows in classes, and their similarities by the oracle.

#[cfg(feature = "gpu")]
use crate::common::devices;
use crate::common::{fractions, on_every_device, oracle};
use coresift::kernels::{
    ClassRanges, Cover, Examples, IntegerRows, KernelFunction, Length, MASK, Pass, Similarities,
    Update, is_masked, stored_bytes,
};
use coresift::{CpuPool, Features, Pool};
use std::ops::Range;

/// Greedy rounds of a cover: a software adapter takes a millisecond or more for each.
const MOST_ROUNDS: usize = 20;

/// Integer rows in classes, and all that the oracle says of them.
pub(super) struct Integers {
    pub(super) rows: IntegerRows,
    pub(super) ranges: ClassRanges,
    pub(super) function: KernelFunction,
    pub(super) similarities: Vec<Vec<i64>>,
    pub(super) place: String,
}

impl Integers {
    /// Rows of random directions that keep near their class's own, and near the greatest length.
    pub(super) fn random(
        seed: u32,
        dim: usize,
        classes: &[usize],
        function: KernelFunction,
    ) -> Self {
        let ranges = ClassRanges::new(classes.iter().copied());
        let count = ranges.places();
        let mut rows = IntegerRows::zeros(dim, count);
        let x = fractions(seed, (count + classes.len()) * dim);
        let (own, centres) = x.split_at(count * dim);
        let most = 32_767.0 / (dim as f32).sqrt();
        let pitch = rows.pitch();
        for class in 0..classes.len() {
            let centre = &centres[class * dim..][..dim];
            for row in ranges.class(class) {
                let values = rows.values_mut()[row * pitch..][..dim].iter_mut();
                for ((value, own), centre) in values.zip(&own[row * dim..]).zip(centre) {
                    *value = (most * (0.4 * own + 0.6 * centre)) as i16;
                }
            }
        }
        Self::new(rows, ranges, function)
    }

    pub(super) fn new(rows: IntegerRows, ranges: ClassRanges, function: KernelFunction) -> Self {
        let wide = |row: usize| rows.row(row).iter().map(|&v| i64::from(v)).collect();
        let wide: Vec<Vec<i64>> = (0..rows.rows()).map(wide).collect();
        let ends = (0..ranges.classes()).map(|class| ranges.class(class).end);
        let ends: Vec<usize> = ends.collect();
        let name = match &function {
            KernelFunction::Rbf(rbf) => format!("rbf of shift {}", rbf.table().0),
            other => format!("{other:?}"),
        };
        let place = format!("ends {ends:?} pitch {} {name}", rows.pitch());
        Self {
            similarities: oracle::similarities(&wide, &ends, &function),
            rows,
            ranges,
            function,
            place,
        }
    }

    /// On every device, and on one whose bindings hold 64 rows of 16 values, or a panel of
    /// 32 x 32 similarities, of which there are five.
    pub(super) fn on_every_device(&self, check: impl Fn(&str, &mut dyn Similarities)) {
        // Features that come to these very integers: exact in f32.
        let mut x: Vec<f32> = self
            .rows
            .values()
            .iter()
            .map(|&v| f32::from(v) / 32_768.0)
            .collect();
        x.resize(x.len().max(self.rows.pitch()), 0.0); // a pool has at least one row
        let features = Features::new(&x, x.len() / self.rows.pitch(), self.rows.pitch()).unwrap();
        let order: Vec<usize> = (0..self.rows.rows()).collect();
        let classes = (0..self.ranges.classes()).map(|class| &order[self.ranges.class(class)]);
        let classes: Vec<&[usize]> = classes.collect();
        let check = |place: &str, pool: &dyn Pool| {
            let examples = Examples {
                classes: &classes,
                views: 1,
                length: Length::Given(f64::from(pool.scale())),
            };
            let mut similarities = pool.similarities(examples, &self.function).unwrap();
            check(&format!("{place} {}", self.place), &mut *similarities);
        };
        on_every_device(features.clone(), check);
        for bytes in [0, 20_000] {
            let limited = CpuPool::new(features.clone()).with_memory_limit(bytes);
            check("limited", &limited);
        }
        #[cfg(feature = "gpu")]
        if self.rows.rows() <= 256 && self.rows.pitch() <= 64 {
            check("cut", &devices::cut().pool(features).unwrap());
        }
    }

    fn sums(&self, rows: Range<usize>, columns: &[usize]) -> Vec<i64> {
        rows.map(|i| columns.iter().map(|&j| self.similarities[i][j]).sum())
            .collect()
    }

    /// Nothing, one row, the last, every third backwards, all.
    fn lists(&self, rows: Range<usize>) -> Vec<Vec<usize>> {
        let mut lists = vec![Vec::new()];
        if !rows.is_empty() {
            lists.push(vec![rows.start + rows.len() / 2]);
            lists.push(vec![rows.end - 1]);
            lists.push(rows.clone().rev().step_by(3).collect());
            lists.push(rows.collect());
        }
        lists
    }

    /// Columns of each class that has any, what some cover of all rows gains by them, and how far they raise it.
    fn check_cover(&self, place: &str, similarities: &mut dyn Similarities, classes: Range<usize>) {
        let rows = self.rows.rows();
        let (best, heavy) = some_cover(rows);
        for class in classes {
            for (at, columns) in self.lists(self.ranges.class(class)).into_iter().enumerate() {
                let all = similarities.columns(&columns).unwrap();
                let row = |i: usize| columns.iter().map(move |&j| self.similarities[i][j] as i32);
                let want: Vec<i32> = (0..rows).flat_map(row).collect();
                assert!(all == want, "{place} {columns:?}");
                if self.function.is_linear() {
                    continue;
                }
                let cover = Cover {
                    best: &best,
                    weights: ((class + at) % 2 == 0).then_some(&heavy),
                };
                similarities.set_cover(cover).unwrap();
                self.check_gains(
                    &format!("{place} {columns:?}"),
                    similarities,
                    &columns,
                    cover,
                );
            }
        }
    }

    /// Gains of some columns by a cover that has been set, and how far they raise it: the last of them first, of which
    /// more is then there than is asked for.
    fn check_gains(
        &self,
        place: &str,
        similarities: &mut dyn Similarities,
        columns: &[usize],
        cover: Cover<'_>,
    ) {
        let ones = vec![1; self.rows.rows()];
        let weights = cover.weights.unwrap_or(&ones);
        let gain = |&j: &usize| oracle::cover_gain(&self.similarities[j], cover.best, weights);
        let want: Vec<i64> = columns.iter().map(gain).collect();
        let got = [
            similarities.gain_columns(columns).unwrap(),
            similarities.gain_stored(columns).unwrap(),
        ];
        assert_eq!(got, [want.clone(), want], "{place}");
        let mut best = cover.best.to_vec();
        for columns in [&columns[columns.len().saturating_sub(1)..], columns] {
            similarities.raise(columns).unwrap();
            for &column in columns {
                oracle::raise(&mut best, &self.similarities[column]);
            }
            assert!(similarities.covered().unwrap() == best, "{place}");
        }
        let gain = |&j: &usize| oracle::cover_gain(&self.similarities[j], &best, weights);
        let want: Vec<i64> = columns.iter().map(gain).collect();
        assert_eq!(similarities.gain_columns(columns).unwrap(), want, "{place}");
    }

    /// Greedy rounds of a cover in each of these classes, which are kept, by bounds that say nothing: of nothing, and
    /// of one that leaves little to gain, with weights.
    fn check_cover_rounds(
        &self,
        place: &str,
        similarities: &mut dyn Similarities,
        classes: Range<usize>,
    ) {
        let rows = self.rows.rows();
        let (some, heavy) = some_cover(rows);
        for class in classes {
            let is_first = class % 2 == 0;
            let (best, weights) = match is_first {
                true => (vec![0; rows], vec![1; rows]),
                false => (some.clone(), heavy.clone()),
            };
            let cover = Cover {
                best: &best,
                weights: (!is_first).then_some(&weights),
            };
            similarities.set_cover(cover).unwrap();
            let place = format!("{place} class {class}");
            self.check_rounds_of_cover(&place, similarities, class, (best, &weights));
        }
    }

    /// Those of one class by a cover that has been set, every fifth row masked.
    fn check_rounds_of_cover(
        &self,
        place: &str,
        similarities: &mut dyn Similarities,
        class: usize,
        (mut best, weights): (Vec<u16>, &[u16]),
    ) {
        let rows = self.ranges.class(class);
        let is_open = |row: &usize| row % 5 != 4;
        let open: Vec<usize> = rows.clone().filter(is_open).collect();
        let bound = |row| if is_open(&row) { 1 << 40 } else { MASK + 7 };
        let mut gains: Vec<i64> = rows.clone().map(bound).collect();
        let count = open.len().min(MOST_ROUNDS);
        let want = oracle::cover_rounds(&self.similarities, &open, (&mut best, weights), count);
        // In two goes: the second begins with what the first has left.
        let mut got = Vec::new();
        for count in [count / 2, count - count / 2] {
            let rounds = similarities.cover_rounds(class, &mut gains, count);
            let rounds = rounds.unwrap();
            got.extend(rounds.iter().map(|round| (round.row, round.gain)));
        }
        assert!(got == want, "{place}: {got:?}, {want:?}");
        assert!(similarities.covered().unwrap() == best, "{place}");
        for (row, gain) in rows.zip(gains) {
            let is_out = !is_open(&row) || want.iter().any(|&(pick, _)| pick == row);
            assert_eq!(is_masked(gain), is_out, "{place} row {row}");
            let least = oracle::cover_gain(&self.similarities[row], &best, weights);
            assert!(is_out || gain >= least, "{place} row {row}");
        }
    }

    fn rows_of(&self, classes: &Range<usize>) -> Range<usize> {
        self.ranges.span(classes.clone())
    }

    fn pairs(&self, classes: Range<usize>) -> u64 {
        let of_class = |class| (self.ranges.class(class).len() as u64).pow(2);
        classes.map(of_class).sum()
    }

    /// The rows themselves, and what they add up to.
    fn check_rows(&self, place: &str, similarities: &dyn Similarities) {
        for places in self.lists(0..self.rows.rows()) {
            let got = similarities.rows(&places).unwrap();
            assert!(got == self.rows.some(&places), "{place} {places:?}");
        }
        let wide = |row: usize| self.rows.row(row).iter().map(|&v| i64::from(v));
        let square = |row: usize| wide(row).map(|v| v * v).sum::<i64>() as i32;
        let squares: Vec<i32> = (0..self.rows.rows()).map(square).collect();
        assert_eq!(similarities.squares().unwrap(), squares, "{place}");
        for class in (0..self.ranges.classes()).filter(|_| self.function.is_linear()) {
            let mut want = vec![0; self.rows.pitch()];
            for row in self.ranges.class(class) {
                want.iter_mut()
                    .zip(wide(row))
                    .for_each(|(sum, v)| *sum += v);
            }
            assert_eq!(similarities.total(class).unwrap(), want, "{place}");
        }
    }

    pub(super) fn check_sums(&self) {
        let all = 0..self.rows.rows();
        let every: Vec<usize> = all.clone().collect();
        self.on_every_device(|place, similarities| {
            let want = self.sums(all.clone(), &every);
            let pass = Pass::unheard();
            assert_eq!(similarities.row_sums(&pass).unwrap(), want, "{place}");
            if !self.function.is_linear() {
                assert_eq!(
                    pass.count(),
                    self.pairs(0..self.ranges.classes()),
                    "{place}"
                );
            }
            self.check_rows(place, similarities);
            self.check_cover(place, similarities, 0..self.ranges.classes());
            for columns in self.lists(all.clone()) {
                let got = similarities.sum_columns(&columns).unwrap();
                assert_eq!(got, self.sums(all.clone(), &columns), "{place} {columns:?}");
            }
        });
    }

    /// What is kept of these classes, its sums, and rounds with it.
    pub(super) fn check_kept(&self, classes: &Range<usize>) {
        let rows = self.rows_of(classes);
        self.on_every_device(|place, similarities| {
            let bytes = |class| stored_bytes(self.ranges.class(class).len());
            let needed: u64 = classes.clone().map(bytes).sum();
            if needed > similarities.room() {
                assert!(
                    similarities
                        .store(classes.clone(), &Pass::unheard())
                        .is_err(),
                    "{place}"
                );
                return;
            }
            let pass = Pass::unheard();
            similarities.store(classes.clone(), &pass).unwrap();
            assert_eq!(pass.count(), self.pairs(classes.clone()), "{place}");
            // Every column by itself, which is every similarity.
            let columns = rows.clone().map(|column| vec![column]);
            for columns in columns.chain(self.lists(rows.clone())) {
                let got = similarities.sum_stored(&columns).unwrap();
                assert_eq!(
                    got,
                    self.sums(rows.clone(), &columns),
                    "{place} {columns:?}"
                );
            }
            self.check_cover(place, similarities, classes.clone());
            self.check_cover_rounds(place, similarities, classes.clone());
            for step in [-2, 2, (1 << 33) + 0x8000_ffff] {
                self.check_rounds(place, similarities, classes, step);
            }
        });
    }

    fn check_rounds(
        &self,
        place: &str,
        similarities: &mut dyn Similarities,
        classes: &Range<usize>,
        step: i64,
    ) {
        let rows = self.rows_of(classes);
        // Of either sign and past 32 bits; many ties; every fifth row masked.
        let gain = |row: usize| match row % 5 {
            4 => MASK + row as i64,
            r => (r as i64 - 1) * (1 << 33) + (row % 3) as i64,
        };
        let mut want_gains: Vec<i64> = (0..self.rows.rows()).map(gain).collect();
        let mut gains = want_gains[rows.clone()].to_vec();
        let counts: Vec<usize> = classes
            .clone()
            .map(|class| self.ranges.class(class).filter(|row| row % 5 != 4).count())
            .enumerate()
            .map(|(k, free)| if k % 3 == 2 { free / 2 } else { free })
            .collect();
        let want: Vec<Vec<(usize, i64)>> = (classes.clone().zip(&counts))
            .map(|(class, &count)| {
                let rows = self.ranges.class(class);
                oracle::greedy_rounds(&self.similarities, rows, &mut want_gains, count, step)
            })
            .collect();
        let got = similarities
            .greedy_rounds(&mut gains, &counts, Update::Cut { step })
            .unwrap();
        let got: Vec<Vec<(usize, i64)>> = got
            .iter()
            .map(|of_class| {
                of_class
                    .iter()
                    .map(|round| (round.row, round.gain))
                    .collect()
            })
            .collect();
        assert!(got == want, "{place} step {step}: {got:?}, {want:?}");
        assert!(gains == want_gains[rows], "{place} step {step}");
    }
}

/// A cover of rows that leaves some of them little to gain, and weights of all sizes.
fn some_cover(rows: usize) -> (Vec<u16>, Vec<u16>) {
    let best = (0..rows).map(|row| (row * 9973 % 60_000) as u16);
    let weights = (0..rows).map(|row| [65_535, 0, 1][row % 3]);
    (best.collect(), weights.collect())
}

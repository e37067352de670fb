//! Exact similarities of rows in integers, within classes: the trait Similarities.
//!
//! Products of integer rows are exact in any order, so every device gives the same bits, and here,
//! alone among the kernels, a device may pick: comparing integers is no matter of rounding.

use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::cut::{Cut, CutRule};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows, Length};
use std::ops::Range;

/// What becomes integers for [`Similarities`], and how.
///
/// An example is the mean of `views` rows of the pool that stand together, each over its length: example
/// e of the rows from e · `views` on. It is not divided again, so that a product of two is the expected
/// similarity of their views. Its values are then times 2¹⁵, rounded half to even, in f64: every device
/// makes the same integers.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    /// The examples of each class. They are given places in this order, class after class.
    pub classes: &'a [&'a [usize]],
    /// Rows that an example has.
    pub views: usize,
    /// What a row is divided by.
    pub length: Length,
}

impl<'a> Examples<'a> {
    /// The rows of these classes, each by itself and over its own length.
    #[must_use]
    pub fn of_rows(classes: &'a [&'a [usize]]) -> Self {
        Self {
            classes,
            views: 1,
            length: Length::Own,
        }
    }

    /// Which places each class has.
    #[must_use]
    pub fn ranges(&self) -> ClassRanges {
        ClassRanges::new(self.classes.iter().map(|class| class.len()))
    }
}

/// The similarities s of examples in integers, resident on a device: s_ij is 0 between classes.
///
/// A [`KernelFunction`](crate::kernels::KernelFunction) says what s_ij is of a product. Examples are rows
/// here, and named by their place. Sums are exact: every device gives the same. A [`Pass`] is told of the
/// pairs that have been met, either order of two rows being one, and ends the kernel by its error.
pub trait Similarities: Send {
    /// Some of the integer rows, in this order.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error>;

    /// Every row's product with itself.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn squares(&self) -> Result<Vec<i32>, Error>;

    /// The sum of a class's rows, value by value, filled up with zeros like a row. Only of a linear
    /// function.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn total(&self, class: usize) -> Result<Vec<i64>, Error>;

    /// Σⱼ s_ij for every row i, itself included. Of a linear function that is the row's product
    /// with its class's [`total`](Self::total).
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`], and [`Error::Device`] where one binding does
    /// not hold an entry for every row; as of every method here.
    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error>;

    /// Σ s_ij over the `columns` j, for every row i. Each column is named once.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error>;

    /// s_ij of every row i and of the `columns` j, which are of one class: rows x columns, row-major.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn columns(&self, columns: &[usize]) -> Result<Vec<i32>, Error> {
        let mut found = Vec::new();
        for (at, &column) in columns.iter().enumerate() {
            let sums = self.sum_columns(&[column])?;
            found.resize(sums.len() * columns.len(), 0);
            let own = found.iter_mut().skip(at).step_by(columns.len());
            own.zip(sums).for_each(|(own, sum)| *own = sum as i32);
        }
        Ok(found)
    }

    /// Takes up how well chosen rows cover all others, for what follows. Before that they do not, and each row
    /// weighs 1.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error>;

    /// How well chosen rows cover each row: m.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn covered(&self) -> Result<Vec<u16>, Error>;

    /// Raises the cover by the `columns` j, which are of one class: m_i = max(m_i, s_ij) for every row i of it.
    /// Not of a linear function.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn raise(&mut self, columns: &[usize]) -> Result<(), Error>;

    /// Σ w_i max(s_ij − m_i, 0) over all rows i, for each of the `columns` j, which are of one class: by how
    /// much a row would raise the cover. Not of a linear function.
    ///
    /// The similarities of these columns are kept until others are asked for: the same ones then cost no
    /// products, and none of them does to [`raise`](Self::raise).
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn gain_columns(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error>;

    /// How many columns it pays to ask [`gain_columns`](Self::gain_columns) for at a time.
    fn columns_at_once(&self) -> usize {
        64
    }

    /// The classes whose rows are there when those of one are: to turn to others and back takes making
    /// them anew.
    fn together(&self, _class: usize) -> Range<usize> {
        0..usize::MAX
    }

    /// Most bytes that [`store`](Self::store) may take.
    fn room(&self) -> u64;

    /// Bytes up to which it pays to keep several classes at once.
    fn batch(&self) -> u64 {
        self.room()
    }

    /// Computes and keeps the similarities of these classes, in place of those kept before; an
    /// empty range keeps none. Not of a linear function.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums); [`Error::OutOfMemory`] where they take more than
    /// [`room`](Self::room).
    fn store(&mut self, classes: Range<usize>, pass: &Pass<'_>) -> Result<(), Error>;

    /// As [`sum_columns`](Self::sum_columns), from what is kept: rows and columns are those of the
    /// classes kept, and the answer begins with their first row.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error>;

    /// As [`gain_columns`](Self::gain_columns), from what is kept: the columns are of a class that is.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn gain_stored(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error>;

    /// Whether [`cuts`](Self::cuts) are made, and [`cover_rounds`](Self::cover_rounds) also picks from a class that is not
    /// kept, where it is the only one: what is far away does, so that not every look at some gains is a message.
    fn picks_by_itself(&self) -> bool {
        false
    }

    /// Of some rows of the only class half the squared distance to the `nth` nearest of its other rows, from 0 on, in
    /// multiples of 2⁻³⁰. `None`, unless a pool knows better: then the products are to be asked for.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn nth_distances(&self, rows: &[usize], nth: usize) -> Result<Option<Vec<u32>>, Error> {
        let _ = (rows, nth);
        Ok(None)
    }

    /// Greedy rounds of the cover in a class that is kept. `gains` has for each of its rows what that would add, or
    /// more than that: gains only fall as the cover rises.
    ///
    /// A round picks the row that adds most, ties to the lower row, [raises](Self::raise) the cover by it, and adds
    /// [`MASK`] to its gain. There must be as many rows that are not masked as rounds. The other gains that are left
    /// are no less than what rows would add, and may differ between devices.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn cover_rounds(
        &mut self,
        class: usize,
        gains: &mut [i64],
        count: usize,
    ) -> Result<Vec<Round>, Error>;

    /// Greedy rounds in all classes kept: `counts` has a number for each, `gains` one for each of
    /// their rows.
    ///
    /// A round picks the row of the largest gain, ties to the lower row, has the `update` change the
    /// gains of the class's rows, and then adds [`MASK`] to the picked row's. A class must have as many
    /// rows that are not masked as rounds. Gives the rounds of each class; `gains` are left as they are
    /// after them.
    ///
    /// # Errors
    ///
    /// As [`row_sums`](Self::row_sums).
    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        update: Update,
    ) -> Result<Vec<Vec<Round>>, Error>;

    /// Makes all picks of some classes, which come ascending, as [`Sas`](crate::Sas) does; `told` hears of each class once
    /// they are made. Only where it [picks by itself](Self::picks_by_itself).
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store); what `told` fails with.
    fn cuts(&mut self, cuts: &[Cut], rule: &CutRule, told: &CutHeard<'_>) -> Result<(), Error> {
        let _ = (cuts, rule, told);
        Err(Error::Device(
            "picks of classes are made by whoever asks for them".to_owned(),
        ))
    }
}

/// What a pick changes of the gains of its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "remote", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Update {
    /// Adds `step` · s_ij to the gain of every row i, j being the row picked: the gains of a graph cut.
    Cut {
        /// -2 where similarity between picked and other rows counts, with picked rows counted out.
        step: i64,
    },
}

/// Added to the gain of a row that takes no part in the rounds: no sum of similarities comes near.
pub const MASK: i64 = -(1 << 62);

/// Whether a gain is that of a row that takes no part.
#[must_use]
pub fn is_masked(gain: i64) -> bool {
    gain < MASK / 2
}

/// Values from one row's first to the next one's in the stored similarities of a class.
#[must_use]
pub(crate) fn stored_pitch(rows: usize) -> usize {
    rows.next_multiple_of(4)
}

/// Bytes of a class's stored similarities, rows and columns filled up to groups of four.
#[must_use]
pub fn stored_bytes(rows: usize) -> u64 {
    2 * (stored_pitch(rows) as u64).pow(2)
}

/// A row picked in a round, and its gain at that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The row, by its place among the integer rows.
    pub row: usize,
    /// Its gain before it was picked.
    pub gain: i64,
}

/// The picks of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutPicks {
    /// In pick order, with the gain of each over those before it.
    pub rounds: Vec<Round>,
    /// F of its labelled rows and these.
    pub value: i64,
}

/// Who hears of the picks of a class, which is one of those asked for; an error of theirs ends the work.
pub type CutHeard<'a> = dyn Fn(usize, CutPicks) -> Result<(), Error> + Sync + 'a;

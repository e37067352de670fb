//! Rows and the vectors that are nearest to them: the trait Assigner.

use crate::error::Error;
use bytemuck::Zeroable as _;

/// The rows of a pool, ready to be given to the nearest of some vectors; the lengths by which the vectors'
/// offsets are weighed lie beside them ([`Pool::assigner`](crate::Pool::assigner)).
pub trait Assigner: Send + Sync {
    /// For every row i the k of the smallest `offsets[k] * lengths[i] - <x_i, v_k>`, with that
    /// score and the smallest of the others.
    ///
    /// `vectors` is `count` x `dim`, row-major, at least one; `offsets` has `count` entries.
    /// [`score_error`](crate::kernels::rounding::score_error) says how far a score
    /// may be off; between scores that close any k may be named.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn assign(&self, vectors: &[f32], offsets: &[f32]) -> Result<Vec<Assignment>, Error>;

    /// As [`assign`](Self::assign), of the rows of some groups alone, each against its group's
    /// vectors alone, with margins over the rows' own vector in the place of scores; and what the least
    /// margin of each of those vectors is. `None` where a device has no kernel for that: then ask for
    /// all rows.
    ///
    /// A margin is the score of what the vector and its offset differ by from the rows' own,
    /// [`score_error`](crate::kernels::rounding::score_error) being that of the difference: of vectors
    /// close to each other it is off by little.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn margins(
        &self,
        groups: &[CandidateGroup<'_>],
        vectors: &[f64],
        offsets: &[f64],
    ) -> Result<Option<Vec<Margins>>, Error>;
}

/// What [`Assigner::assign`] says of a row.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Assignment {
    /// Which vector.
    pub index: u32,
    /// Its score.
    pub best: f32,
    /// The smallest score of the other vectors; `f32::MAX` where there is none.
    pub second: f32,
}

/// Rows and vectors for [`Assigner::margins`].
#[derive(Clone, Debug)]
pub struct CandidateGroup<'a> {
    /// Some rows.
    pub rows: &'a [usize],
    /// Different vectors, at least one. The first is the rows' own.
    pub vectors: Vec<u32>,
}

/// What [`Assigner::margins`] says of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Margins {
    /// For each row the nearest of the group's vectors, by margins: the own's is 0.
    pub nearest: Vec<Assignment>,
    /// For each vector of the group the least, over its rows, of its margin over the row's length: at
    /// most three roundings further off than the margin is. `f32::MAX` where there is no row.
    pub least: Vec<f32>,
    /// The largest score of the rows' own vector over the row's length, three roundings further off
    /// than the score; `f32::MIN` where there is no row.
    pub own: f32,
}

impl Margins {
    /// Of no rows yet.
    pub(crate) fn none(group: &CandidateGroup<'_>) -> Self {
        Self {
            nearest: vec![Assignment::zeroed(); group.rows.len()],
            least: vec![f32::MAX; group.vectors.len()],
            own: f32::MIN,
        }
    }

    /// Takes over what was found of some rows of the group, those at these places.
    pub(crate) fn join(&mut self, places: &[usize], found: &Self) {
        for (&place, &nearest) in places.iter().zip(&found.nearest) {
            self.nearest[place] = nearest;
        }
        for (least, &found) in self.least.iter_mut().zip(&found.least) {
            *least = least.min(found);
        }
        self.own = self.own.max(found.own);
    }
}

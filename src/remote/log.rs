//! What has made a worker what it is, message by message.

use super::message::{Ask, OfPool, OfResiduals, OfSimilarities};
use super::transport::Lost;
use super::wire;

/// What a message changes of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Something of this number is open, on a pool of that one.
    Opens { number: u32, pool: u32 },
    /// A handle has another state than before.
    Changes(u32, Part),
    /// A handle has a state that owes nothing to what was done before.
    Sets(u32, Part),
}

/// What of a handle's state changes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    States,
    Cover,
    Kept,
}

impl Effect {
    /// What a message changes, if anything.
    pub(super) fn of(ask: &Ask<'_>) -> Option<Self> {
        match ask {
            Ask::Pool(pool, ask) => match ask {
                OfPool::Beside(number, ..)
                | OfPool::OpenResiduals(number)
                | OfPool::OpenSimilarities(number, ..)
                | OfPool::OpenSimilaritiesOf(number, ..)
                | OfPool::OpenNeighbours(number)
                | OfPool::OpenAssigner(number, _) => Some(Self::Opens {
                    number: *number,
                    pool: *pool,
                }),
                OfPool::About
                | OfPool::RowNorms(_)
                | OfPool::GatherRows(_)
                | OfPool::GivenRows(_)
                | OfPool::SumUnits(..)
                | OfPool::KNearest(..) => None,
            },
            Ask::Residuals(number, ask) => match ask {
                OfResiduals::Load(_) => Some(Self::Sets(*number, Part::States)),
                OfResiduals::Write(..)
                | OfResiduals::Deflate(..)
                | OfResiduals::DeflateLargest(..)
                | OfResiduals::Refresh(..) => Some(Self::Changes(*number, Part::States)),
                OfResiduals::Read | OfResiduals::DueRows(..) => None,
            },
            Ask::Similarities(number, ask) => match ask {
                OfSimilarities::SetCover(..) => Some(Self::Sets(*number, Part::Cover)),
                OfSimilarities::Raise(_) | OfSimilarities::CoverRounds(..) => {
                    Some(Self::Changes(*number, Part::Cover))
                }
                OfSimilarities::Store(..) => Some(Self::Sets(*number, Part::Kept)),
                // Columns that are kept until others are asked for spare work, and change no answer.
                _ => None,
            },
            Ask::Neighbours(..) | Ask::Assigner(..) => None,
        }
    }
}

/// The messages that a worker must have had, in their order.
#[derive(Default)]
pub(super) struct Log(Vec<(Effect, Vec<u8>)>);

impl Log {
    /// Keeps a message, and forgets those that it makes up for.
    pub(super) fn push(&mut self, effect: Effect, message: Vec<u8>) {
        if let Effect::Sets(number, part) = effect {
            let is_past = |old: &Effect| match *old {
                Effect::Changes(of, what) | Effect::Sets(of, what) => (of, what) == (number, part),
                Effect::Opens { .. } => false,
            };
            self.0.retain(|(old, _)| !is_past(old));
        }
        self.0.push((effect, message));
    }

    /// Forgets a handle, or a pool and all handles on it.
    pub(super) fn close(&mut self, number: u32) {
        let mut gone = vec![number];
        for (effect, _) in &self.0 {
            if let Effect::Opens { number, pool } = effect
                && gone.contains(pool)
            {
                gone.push(*number);
            }
        }
        self.0.retain(|(effect, _)| match effect {
            Effect::Opens { number, .. } | Effect::Changes(number, _) | Effect::Sets(number, _) => {
                !gone.contains(number)
            }
        });
    }

    /// Sends all of them again; fails where an answer is no longer what it was.
    pub(super) fn replay(&self, call: impl Fn(&[u8]) -> Result<Vec<u8>, Lost>) -> Result<(), Lost> {
        for (_, message) in &self.0 {
            let answer = call(message)?;
            if !wire::is_ok(&answer) {
                return Err(Lost(
                    "a worker in the place of another answers otherwise".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

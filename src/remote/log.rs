//! What has made a worker what it is, message by message.

use super::kept::Kept;
use super::message::{Ask, OfClustered, OfPool, OfResiduals, OfSeeds, OfSimilarities, OfVisited};
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
    /// The same, but that what is answered next tells it from the one before.
    Follows(u32, Part),
}

/// What of a handle's state changes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Rows,
    States,
    Cover,
    Kept,
    Labels,
    Centres,
    Visitors,
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
                | OfPool::OpenAssigner(number, _)
                | OfPool::OpenClustered(number, ..)
                | OfPool::OpenSeeds(number, _)
                | OfPool::OpenDistanced(number, _)
                | OfPool::OpenVisited(number, ..) => Some(Self::Opens {
                    number: *number,
                    pool: *pool,
                }),
                OfPool::About
                | OfPool::RowNorms(_)
                | OfPool::GatherRows(_)
                | OfPool::GivenRows(_)
                | OfPool::IntegerRows(_)
                | OfPool::SumUnits(..)
                | OfPool::KNearest(..)
                | OfPool::Typical(..)
                | OfPool::Squares => None,
            },
            Ask::Residuals(number, ask) => match ask {
                OfResiduals::Load(_) | OfResiduals::Begin(..) => {
                    Some(Self::Sets(*number, Part::States))
                }
                OfResiduals::Write(..)
                | OfResiduals::Deflate(..)
                | OfResiduals::DeflateLargest(..)
                | OfResiduals::Refresh(..) => Some(Self::Changes(*number, Part::States)),
                OfResiduals::Read | OfResiduals::DueRows(..) => None,
            },
            Ask::Similarities(number, ask) => Self::of_similarities(*number, ask),
            Ask::Clustered(number, ask) => match ask {
                OfClustered::Assign(_) => Some(Self::Follows(*number, Part::Labels)),
                OfClustered::Put(..) => Some(Self::Changes(*number, Part::Labels)),
                OfClustered::Restore(..) => Some(Self::Sets(*number, Part::Labels)),
                OfClustered::Labels | OfClustered::DistancesSq(_) => None,
            },
            Ask::Visited(number, ask) => Self::of_visited(*number, ask),
            Ask::Seeds(number, OfSeeds::Firsts(..)) => Some(Self::Changes(*number, Part::Centres)),
            Ask::Neighbours(..) | Ask::Assigner(..) | Ask::Distanced(..) => None,
        }
    }

    /// Columns that are kept until others are asked for spare work, and change no answer.
    fn of_similarities(number: u32, ask: &OfSimilarities<'_>) -> Option<Self> {
        match ask {
            OfSimilarities::Take(_) => Some(Self::Changes(number, Part::Rows)),
            OfSimilarities::SetCover(..) => Some(Self::Sets(number, Part::Cover)),
            OfSimilarities::Raise(_) | OfSimilarities::CoverRounds(..) => {
                Some(Self::Changes(number, Part::Cover))
            }
            OfSimilarities::Store(..) => Some(Self::Sets(number, Part::Kept)),
            _ => None,
        }
    }

    fn of_visited(number: u32, ask: &OfVisited<'_>) -> Option<Self> {
        match ask {
            OfVisited::Visit(_) => Some(Self::Sets(number, Part::Visitors)),
            OfVisited::SetCover(..) => Some(Self::Sets(number, Part::Cover)),
            OfVisited::Raise(_) => Some(Self::Changes(number, Part::Cover)),
            _ => None,
        }
    }
}

/// The messages that a worker must have had, in their order.
#[derive(Default)]
pub(super) struct Log(Vec<(Effect, Kept)>);

impl Log {
    /// Keeps a message, and forgets those that it makes up for.
    pub(super) fn push(&mut self, effect: Effect, message: Vec<u8>) {
        let is_of = |old: &Effect, new: (u32, Part)| match *old {
            Effect::Changes(of, what) | Effect::Sets(of, what) | Effect::Follows(of, what) => {
                (of, what) == new
            }
            Effect::Opens { .. } => false,
        };
        match effect {
            Effect::Sets(number, part) => self.0.retain(|(old, _)| !is_of(old, (number, part))),
            Effect::Follows(number, part) => {
                let is_state = |old: &Effect| !matches!(old, Effect::Changes(..));
                let is_last =
                    |(old, _): &(Effect, Kept)| is_of(old, (number, part)) && is_state(old);
                let last = self.0.iter().rposition(is_last).unwrap_or(0);
                let mut at = 0..;
                self.0.retain(|(old, _)| {
                    at.next().is_some_and(|at| at >= last) || !is_of(old, (number, part))
                });
            }
            Effect::Changes(..) | Effect::Opens { .. } => {}
        }
        self.0.push((effect, Kept::new(message)));
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
            Effect::Opens { number, .. }
            | Effect::Changes(number, _)
            | Effect::Sets(number, _)
            | Effect::Follows(number, _) => !gone.contains(number),
        });
    }

    /// Sends all of them again; fails where an answer is no longer what it was.
    pub(super) fn replay(&self, call: impl Fn(&[u8]) -> Result<Vec<u8>, Lost>) -> Result<(), Lost> {
        for (_, message) in &self.0 {
            let message = message.read().map_err(|error| {
                Lost(format!(
                    "a message that it has to be told again cannot be read: {error}"
                ))
            })?;
            let answer = call(&message)?;
            if !wire::is_ok(&answer) {
                return Err(Lost(
                    "a worker in the place of another answers otherwise".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(log: &Log) -> Vec<u8> {
        let told = std::cell::RefCell::new(Vec::new());
        let answered = log.replay(|message| {
            told.borrow_mut().push(message[0]);
            Ok(wire::encode(&Ok::<(), ()>(())))
        });
        answered.unwrap();
        told.into_inner()
    }

    /// What makes up for others is told in their place; of what follows another both, with what has changed that.
    #[test]
    fn what_is_made_up_for_is_not_told_again() {
        let (open, pool) = (|number| Effect::Opens { number, pool: 0 }, 0);
        let mut log = Log::default();
        let say = |log: &mut Log, effect, name| log.push(effect, vec![name]);
        say(&mut log, open(1), b'o');
        say(&mut log, Effect::Sets(1, Part::States), b'a');
        say(&mut log, Effect::Changes(1, Part::States), b'b');
        say(&mut log, Effect::Changes(1, Part::Labels), b'x');
        assert_eq!(told(&log), *b"oabx");
        say(&mut log, Effect::Sets(1, Part::States), b'c');
        assert_eq!(told(&log), *b"oxc");
        say(&mut log, open(2), b'p');
        for name in *b"123" {
            say(&mut log, Effect::Follows(2, Part::Labels), name);
            say(&mut log, Effect::Changes(2, Part::Labels), name + 16);
        }
        assert_eq!(told(&log), *b"oxcp2B3C");
        say(&mut log, Effect::Follows(2, Part::Labels), b'4');
        assert_eq!(told(&log), *b"oxcp3C4");
        log.close(1);
        assert_eq!(told(&log), *b"p3C4");
        log.close(pool);
        assert!(told(&log).is_empty());
    }
}

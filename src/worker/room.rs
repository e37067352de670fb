//! A pool that answers messages, and those beside it.

use super::asked;
use super::handles::Handles;
use super::link::Link;
use super::open_similarities::integer_rows;
use super::steps::{Unit, most_typical};
use crate::error::Error;
use crate::features::Features;
use crate::kernels::pool::{ClusterRows, Pool};
use crate::kernels::units::UnitMoves;
use crate::progress::Pass;
use crate::remote::answer::{About, Failure, ok};
use crate::remote::message::{Ask, Message, OfPool};
use crate::remote::wire::{self, Array};
use crate::select::gram_schmidt::ridge::squares;
use crate::select::unit_rows::UnitRows;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// A pool that is asked, what is open on it, and the one beside which it was made.
struct Room<'p, 'o> {
    number: u32,
    pool: &'p dyn Pool,
    unit: Unit<'p>,
    handles: Handles<'p>,
    outer: Option<&'o mut (dyn Rooms + 'o)>,
}

/// Whoever answers what is asked of pools and handles, by their numbers.
pub(super) trait Rooms {
    /// The answer, encoded.
    fn answer(&mut self, ask: Ask<'_>) -> Result<Vec<u8>, Error>;

    fn close(&mut self, closed: &[u32]);
}

/// What comes next in a room.
pub(super) enum Next {
    /// A message that closes the room: it is for the outer one.
    Message(Vec<u8>),
    /// Nothing more.
    End,
}

/// Answers what is asked of a pool, until a message closes the room.
pub(super) fn enter<'o>(
    number: u32,
    pool: &dyn Pool,
    outer: Option<&'o mut (dyn Rooms + 'o)>,
    link: &mut dyn Link,
) -> Next {
    let rows = OnceLock::new();
    let unit = || match rows.get() {
        Some(rows) => Ok(rows),
        None => {
            let made = UnitRows::new(pool)?;
            Ok(rows.get_or_init(|| made))
        }
    };
    run(&mut Room::new(number, (pool, &unit), outer), link)
}

/// Answers messages until one closes this room.
fn run(room: &mut Room<'_, '_>, link: &mut dyn Link) -> Next {
    let mut pending = None;
    loop {
        let Some(bytes) = pending.take().or_else(|| link.next()) else {
            return Next::End;
        };
        let message: Message<'_> = match wire::decode(&bytes) {
            Ok(message) => message,
            Err(error) => {
                link.answer(failed(error));
                continue;
            }
        };
        if message.closed.contains(&room.number) {
            return Next::Message(bytes);
        }
        let answered = catch_unwind(AssertUnwindSafe(|| {
            room.close(&message.closed);
            if let Err(error) = room.before(&message.before) {
                link.answer(failed(error));
                return None;
            }
            room.take(message.ask, link)
        }));
        match answered {
            Ok(None) => {}
            Ok(Some(Next::Message(bytes))) => pending = Some(bytes),
            Ok(Some(Next::End)) => return Next::End,
            // What is open may be half changed.
            Err(_) => {
                let reason = "the worker panicked over a message".to_owned();
                link.answer(wire::encode(&Err::<(), _>(Failure::DeviceLost(reason))));
                return Next::End;
            }
        }
    }
}

impl<'p, 'o> Room<'p, 'o> {
    fn new(
        number: u32,
        (pool, unit): (&'p dyn Pool, Unit<'p>),
        outer: Option<&'o mut (dyn Rooms + 'o)>,
    ) -> Self {
        Self {
            number,
            pool,
            unit,
            handles: Handles::new(pool, unit),
            outer,
        }
    }

    /// Does what could wait for this message.
    fn before(&mut self, messages: &[Array<'_, u8>]) -> Result<(), Error> {
        for message in messages {
            let Message { ask, .. } = wire::decode(message)?;
            self.answer(ask)?;
        }
        Ok(())
    }

    /// Answers one message; what comes next where that opens another room.
    fn take(&mut self, ask: Ask<'_>, link: &mut dyn Link) -> Option<Next> {
        if let Ask::Pool(number, OfPool::Beside(new, rows, values)) = ask {
            return self.beside([number, new, rows], values, link);
        }
        link.answer(self.answer(ask).unwrap_or_else(failed));
        None
    }

    /// Makes a pool beside this one, and stays with it until it is closed.
    fn beside(
        &mut self,
        [number, new, rows]: [u32; 3],
        values: Array<'_, f32>,
        link: &mut dyn Link,
    ) -> Option<Next> {
        let pool = self.pool;
        let made = (|| {
            if number != self.number {
                return Err(asked::refuse(format!(
                    "a pool beside {number} found, beside {} expected",
                    self.number
                )));
            }
            let features = Features::from_owner(values.into_vec(), rows as usize, pool.dim())?;
            pool.beside(features)
        })();
        match made {
            Err(error) => {
                link.answer(failed(error));
                None
            }
            Ok(inner) => {
                link.answer(ok(about(&*inner)).unwrap_or_else(failed));
                Some(enter(new, &*inner, Some(self), link))
            }
        }
    }

    /// What is asked of the pool itself.
    fn of_pool(&mut self, ask: OfPool<'_>) -> Result<Vec<u8>, Error> {
        let pool = self.pool;
        let count = pool.rows();
        match ask {
            OfPool::About => ok(about(pool)),
            OfPool::RowNorms(norm) => ok(Array::from(pool.row_norms(norm)?)),
            OfPool::GatherRows(rows) => ok(Array::from(
                pool.gather_rows(&asked::places(&rows, count)?)?,
            )),
            OfPool::GivenRows(rows) => {
                ok(Array::from(pool.given_rows(&asked::places(&rows, count)?)?))
            }
            OfPool::IntegerRows(examples) => integer_rows(pool, &examples),
            OfPool::KNearest(clusters, k) => {
                let places = clusters
                    .iter()
                    .map(|cluster| asked::places(&cluster.rows, count));
                let places: Vec<Vec<usize>> = places.collect::<Result<_, _>>()?;
                let clusters: Vec<ClusterRows<'_>> = (clusters.iter().zip(&places))
                    .map(|(cluster, rows)| ClusterRows {
                        rows,
                        lengths: &cluster.lengths,
                        centre: &cluster.centre,
                        halves: &cluster.halves,
                    })
                    .collect();
                asked::clusters(&clusters, k as usize, pool.dim())?;
                let pass = Pass::unheard();
                let found = pool.k_nearest(&clusters, k as usize, &pass)?;
                let found: Vec<Array<'_, f32>> = found.into_iter().map(Array::from).collect();
                ok((found, pass.count()))
            }
            OfPool::SumUnits(rows, from, to, sums) => {
                let rows = asked::distinct(&rows, count)?;
                let moves = UnitMoves {
                    rows: &rows,
                    from: &from,
                    to: &to,
                    sums: sums as usize,
                };
                asked::moves(&moves, pool.dim())?;
                ok(Array::from(pool.sum_units(&moves)?))
            }
            OfPool::Typical(rows, values, rule) => {
                most_typical(pool, self.unit, (rows, values), rule)
            }
            OfPool::Squares => ok(Array::from(squares(pool)?)),
            OfPool::Beside(..) => Err(asked::refuse("a pool beside another's found".to_owned())),
            open => self.handles.open(open),
        }
    }
}

impl Rooms for Room<'_, '_> {
    fn answer(&mut self, ask: Ask<'_>) -> Result<Vec<u8>, Error> {
        match ask {
            Ask::Pool(number, ask) if number == self.number => self.of_pool(ask),
            ask if self.handles.has(&ask) => self.handles.answer(ask),
            ask => match &mut self.outer {
                Some(outer) => outer.answer(ask),
                None => Err(asked::refuse(
                    "a pool or a handle that is not open found".to_owned(),
                )),
            },
        }
    }

    fn close(&mut self, closed: &[u32]) {
        self.handles.close(closed);
        if let Some(outer) = &mut self.outer {
            outer.close(closed);
        }
    }
}

/// What is to be known of a pool.
fn about(pool: &dyn Pool) -> About {
    About {
        rows: pool.rows() as u32,
        dim: pool.dim() as u32,
        scale: pool.scale(),
        precision: pool.precision(),
        values_at_once: pool.values_at_once() as u64,
        memory_limit: pool.memory_limit(),
    }
}

/// What is said in place of an answer.
fn failed(error: Error) -> Vec<u8> {
    wire::encode(&Err::<(), _>(Failure::from(error)))
}

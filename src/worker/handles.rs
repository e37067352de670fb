//! What is open on a worker's pool, by number, and what is asked of it.

use super::asked::{self, count, distinct, expect, places};
use super::coming::Coming;
use super::open_residuals::OpenResiduals;
use super::open_similarities::OpenSimilarities;
use super::open_visited::OpenVisited;
use super::steps::{OpenClustered, OpenDistanced, OpenSeeds, Unit};
use crate::error::Error;
use crate::kernels::assigner::{Assigner, CandidateGroup};
use crate::kernels::neighbours::{MARKED, Neighbours};
use crate::kernels::pool::Pool;
use crate::progress::Pass;
use crate::remote::answer::{OfGroup, ok};
use crate::remote::message::{Ask, Integers, OfAssigner, OfNeighbours, OfPool, OfSimilarities};
use crate::remote::wire::Array;
use std::collections::HashMap;

/// Handles of one pool.
pub(super) struct Handles<'p> {
    pool: &'p dyn Pool,
    unit: Unit<'p>,
    open: HashMap<u32, Handle<'p>>,
}

enum Handle<'p> {
    Residuals(OpenResiduals<'p>),
    Similarities(OpenSimilarities<'p>),
    Coming(Coming<'p>),
    Neighbours(Box<dyn Neighbours + 'p>),
    Assigner(Box<dyn Assigner + 'p>),
    Clustered(OpenClustered<'p>),
    Seeds(OpenSeeds<'p>),
    Distanced(OpenDistanced<'p>),
    Visited(OpenVisited<'p>),
}

impl<'p> Handles<'p> {
    pub(super) fn new(pool: &'p dyn Pool, unit: Unit<'p>) -> Self {
        Self {
            pool,
            unit,
            open: HashMap::new(),
        }
    }

    /// Whether what is asked is of one of these.
    pub(super) fn has(&self, ask: &Ask<'_>) -> bool {
        ask.handle()
            .is_some_and(|number| self.open.contains_key(&number))
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
            OfPool::OpenResiduals(number) => {
                let open = OpenResiduals::new(pool)?;
                (number, Handle::Residuals(open))
            }
            OfPool::OpenNeighbours(number) => (number, Handle::Neighbours(pool.neighbours()?)),
            OfPool::OpenAssigner(number, lengths) => {
                count(&lengths, rows, "lengths")?;
                (number, Handle::Assigner(pool.assigner(lengths.into_vec())?))
            }
            OfPool::OpenSimilarities(number, examples, function) => {
                let open = OpenSimilarities::of_examples(pool, &examples, function)?;
                (number, Handle::Similarities(open))
            }
            OfPool::OpenSimilaritiesOf(number, integers, sizes, function) => {
                let mut handle = Handle::Coming(Coming::new(pool, &sizes, function)?);
                let answer = handle.take(integers)?;
                self.open.insert(number, handle);
                return Ok(answer);
            }
            OfPool::OpenClustered(number, of, centres) => {
                let open = OpenClustered::new((self.unit)()?, &of, &centres)?;
                (number, Handle::Clustered(open))
            }
            OfPool::OpenSeeds(number, ids) => {
                let open = OpenSeeds::new((self.unit)()?, ids)?;
                (number, Handle::Seeds(open))
            }
            OfPool::OpenDistanced(number, by_cosine) => {
                let open = OpenDistanced::new(pool, by_cosine)?;
                (number, Handle::Distanced(open))
            }
            OfPool::OpenVisited(number, of, function) => {
                let open = OpenVisited::new(pool, &of, function)?;
                (number, Handle::Visited(open))
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
        let open = ask.handle().and_then(|number| self.open.get_mut(&number));
        match (open, ask) {
            (Some(Handle::Residuals(open)), Ask::Residuals(_, ask)) => open.answer(ask),
            (Some(Handle::Similarities(open)), Ask::Similarities(_, ask)) => open.answer(ask),
            (
                Some(handle @ Handle::Coming(_)),
                Ask::Similarities(_, OfSimilarities::Take(rows)),
            ) => handle.take(rows),
            (Some(Handle::Neighbours(open)), Ask::Neighbours(_, ask)) => {
                of_neighbours(&**open, ask, [rows, dim])
            }
            (Some(Handle::Assigner(open)), Ask::Assigner(_, ask)) => {
                of_assigner(&**open, ask, [rows, dim])
            }
            (Some(Handle::Clustered(open)), Ask::Clustered(_, ask)) => open.answer(ask),
            (Some(Handle::Seeds(open)), Ask::Seeds(_, ask)) => open.answer(ask),
            (Some(Handle::Distanced(open)), Ask::Distanced(_, ask)) => open.answer(ask),
            (Some(Handle::Visited(open)), Ask::Visited(_, ask)) => open.answer(ask),
            _ => Err(asked::refuse("a handle of another kind found".to_owned())),
        }
    }
}

impl Handle<'_> {
    /// Takes rows that similarities wait for; what is to be known of these once they are open.
    fn take(&mut self, rows: Integers<'_>) -> Result<Vec<u8>, Error> {
        let open = match self {
            Self::Coming(coming) => coming.take(rows)?,
            _ => None,
        };
        let answer = ok(open.as_ref().map(OpenSimilarities::about))?;
        if let Some(open) = open {
            *self = Self::Similarities(open);
        }
        Ok(answer)
    }

    /// What is to be known of it once it is open.
    fn about(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Neighbours(open) => ok(open.at_once() as u64),
            Self::Similarities(open) => ok(open.about()),
            Self::Visited(open) => ok(open.at_once()),
            _ => ok(()),
        }
    }
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
        OfNeighbours::CountMarkedVisitors(visitors, among, thresholds) => {
            let (visitors, among) = (visitors.rows(dim)?, places(&among, rows)?);
            let counts = open.count_marked_visitors(&visitors, &among, thresholds)?;
            ok(Array::from(counts))
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

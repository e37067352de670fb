//! The kinds of work that selections are made of.

use super::span::Span;
use crate::names::names;

/// A kind of work: a kernel, by its name, or what the host does beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Work {
    /// Rows checked once, when features are made of them.
    Check,
    /// Norms of rows, other than l2, which the check comes by.
    RowNorms,
    /// Single rows fetched.
    GatherRows,
    /// Products of rows with directions.
    Deflate,
    /// Rows looked at, which may fire before some time.
    DueRows,
    /// Products of rows with vectors, and the nearest.
    Assign,
    /// The same of some rows and vectors, by differences.
    Margins,
    /// Pairs of rows of a cluster.
    KNearest,
    /// Examples made integers.
    Integers,
    /// Pairs of integer rows, whose similarities are kept.
    StoreSimilarities,
    /// Pairs of integer rows, whose similarities are added up.
    RowSums,
    /// Pairs of integer rows and picks.
    SumColumns,
    /// Similarities that are kept, read and added up.
    SumStored,
    /// Rounds of greedy picks: gains brought up to date.
    GreedyRounds,
    /// Unit rows made integers, and set in order.
    Neighbours,
    /// Pairs of integer rows, the near ones counted.
    CountWithin,
    /// Pairs of integer rows, some rows against others.
    MarkWithin,
    /// Pairs of integer rows, the nearest of another label.
    NearestOtherLabel,
    /// On the host: rows drawn and ordered by random numbers of their own.
    Draw,
    /// On the host: rows weighed, and ordered by that.
    Weigh,
    /// On the host: multiply-adds in f64 that settle what kernels leave open.
    Settle,
    /// On the host: multiply-adds in f64 of the plain loop, over all rows.
    Rewrite,
    /// On the host: rows looked at for each start of k-means.
    Start,
    /// On the host: rows looked at in each sweep of k-means.
    Sweep,
    /// On the host: rows added to the sums of their clusters.
    Move,
    /// On the host: integer rows compared among themselves.
    Block,
}

names!(Work {
    Check = "check", "Rows checked";
    RowNorms = "row_norms", "Norms of rows";
    GatherRows = "gather_rows", "Rows fetched";
    Deflate = "deflate", "Rows with directions";
    DueRows = "due_rows", "Rows looked at";
    Assign = "assign", "Rows with vectors";
    Margins = "margins", "Rows with some vectors";
    KNearest = "k_nearest", "Pairs within clusters";
    Integers = "similarities", "Examples made integers";
    StoreSimilarities = "store_similarities", "Pairs kept";
    RowSums = "row_sums", "Pairs added up";
    SumColumns = "sum_columns", "Rows with picks";
    SumStored = "sum_stored", "Kept pairs added up";
    GreedyRounds = "greedy_rounds", "Gains in rounds";
    Neighbours = "neighbours", "Unit rows made integers";
    CountWithin = "count_within", "Pairs counted";
    MarkWithin = "mark_within", "Pairs marked";
    NearestOtherLabel = "nearest_other_label", "Pairs of labels";
    Draw = "draw", "Rows drawn";
    Weigh = "weigh", "Rows weighed";
    Settle = "settle", "Settled in f64";
    Rewrite = "rewrite", "The plain loop";
    Start = "start", "Starts of k-means";
    Sweep = "sweep", "Sweeps of k-means";
    Move = "move", "Rows that change cluster";
    Block = "block", "Picks within a block";
});

impl Work {
    /// Whether a device does it, by a kernel that it is asked for.
    pub(crate) fn is_kernels(self) -> bool {
        (Self::RowNorms..Self::Draw).contains(&self)
    }
}

/// How much of a kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Amount {
    /// How often it is asked for.
    pub calls: Span,
    /// Rows, pairs or products, whichever the work goes by.
    pub items: Span,
    /// Multiply-adds, or values, in all of them.
    pub multiply_adds: Span,
}

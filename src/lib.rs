//! Chooses which training examples are worth having: given a matrix of features, one row an
//! example, it picks the rows to label or to train on, by published rules carried out exactly.
//! It runs on any GPU through wgpu, and on none, and picks the same rows on all of them.
//!
//! ```
//! use coresift::{CpuPool, Features, GramSchmidt, Selector};
//!
//! // Three examples of three features: the first two point the same way.
//! let x = [9.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 1.0, 0.0];
//! let pool = CpuPool::new(Features::new(&x, 3, 3)?);
//! let chosen = GramSchmidt { greedy: true, ..GramSchmidt::default() }.select(&pool, 2)?;
//! assert_eq!(chosen.picks, [0, 2]);
//! # Ok::<(), coresift::Error>(())
//! ```
//!
//! # Selectors
//!
//! | selector | rule | passes over the features | when |
//! |---|---|---|---|
//! | [`Uniform`] | every subset equally likely | none | the baseline |
//! | [`Norm`] | drawn in proportion to a norm, or the largest norms \[1, eq. 1\] | one | cheap, of any size |
//! | [`GramSchmidt`] | drawn in proportion to the residual, or the largest residual \[1, Algorithm 1\] | few: most rows are never read again | picks that cover all directions |
//! | [`Sas`] | in every latent class, the rows most similar to the rest of it \[2, Algorithm 1\] | one, and then integer rows | the many to keep for contrastive learning |
//! | [`TypiClust`] | in every cluster, the rows whose nearest neighbours are nearest \[3\] | those of k-means, and two | a first few labels |
//! | [`ProbCover`] | the row with most rows near it that no pick has near yet \[4, Algorithm 1\] | one over all pairs, then some for rows that come up | the few to label, where near rows are alike |
//! | [`KCenter`] | the row farthest from all picks \[5, 6\] | one or two for some tens of picks | no row far from the picks; outliers come first |
//! | [`Coverage`] | rows to which all are similar, moved to the middle of what they stand for \[7\] | integer rows, and sweeps of k-means | the few to label |
//! | [`FacilityLocation`] | the row that adds most to how similar all rows are to a pick \[7\] | integer rows | a summary in which every row has its like |
//! | [`Herding`] | the row by which the mean of the picks comes nearest to that of all, in a kernel's space \[8\] | integer rows | a summary that has the distribution of all |
//! | [`LogDet`] | the row that adds most to log det(λI + F Fᵀ) of the picks: greedy Gram-Schmidt with a ridge | one and those of greedy Gram-Schmidt | picks of all directions, past the rank too |
//! | [`Then`] | one selector picks from what another has chosen \[1\] | those of both, the second's over the chosen rows alone | norms or directions among what another method prefers |
//!
//! \[1\] N. Bar and R. Giryes, *Diverse Subset Selection via Norm-Based Sampling and
//! Orthogonality*, arXiv:2406.01086. \[2\] S. Joshi and B. Mirzasoleiman, *Data-Efficient Contrastive
//! Self-supervised Learning*, arXiv:2302.09195. \[3\] G. Hacohen, A. Dekel and D. Weinshall, *Active
//! Learning on a Budget: Opposite Strategies Suit High and Low Budgets*, arXiv:2202.02794. \[4\]
//! O. Yehuda, A. Dekel, G. Hacohen and D. Weinshall, *Active Learning Through a Covering Lens*,
//! arXiv:2205.11320. \[5\] T. F. Gonzalez, *Clustering to minimize the maximum intercluster distance*,
//! 1985. \[6\] O. Sener and S. Savarese, *Active Learning for Convolutional Neural Networks: A Core-Set
//! Approach*, arXiv:1708.00489. \[7\] G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, *An analysis of
//! approximations for maximizing submodular set functions*, 1978. \[8\] Y. Chen, M. Welling and A. Smola,
//! *Super-samples from kernel herding*, 2010.
//!
//! Each is a plain struct: an option is a public field, `Default` the rest. Every selector takes
//! rows that are labelled already, and gives a [`Selection`]: picks in order, their scores, where
//! it began anew, and why it is short of the budget if it is. Options that are one of a few names are
//! [`Named`]: the same in text, on the command line and in records.
//!
//! All but [`TypiClust`] and [`ProbCover`] can be stratified by [`Classes`], within which [`Sas`] works: given ones,
//! clusters of [`KMeans`], what a classifier makes of a few labels, or the nearest of some prompts. Each is picked from
//! as if its rows were all there are, with its share of the budget.
//!
//! What picks are worth, however they were chosen, [`evaluate`] tells: accuracy of 1-NN and of a linear probe on what
//! labels there are, what they cover and span, the distance of their distribution, and what each stands for.
//!
//! [`compare`] tries selectors on splits of labelled rows, and tells by how much they differ.
//!
//! # Near-duplicates
//!
//! [`Duplicates`] finds the rows that have a cosine of at least a threshold, exactly: all pairs, the groups that they
//! connect, or the rows to keep, of which no two are near.
//!
//! # Devices
//!
//! A [`Pool`] holds the rows where they are worked on: [`CpuPool`] on every core, `GpuPool` (from
//! `Gpu::open`, or `Gpu::adopt` for an application's own wgpu device) on a Vulkan, Metal or DX12
//! adapter within wgpu's default limits and whatever memory it is given, and `Shards`, several pools of
//! parts of one matrix. [`Device`] opens any of them by its name. **Same features, options and seed: same picks, on every
//! device, with any number of threads.** Kernels give bounds, the host settles in f64 whatever
//! they leave open, or all arithmetic is in integers; random numbers belong to row and seed.
//! Ties go to the lower index.
//!
//! # Cargo features
//!
//! `gpu` (default): pools through wgpu. `gles`: its GL backend besides. Without them the library has the
//! CPU pool. `ndarray`: [`Features`] from an array view. `remote`: pools on other processes and machines, behind
//! messages. `serde`: `Serialize` and `Deserialize` of options
//! that are one of a few names, and `Serialize` of what [`evaluate`], [`compare`] and [`plan`] tell.
//!
//! # The code
//!
//! Features → pool → kernels → selector → selection. `features/` alone checks values; `gpu/`
//! alone names wgpu; kernels (`cpu/`, `gpu/`, `shaders/`) bound and score and decide nothing;
//! selectors (`select/`) decide, on the host, through `&dyn Pool`.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

#[doc(hidden)] // for the benchmarks
pub mod bench;
mod calibrate;
mod checkpoint;
pub mod compare;
mod control;
mod course;
mod cpu;
mod device;
mod duplicates;
mod error;
pub mod evaluate;
mod features;
#[cfg(feature = "gpu")]
mod gpu;
pub mod kernels;
mod lazy;
mod lp;
mod names;
pub mod plan;
mod products;
mod progress;
mod quantise;
mod random;
mod rank;
mod reduce;
#[cfg(feature = "remote")]
pub mod remote;
mod select;
mod selection;
mod shards;
#[cfg(feature = "remote")]
pub mod worker;

pub use calibrate::{MakePool, calibrate};
pub use checkpoint::Checkpoint;
pub use control::Stop;
pub use cpu::CpuPool;
pub use device::{Device, DeviceChoice};
pub use duplicates::{Duplicates, Kept};
pub use error::{Error, MissingRows};
pub use features::{
    Features, LeftOut, Others, Precision, ReadRows, Rows, Unit, center, center_among, subtract,
};
#[cfg(feature = "gpu")]
pub use gpu::{Adapter, AdapterChoice, DevicePart, DeviceRecord, Gpu, GpuPool};
pub use kernels::Pool;
pub use kernels::cut::{Objective, Refine};
pub use lp::Lp;
pub use names::{Named, UnknownName};
pub use progress::{Listener, Progress};
pub use select::{
    Alpha, Bandwidth, Classes, Clustering, Convergence, Coverage, Delta, FacilityLocation,
    GramSchmidt, Herding, KCenter, KMeans, Kernel, LogDet, Metric, Norm, OnExhaustion, ProbCover,
    Refinement, Sas, Selector, Similarity, Then, TypiClust, Uniform,
};
pub use selection::{
    Centers, ClassCover, ClassShare, CoveredRows, Details, Determinant, HerdingTerms, Refined,
    SasClass, Selection, Shortfall, ShortfallReason, Storage, Warning,
};
pub use shards::Shards;
#[cfg(feature = "gpu")]
pub use wgpu;

//! The selectors: one algorithm a file, on the host, through `&dyn Pool`.

mod alike;
mod chosen;
mod classes;
mod coverage;
mod facility_location;
mod gather;
mod gram_schmidt;
mod k_center;
mod kmeans;
mod logistic;
mod norm;
mod origin;
mod parallel;
mod prob_cover;
mod sas;
pub(crate) mod selector;
mod settled;
mod strata;
mod then;
mod typiclust;
mod uniform;
mod unit_rows;
mod whole;

pub use classes::Classes;
pub use coverage::{Coverage, Refinement};
pub use facility_location::{Bandwidth, FacilityLocation, Kernel};
pub use gram_schmidt::{GramSchmidt, OnExhaustion};
pub use k_center::{KCenter, Metric};
pub use kmeans::{Clustering, Convergence, KMeans};
pub use norm::Norm;
pub use prob_cover::{Delta, ProbCover};
pub use sas::{Objective, Refine, Sas, Similarity};
pub use selector::Selector;
pub use then::Then;
pub use typiclust::TypiClust;
pub use uniform::Uniform;

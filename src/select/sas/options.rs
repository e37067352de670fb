//! The options of SAS.

use crate::kernels::cut::{CutRule, Objective, Refine};
use crate::kernels::function::KernelFunction;
use crate::names::names;
use crate::quantise::FIXED_BITS;
use crate::select::classes::Classes;
use crate::selection::Storage;

/// SAS: in every latent class, the rows that are most similar to the rest of their class.
///
/// With s_ij the similarity of rows i and j of one class V, ⟨f_i, f_j⟩ above the threshold and else
/// 0, the picks S of the class greedily maximise the graph cut
///
/// ```text
/// F(S) = Σ_{i∈V∖S} Σ_{j∈S} s_ij        gain(e | S) = Σ_{i∈V} s_ie − s_ee − 2 Σ_{j∈S} s_ej
/// ```
///
/// and are then refined by double greedy (S. Joshi and B. Mirzasoleiman, *Data-Efficient Contrastive
/// Self-supervised Learning: Most Beneficial Examples for Supervised Learning Contribute the Least*,
/// ICML 2023, arXiv:2302.09195, Algorithm 1). Ties go to the lower row.
///
/// **Departures.** A class's share of the budget is exact, by largest remainder in proportion to its
/// rows that are not labelled; the paper's loop takes one row more. The default refinement fills up
/// what double greedy dropped. The authors' released code ranks by static row sums instead:
/// [`Objective::RowSum`].
///
/// **Similarities are integers.** Rows are rounded to 15 fractional bits and similarities to 16
/// (without a threshold to 30), and then every sum and comparison is exact: the picks are the same
/// on every device, whatever the storage. Against unrounded f64, F differs by less than 10⁻⁴ on
/// real pools.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `views · examples` x `dim` | any |
/// | `picks` | `budget` | examples, by ascending class, in pick order within one |
/// | `scores` | `budget` | gain of each pick over those before it, a similarity |
/// | `classes` | one an occupied class | rows, budget and picks |
/// | `details` | [`Details::Sas`] | F of every class, and how its similarities were stored |
///
/// Cost, for a class of n rows of which r are picked: with [`Storage::Dense`] n²·dim flops and 2n²
/// bytes, then 2·n·r bytes read; with [`Storage::OnTheFly`] n²·dim + 2·n·r·dim flops and 8 bytes a
/// row. Without a threshold nothing is quadratic: 2·n·r·dim flops.
///
/// # Errors
///
/// [`Error::Argument`] for a threshold that is negative or not finite, views that do not divide
/// the rows, classes that do not fit them, [`Storage::Dense`] without a threshold, or a block of 0;
/// [`Error::ZeroRow`] under [`Similarity::Cosine`]; else as [`Selector::select`]. The picks that
/// [`Error::Interrupted`] carries are those of whole classes; where none is dropped again, as with
/// [`Refine::None`], also the first of classes that were under way side by side; of whole classes alone where workers
/// have the rows.
///
/// # Example
///
/// ```
/// use coresift::{Classes, CpuPool, Features, Sas, Selector};
///
/// // Two classes; in each, the row between the others is most similar to them.
/// let x = [1.0, 0.0, 0.9, 0.3, 0.7, 0.7, -1.0, 0.1, -1.0, 0.0, -1.0, -0.2];
/// let pool = CpuPool::new(Features::new(&x, 6, 2)?);
/// let sas = Sas { classes: Classes::Given(vec![0, 0, 0, 1, 1, 1]), ..Sas::default() };
/// assert_eq!(sas.select(&pool, 2)?.picks, [1, 4]);
/// # Ok::<(), coresift::Error>(())
/// ```
///
/// [`Details::Sas`]: crate::Details::Sas
/// [`Error::Argument`]: crate::Error::Argument
/// [`Error::Interrupted`]: crate::Error::Interrupted
/// [`Error::ZeroRow`]: crate::Error::ZeroRow
/// [`Selector::select`]: crate::Selector::select
#[derive(Clone, Debug, PartialEq)]
pub struct Sas {
    /// The latent classes.
    pub classes: Classes,
    /// Similarities up to this count as 0; not negative. `None`: all count, negative ones too.
    pub threshold: Option<f64>,
    /// What similarity is.
    pub similarity: Similarity,
    /// What is maximised.
    pub objective: Objective,
    /// What follows the greedy picks; only of the cut, and not of the worst.
    pub refine: Refine,
    /// Seed of the randomised double greedy.
    pub seed: u64,
    /// Rows that every class gets at least, or all it has, where the budget pays for that.
    pub min_per_class: usize,
    /// Rows that an example has, consecutively: its augmented views. Picks, classes and labelled
    /// rows are then examples.
    pub views: usize,
    /// Pick what adds least, for ablations.
    pub worst: bool,
    /// Whether similarities are kept. No pick depends on it.
    pub storage: Storage,
    /// Rows already labelled: in S from the start, never picked.
    pub labelled: Vec<usize>,
    /// Rows among which the host picks between two passes, where similarities are not kept. Speed
    /// only: no pick depends on it.
    pub block: usize,
}

impl Default for Sas {
    /// One class, cosine above 0, the cut, topped up; one view, blocks of 1024.
    fn default() -> Self {
        Self {
            classes: Classes::default(),
            threshold: Some(0.0),
            similarity: Similarity::default(),
            objective: Objective::default(),
            refine: Refine::default(),
            seed: 0,
            min_per_class: 0,
            views: 1,
            worst: false,
            storage: Storage::default(),
            labelled: Vec::new(),
            block: 1024,
        }
    }
}

/// What the similarity of two rows is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Similarity {
    /// The cosine of their angle.
    #[default]
    Cosine,
    /// Their inner product over the square of the pool's largest length.
    Dot,
}

names!(Similarity {
    Cosine = "cosine", "Cosine of the angle";
    Dot = "dot", "Inner product, over the largest length squared";
});

impl Sas {
    /// Its similarity as a function of products: the threshold is in their unit, at most the largest i32.
    pub(crate) fn kernel_function(&self) -> KernelFunction {
        let unit = f64::from(1u32 << (2 * FIXED_BITS));
        match self.threshold {
            None => KernelFunction::Linear,
            Some(threshold) => KernelFunction::Thresholded((threshold * unit).floor() as i32),
        }
    }

    /// How the picks of a class are made, in this stage of a selection.
    pub(super) fn rule(&self, stage: u64) -> CutRule {
        CutRule {
            objective: self.objective,
            refine: self.refine,
            worst: self.worst,
            block: self.block,
            seed: self.seed,
            stage,
        }
    }

    /// Whether greedy picks are never dropped again.
    pub(super) fn is_final(&self) -> bool {
        self.worst || self.refine == Refine::None
    }
}

//! The picks of a group of classes: greedy, refined, filled up.

use super::double_greedy::{Rule, double_greedy};
use super::group::Group;
use crate::error::Error;
use crate::kernels::cut::{CutRule, Objective, Refine};
use crate::kernels::similarities::Round;
use crate::random::RowIds;

/// Who hears of the picks of a group as they are made, class by class, and may end the work.
pub(super) trait Watch {
    /// So many greedy picks are there.
    fn grown(&mut self, picks: &[Vec<Round>]) -> Result<(), Error>;

    /// These are left by double greedy.
    fn refined(&mut self, picks: &[Vec<Round>]) -> Result<(), Error>;
}

/// Makes the picks of each class of a group, going on from `picks`, which double greedy may have been over.
pub(super) fn pick(
    group: &mut Group<'_>,
    (rule, row_ids): (&CutRule, RowIds<'_>),
    budgets: &[usize],
    (picks, is_refined): (&mut Vec<Vec<Round>>, bool),
    watch: &mut dyn Watch,
) -> Result<(), Error> {
    if rule.objective == Objective::RowSum {
        *picks = group.by_row_sum(budgets);
        return Ok(());
    }
    if !is_refined {
        if picks.iter().any(|picks| !picks.is_empty()) {
            group.restart(picks)?;
        }
        group.greedy(picks, budgets, &mut |picks| watch.grown(picks))?;
        let Some(kept) = rule_of(rule, row_ids) else {
            return Ok(());
        };
        *picks = double_greedy(group, picks, kept)?;
        watch.refined(picks)?;
    }
    let is_short = |(picks, &budget): (&Vec<Round>, &usize)| picks.len() < budget;
    if rule.refine == Refine::TopUp && picks.iter().zip(budgets).any(is_short) {
        group.restart(picks)?;
        group.greedy(picks, budgets, &mut |picks| watch.grown(picks))?;
    }
    Ok(())
}

/// How greedy picks are refined, if they are.
fn rule_of<'a>(rule: &CutRule, row_ids: RowIds<'a>) -> Option<Rule<'a>> {
    match rule.refine {
        _ if rule.worst => None,
        Refine::None => None,
        Refine::RandomDoubleGreedy => Some(Rule::Random {
            seed: rule.seed,
            row_ids,
        }),
        Refine::TopUp | Refine::DoubleGreedy => Some(Rule::Certain),
    }
}

/// Each class's F of its labelled rows and the picks that were made.
pub(super) fn values(
    group: &Group<'_>,
    objective: Objective,
    picks: &[Vec<Round>],
) -> Result<Vec<i64>, Error> {
    match objective {
        Objective::Cut => Ok(group.values(picks)),
        Objective::RowSum => group.values_of_sets(picks),
    }
}

//! Voters are protected from whoever drains nodes, before anything else is done.

use super::budget::{raise_budget, surplus_budget};
use crate::plan::{Action, Situation, Step};

/// Raises the budget to what the voters of now need, or those whose pods are about to be made again; or keeps one that
/// was about to be lowered and is needed after all.
pub(super) fn protect(situation: &Situation<'_>) -> Vec<Step> {
    let voters = situation.voters();
    // Pods of members that were just removed are counted by the budget for as long as they are shown as Ready.
    let others = situation.ready_pods_without_vote().count();
    let counted = if voters < 3 { voters } else { voters + others };
    if let Some(raised) = raise_budget(situation, counted, || format!("{voters} vote, {others} more pods are Ready")) {
        return vec![raised];
    }
    let released = situation.observed.budget.as_ref().filter(|budget| budget.released);
    let kept = released.filter(|_| surplus_budget(situation).is_none()).map(|budget| {
        let (min_available, seen) = (Some(budget.min_available), Some(budget.version.clone()));
        Step::new(Action::SetBudget { min_available, seen }, "it was about to be lowered, and is needed")
    });
    kept.into_iter().collect()
}

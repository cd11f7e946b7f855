//! The PodDisruptionBudget is a lock shared with whoever drains nodes: it must hold whenever a voter counts.

use super::members::promoted;
use crate::{
    observed::{BudgetSeen, ClusterSeen},
    plan::{Action, Blocker, BlockerCode, Situation},
};

/// Voters are protected before they vote.
pub(super) fn the_budget_is_raised_first(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let promoted = promoted(action).count();
    let cluster = situation.led().filter(|_| promoted > 0)?;
    let Action::ChangeMembers { changes, .. } = action else { return None };
    let voters = cluster.voters().count() + promoted - (changes.len() - promoted);
    in_force(situation, voters)
}

/// Voters are protected as long as they vote.
pub(super) fn the_budget_is_lowered_last(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let Action::SetBudget { min_available, .. } = action else { return None };
    let voters = situation.observed.cluster.as_ref().map_or(0, |cluster: &ClusterSeen| cluster.voters().count());
    let needed = needed(voters);
    (min_available.unwrap_or(0) < needed).then(|| {
        let message = format!("{voters} members vote; the budget asks for {needed} Ready pods until they do not");
        Blocker::new(BlockerCode::BudgetNotObserved, message)
    })
}

/// A pod is evicted under the budget that the voters of now need.
pub(super) fn the_budget_is_in_force(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::Evict { .. }, Some(cluster)) = (action, situation.observed.cluster.as_ref()) else { return None };
    in_force(situation, cluster.voters().count())
}

/// Ready pods that so many voters need.
fn needed(voters: usize) -> u32 {
    if voters < 3 { 0 } else { voters as u32 - 1 }
}

/// Refuses unless a budget for so many voters is counted with.
fn in_force(situation: &Situation<'_>, voters: usize) -> Option<Blocker> {
    let needed = needed(voters);
    let holds = |budget: &BudgetSeen| budget.min_available >= needed && budget.is_observed;
    let holds = situation.observed.budget.as_ref().is_some_and(holds);
    (needed > 0 && !holds).then(|| {
        let message = format!("the budget for {voters} voters, {needed} Ready pods, is not in force yet");
        Blocker::new(BlockerCode::BudgetNotObserved, message)
    })
}

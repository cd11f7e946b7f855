//! The PodDisruptionBudget is a lock shared with whoever drains nodes: it must hold whenever a voter counts.

use super::members::promoted;
use crate::{
    observed::BudgetSeen,
    plan::{Action, Blocker, BlockerCode, MemberChange, Situation},
};

/// Voters are protected before they vote, and before their pods are made again.
pub(super) fn the_budget_is_raised_first(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let voters = match action {
        Action::ApplySet { .. } if situation.observed.set.is_none() => situation.voters(),
        Action::ChangeMembers { changes, .. } => {
            let promoted = promoted(action).count();
            let removed = changes.iter().filter(|(_, change)| *change == MemberChange::Remove).count();
            (situation.voters() + promoted).saturating_sub(if promoted > 0 { removed } else { 0 })
        }
        _ => return None,
    };
    in_force(situation, voters)
}

/// Voters are protected as long as they vote; and longer, while Ready pods are counted that do not.
pub(super) fn the_budget_is_lowered_last(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::SetBudget { min_available, .. } | Action::ReleaseBudget { min_available, .. }) = action else {
        return None;
    };
    let (min_available, present) = (min_available.unwrap_or(0), situation.observed.budget.as_ref());
    let voters = situation.voters();
    let needed = needed(voters);
    if min_available < needed {
        let message = format!("{voters} members vote; the budget asks for {needed} Ready pods until they do not");
        return Some(Blocker::new(BlockerCode::BudgetNotObserved, message));
    }
    let lowers = present.is_some_and(|present| present.min_available > min_available);
    if !lowers {
        return None;
    }
    if let Err(blocker) = situation.led_or_blocked() {
        return Some(blocker);
    }
    let ordinal = situation.ready_pods_without_vote().next()?;
    let message = format!("{} is still counted as Ready and does not vote", situation.desired.pod(ordinal));
    Some(Blocker::new(BlockerCode::BudgetNotObserved, message))
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
    let holds = |budget: &BudgetSeen| budget.min_available >= needed && budget.is_observed && !budget.released;
    let holds = situation.observed.budget.as_ref().is_some_and(holds);
    (needed > 0 && !holds).then(|| {
        let message = format!("the budget for {voters} voters, {needed} Ready pods, is not in force yet");
        Blocker::new(BlockerCode::BudgetNotObserved, message)
    })
}

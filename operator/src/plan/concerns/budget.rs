//! How many pods the PodDisruptionBudget must ask for.

use crate::{
    observed::BudgetSeen,
    plan::{Action, Situation, Step},
};

/// Ready pods that the budget must ask for with so many voters: all but one. One voter alone needs none.
pub(super) fn wanted_budget(voters: usize) -> Option<u32> {
    (voters >= 3).then(|| voters as u32 - 1)
}

/// Raises the budget to what so many voters need.
pub(super) fn raise_budget(situation: &Situation<'_>, voters: usize, reason: impl FnOnce() -> String) -> Option<Step> {
    let present = situation.observed.budget.as_ref();
    let wanted = wanted_budget(voters);
    (wanted > present.map(|budget| budget.min_available)).then(|| {
        let seen = present.map(|budget| budget.version.clone());
        Step::new(Action::SetBudget { min_available: wanted, seen }, reason())
    })
}

/// The budget, if it asks for more than its voters need, and for more than those who are to vote soon will.
pub(super) fn surplus_budget<'a>(situation: &Situation<'a>) -> Option<&'a BudgetSeen> {
    let cluster = situation.led()?;
    let is_growing = cluster.voters().count() < situation.desired.replicas as usize;
    let wanted = wanted_budget(situation.voters());
    situation.observed.budget.as_ref().filter(|budget| !is_growing && Some(budget.min_available) > wanted)
}

//! How many pods the PodDisruptionBudget must ask for.

use crate::plan::{Action, Situation, Step};

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

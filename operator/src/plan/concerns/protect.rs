//! Voters are protected from whoever drains nodes, before anything else is done.

use super::budget::raise_budget;
use crate::plan::{Situation, Step};

/// Raises the budget to what the voters of now need, or those whose pods are about to be made again.
pub(super) fn protect(situation: &Situation<'_>) -> Vec<Step> {
    let voters = situation.voters();
    raise_budget(situation, voters, || format!("{voters} vote")).into_iter().collect()
}

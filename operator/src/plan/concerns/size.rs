//! How many pods the StatefulSet must have.

use crate::plan::Situation;

/// Enough for what is asked for and for whoever may be a member.
pub(super) fn wanted_size(situation: &Situation<'_>) -> u32 {
    situation.desired.replicas.max(situation.places_in_use())
}

//! Whose data the disks hold.

use std::collections::BTreeSet;

use crate::{desired::Desired, ids::ClusterId, observed::Observed};

/// Whose data the disks hold, as far as nodes answered and claims and status remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Nobody's that is known.
    Unknown,
    /// This cluster's.
    Known(ClusterId),
    /// Those of more than one cluster: whatever is done could destroy one of them.
    Conflict(Vec<ClusterId>),
    /// Nobody's, although this cluster is remembered: every node has answered, and every disk is empty.
    DataLost(ClusterId),
}

impl Identity {
    /// What an observation tells.
    pub(super) fn judge(desired: &Desired, observed: &Observed) -> Self {
        let remembered = observed.remembered_ids();
        let forgiven = desired.start_again_without.as_ref();
        let answered = observed.answered_ids();
        let ids: BTreeSet<&ClusterId> =
            answered.iter().copied().chain(remembered.into_iter().filter(|id| Some(*id) != forgiven)).collect();
        let mut ids = ids.into_iter();
        match (ids.next(), ids.len()) {
            (None, _) => Self::Unknown,
            (Some(id), 0) if answered.is_empty() && is_all_blank(observed) => Self::DataLost(id.clone()),
            (Some(id), 0) => Self::Known(id.clone()),
            (Some(id), _) => Self::Conflict(std::iter::once(id).chain(ids).cloned().collect()),
        }
    }

    /// The cluster, if it is known.
    pub fn cluster(&self) -> Option<&ClusterId> {
        match self {
            Self::Known(id) | Self::DataLost(id) => Some(id),
            Self::Unknown | Self::Conflict(_) => None,
        }
    }
}

/// Whether every pod that the StatefulSet asks for has answered, and none has data.
pub(super) fn is_all_blank(observed: &Observed) -> bool {
    let Some(set) = &observed.set else { return false };
    let asked = (0..set.replicas).map(crate::ids::Ordinal);
    let beyond = observed.slots.iter().filter(|(_, slot)| slot.pod.is_some()).map(|(ordinal, _)| *ordinal);
    set.replicas > 0 && asked.chain(beyond).all(|ordinal| observed.answer(ordinal).blank().is_some())
}

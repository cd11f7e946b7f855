//! How many pods the StatefulSet must have.

use crate::{
    observed::{ClusterSeen, MemberSeen},
    plan::{Identity, Situation},
};

/// Enough for what is asked for and for every member; made anew, for every claim too: nobody knows yet whose they are.
pub(super) fn wanted_size(situation: &Situation<'_>) -> u32 {
    let observed = situation.observed;
    let members = observed.cluster.iter().flat_map(ClusterSeen::taking_part).map(|member: &MemberSeen| member.ordinal);
    let claims = observed.slots.iter().filter(|(_, slot)| slot.claim.is_some()).map(|(ordinal, _)| *ordinal);
    let present = match &observed.set {
        None => claims.map(|ordinal| ordinal.0 + 1).max().unwrap_or(0),
        // Without a word of the leader nobody is left out.
        Some(set) if situation.led().is_none() && situation.identity != Identity::Unknown => set.replicas,
        Some(_) => 0,
    };
    let covering = members.map(|ordinal| ordinal.0 + 1).max().unwrap_or(0);
    situation.desired.replicas.max(covering).max(present)
}

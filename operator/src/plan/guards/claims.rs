//! Places and the claims on them.

use crate::{
    ids::Ordinal,
    observed::{ClaimSeen, ClusterSeen, MemberSeen},
    plan::{Action, Blocker, BlockerCode, Identity, Situation},
};

/// The StatefulSet never leaves out a member's place; without a leader's word, nobody's; and made anew, no claim.
pub(super) fn the_set_covers_members(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let Action::ApplySet { replicas, .. } = action else { return None };
    let observed = situation.observed;
    let members = observed.cluster.iter().flat_map(ClusterSeen::taking_part).map(|member: &MemberSeen| member.ordinal);
    let unknown = match &observed.set {
        Some(set) if situation.led().is_none() && situation.identity != Identity::Unknown => set.replicas,
        Some(_) => 0,
        None => {
            let claims = observed.slots.iter().filter(|(_, slot)| slot.claim.is_some());
            claims.map(|(ordinal, _)| ordinal.0 + 1).max().unwrap_or(0)
        }
    };
    let needed = members.map(|ordinal| ordinal.0 + 1).max().unwrap_or(0).max(unknown);
    (*replicas < needed).then(|| {
        let message = format!(
            "{} may be a member's; members are removed before their pods",
            situation.desired.pod(Ordinal(needed - 1))
        );
        Blocker::new(BlockerCode::PlaceInUse, message)
    })
}

/// A new pod must not find the disk of a member that was removed.
pub(super) fn new_places_are_empty(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::ApplySet { replicas, .. }, Some(set)) = (action, &situation.observed.set) else { return None };
    if situation.identity == Identity::Unknown || set.replicas >= *replicas {
        return None;
    }
    let added = situation.observed.slots.range(Ordinal(set.replicas)..Ordinal(*replicas));
    let (ordinal, _) = added.into_iter().find(|(ordinal, slot)| {
        slot.claim.is_some() && situation.observed.member(**ordinal).is_none_or(|member| !member.takes_part())
    })?;
    let message = format!(
        "the claim of {} is still there; it goes before its place is used again",
        situation.desired.pod(*ordinal)
    );
    Some(Blocker::new(BlockerCode::ClaimInUse, message))
}

/// A claim goes only when its member is none any more, or when people named that member as lost and it is silent.
pub(super) fn the_claim_is_nobodys(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let Action::DeleteClaim { ordinal, claim } = action else { return None };
    let cluster = situation.led()?;
    let slot = situation.observed.slot(*ordinal)?;
    let seen: &ClaimSeen = slot.claim.as_ref().filter(|seen| seen.uid == *claim)?;
    // The note on the claim may be old, the node may be silent, and another may have the place: each of them counts.
    let noted = seen.member.into_iter().chain(slot.answer.member()).filter_map(|member| cluster.member(member));
    let placed = cluster.taking_part().filter(|member| member.ordinal == *ordinal);
    let is_given_up = |owner: &MemberSeen| situation.desired.replace_member == Some(owner.id) && owner.silent;
    let owner = noted.chain(placed).find(|owner| !is_given_up(owner))?;
    let message = format!("it may hold the data of member {}, which is in the cluster", owner.id);
    Some(Blocker::new(BlockerCode::ClaimInUse, message))
}

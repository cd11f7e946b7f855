//! Places and the claims on them.

use super::members::promoted;
use crate::{
    ids::Ordinal,
    observed::{MemberSeen, Role},
    plan::{Action, Blocker, BlockerCode, Situation},
};

/// Nobody votes at a place that the StatefulSet leaves out, or is about to.
pub(super) fn the_place_is_held(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (cluster, set) = (situation.led()?, situation.observed.set.as_ref());
    let mut places = promoted(action).filter_map(|member| cluster.member(member)).map(|member| member.ordinal);
    let is_held = |place: &Ordinal| set.is_some_and(|set| place.0 < set.replicas && !set.released);
    let place = places.find(|place| !is_held(place))?;
    let message =
        format!("the StatefulSet leaves out {}, or is about to; it covers voters first", situation.desired.pod(place));
    Some(Blocker::new(BlockerCode::PlaceInUse, message))
}

/// The StatefulSet leaves out no place that may be a member's.
pub(super) fn the_set_covers_members(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::ApplySet { replicas, .. } | Action::ReleasePlaces { replicas, .. }) = action else { return None };
    let needed = situation.places_in_use();
    (*replicas < needed).then(|| {
        let message = format!(
            "{} may be a member's; members are removed before their pods",
            situation.desired.pod(Ordinal(needed - 1))
        );
        Blocker::new(BlockerCode::PlaceInUse, message)
    })
}

/// A new pod must not find the disk of a member that was removed. Without a leader nobody knows whether one was; then
/// pods may be just what is missing for a leader.
pub(super) fn new_places_are_empty(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::ApplySet { replicas, .. }, Some(set)) = (action, &situation.observed.set) else { return None };
    situation.led().filter(|_| set.replicas < *replicas)?;
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
    let (Action::ReleaseClaim { ordinal, claim, .. } | Action::DeleteClaim { ordinal, claim, .. }) = action else {
        return None;
    };
    let cluster = situation.led()?;
    situation.observed.claim(*ordinal).filter(|seen| seen.uid == *claim)?;
    let given_up = situation.given_up(cluster);
    // Who is lost may have come on this disk for a voter, or after a learner, whose own disk was gone before.
    let is_given_up = |owner: &MemberSeen| {
        given_up.is_some_and(|lost| {
            let was_before = owner.ordinal == lost.ordinal && owner.role == Role::Learner && owner.silent;
            owner.id == lost.id || lost.replaces == Some(owner.id) || was_before
        })
    };
    let owner = situation.owners(cluster, *ordinal).into_iter().find(|owner| !is_given_up(owner))?;
    let message = format!("it may hold the data of member {}, which is in the cluster", owner.id);
    Some(Blocker::new(BlockerCode::ClaimInUse, message))
}

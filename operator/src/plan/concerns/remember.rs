//! Claims remember whose data they hold, for the time when no node answers.

use crate::{
    ids::MemberId,
    observed::{Answer, MemberSeen},
    plan::{Action, Situation, Step},
};

/// Notes on each claim what its node has answered.
pub(super) fn remember(situation: &Situation<'_>) -> Vec<Step> {
    let slots = situation.observed.slots.iter();
    slots
        .filter_map(|(ordinal, slot)| {
            let claim = slot.claim.as_ref().filter(|claim| !claim.terminating)?;
            let (cluster, member) = match &slot.answer {
                Answer::Member { cluster, member, .. } => (cluster, member),
                // A silent member keeps its claim when people give it up no more.
                Answer::Silent if claim.released && !is_given_up(situation, claim.member) => {
                    (claim.cluster.as_ref()?, claim.member.as_ref()?)
                }
                _ => return None,
            };
            let is_noted = claim.cluster.as_ref() == Some(cluster) && claim.member == Some(*member);
            let takes_part = situation.led().and_then(|seen| seen.member(*member)).is_some_and(MemberSeen::takes_part);
            // A claim that was released is somebody's after all.
            let is_taken_back = claim.released && takes_part;
            (!is_noted || is_taken_back).then(|| {
                let action = Action::AnnotateClaim {
                    ordinal: *ordinal,
                    claim: claim.uid.clone(),
                    seen: claim.version.clone(),
                    cluster: cluster.clone(),
                    member: *member,
                };
                Step::new(action, format!("its claim holds the data of member {member} of cluster {cluster}"))
            })
        })
        .collect()
}

/// Whether people said that this member is lost.
fn is_given_up(situation: &Situation<'_>, member: Option<MemberId>) -> bool {
    member.is_some() && situation.desired.replace_member == member
}

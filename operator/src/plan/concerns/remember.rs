//! Claims remember whose data they hold, for the time when no node answers.

use crate::observed::{Answer, MemberSeen};
use crate::plan::{Action, Situation, Step};

/// Notes on each claim what its node has answered.
pub(super) fn remember(situation: &Situation<'_>) -> Vec<Step> {
    let slots = situation.observed.slots.iter();
    slots
        .filter_map(|(ordinal, slot)| {
            let Answer::Member { cluster, member, .. } = &slot.answer else { return None };
            let claim = slot.claim.as_ref().filter(|claim| !claim.terminating)?;
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

//! What was begun and is not wanted any more, and disks of members that were removed.

use crate::{
    observed::{ClusterSeen, MemberSeen},
    plan::{Action, MemberChange, Situation, Step},
};

/// Removes learners that lead nowhere, and wipes the disks of removed members where a member is wanted.
pub(super) fn finish(situation: &Situation<'_>) -> Vec<Step> {
    let Some(cluster) = situation.led() else { return Vec::new() };
    let abandoned = cluster.learners().filter(|learner| is_abandoned(situation, cluster, learner)).map(|learner| {
        let changes = vec![(learner.id, MemberChange::Remove)];
        let reason =
            format!("learner {} is not wanted at {} any more", learner.id, situation.desired.pod(learner.ordinal));
        Step::new(Action::ChangeMembers { index: cluster.index, changes }, reason)
    });
    let mut steps: Vec<Step> = abandoned.collect();
    for ordinal in situation.desired.ordinals() {
        let Some(slot) = situation.observed.slot(ordinal) else { continue };
        let removed = slot.answer.member().filter(|member| cluster.member(*member).is_none());
        let (Some(member), Some(claim), Some(pod)) = (removed, &slot.claim, &slot.pod) else { continue };
        let reason = format!("its disk is that of member {member}, which was removed");
        if !claim.terminating {
            steps.push(Step::new(Action::DeleteClaim { ordinal, claim: claim.uid.clone() }, reason));
        } else if !pod.terminating {
            steps.push(Step::new(Action::DeletePod { ordinal, pod: pod.uid.clone() }, reason));
        }
    }
    steps
}

/// Whether no voter will come of a learner: its place is not wanted, another disk is there, or it would replace a member
/// that is gone already while somebody votes in its place.
fn is_abandoned(situation: &Situation<'_>, cluster: &ClusterSeen, learner: &MemberSeen) -> bool {
    let answer = situation.observed.answer(learner.ordinal);
    let is_other_disk = answer.blank().is_some() || answer.member().is_some_and(|member| member != learner.id);
    let voter = cluster.voters().find(|voter| voter.ordinal == learner.ordinal);
    let has_no_place = voter.is_some_and(|voter| learner.replaces != Some(voter.id));
    !situation.desired.wants(learner.ordinal) || is_other_disk || has_no_place
}

//! What was begun and is not wanted any more, and disks of members that were removed.

use super::{claims::let_go, members::change};
use crate::{
    ids::Ordinal,
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
        Step::new(change(cluster, changes), reason)
    });
    let mut steps: Vec<Step> = abandoned.collect();
    for ordinal in situation.desired.ordinals() {
        steps.extend(free_place(situation, cluster, ordinal));
    }
    steps
}

/// Lets go of the disk of a removed member, and of a pod that keeps a disk from going.
fn free_place(situation: &Situation<'_>, cluster: &ClusterSeen, ordinal: Ordinal) -> Option<Step> {
    let slot = situation.observed.slot(ordinal)?;
    let (claim, pod) = (slot.claim.as_ref()?, slot.pod.as_ref()?);
    if claim.terminating {
        let action = Action::DeletePod { ordinal, pod: pod.uid.clone(), seen: pod.version.clone() };
        return (!pod.terminating && situation.owners(cluster, ordinal).is_empty())
            .then(|| Step::new(action, "its claim goes once its pod is gone"));
    }
    if claim.released {
        // What was begun for a place that was not wanted; a claim that is somebody's after all is taken back before.
        return let_go(ordinal, claim, "it was released".to_owned());
    }
    let removed = slot.answer.member().filter(|member| cluster.member(*member).is_none())?;
    let_go(ordinal, claim, format!("its disk is that of member {removed}, which was removed"))
}

/// Whether no voter will come of a learner: its place is not wanted, another disk is there or its own is going, or it
/// would replace a member that is gone already while somebody votes in its place.
fn is_abandoned(situation: &Situation<'_>, cluster: &ClusterSeen, learner: &MemberSeen) -> bool {
    let answer = situation.observed.answer(learner.ordinal);
    let is_other_disk = answer.blank().is_some() || answer.member().is_some_and(|member| member != learner.id);
    let voter = cluster.voters().find(|voter| voter.ordinal == learner.ordinal);
    let has_no_place = voter.is_some_and(|voter| learner.replaces != Some(voter.id));
    let is_going = situation.observed.claim(learner.ordinal).is_some_and(|claim| claim.terminating);
    !situation.desired.wants(learner.ordinal) || is_other_disk || has_no_place || is_going
}

//! Voters whose disk is gone: their place is taken by a new member on the disk that is there now.

use super::{
    claims::let_go,
    members::{admit, change},
};
use crate::{
    observed::{ClaimSeen, ClusterSeen, MemberSeen},
    plan::{Action, MemberChange, Situation, Step},
};

/// Replaces voters on whose place another disk is, and frees the place of the one that people gave up.
pub(super) fn replace(situation: &Situation<'_>) -> Vec<Step> {
    let Some(cluster) = situation.led() else { return Vec::new() };
    let wanted = |member: &&MemberSeen| situation.desired.wants(member.ordinal);
    let mut steps: Vec<Step> =
        cluster.taking_part().filter(wanted).flat_map(|member| give_up(situation, member)).collect();
    steps.extend(cluster.voters().filter(wanted).filter_map(|voter| take_the_place(situation, cluster, voter)));
    steps
}

/// The next step for the disk that is there in the place of `voter`'s.
fn take_the_place(situation: &Situation<'_>, cluster: &ClusterSeen, voter: &MemberSeen) -> Option<Step> {
    let answer = situation.observed.answer(voter.ordinal);
    let is_other_disk = answer.blank().is_some() || answer.member().is_some_and(|member| member != voter.id);
    if !is_other_disk {
        return None;
    }
    let successor = cluster.learners().find(|learner| {
        learner.replaces == Some(voter.id) && answer.member() == Some(learner.id) && learner.ordinal == voter.ordinal
    });
    match successor {
        Some(successor) => {
            let changes = vec![(successor.id, MemberChange::Promote), (voter.id, MemberChange::Remove)];
            let reason = format!("member {} takes the place of member {}, whose disk is gone", successor.id, voter.id);
            Some(Step::new(change(cluster, changes), reason))
        }
        None => admit(situation, cluster, voter.ordinal, Some(voter)),
    }
}

/// Lets go of the claim and pod of a member that people said is lost for good.
fn give_up(situation: &Situation<'_>, lost: &MemberSeen) -> Vec<Step> {
    if situation.desired.replace_member != Some(lost.id) {
        return Vec::new();
    }
    let Some(slot) = situation.observed.slot(lost.ordinal) else { return Vec::new() };
    let is_noted =
        |claim: &&ClaimSeen| claim.member == Some(lost.id) && claim.cluster.as_ref() == situation.identity.cluster();
    // A claim that is there already in the place of the lost one is noted with another member, or with none.
    let Some(claim) = slot.claim.as_ref().filter(is_noted) else { return Vec::new() };
    let ordinal = lost.ordinal;
    let reason = format!("silhouette.dev/replace-member says that member {} is lost", lost.id);
    let delete_claim = let_go(ordinal, claim, reason);
    let delete_pod = slot.pod.as_ref().filter(|pod| claim.terminating && !pod.terminating).map(|pod| {
        let action = Action::DeletePod { ordinal, pod: pod.uid.clone(), seen: pod.version.clone() };
        Step::new(action, format!("it keeps the claim of member {}, which is lost, from going", lost.id))
    });
    delete_claim.into_iter().chain(delete_pod).collect()
}

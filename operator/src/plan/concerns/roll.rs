//! Pods that leave to be made again, one after another: those of an older template, and those whose claim is being
//! deleted.

use std::cmp::Reverse;

use crate::{
    ids::Ordinal,
    observed::{ClusterSeen, MemberSeen, PodSeen},
    plan::{Action, Situation, Step},
};

/// Evictions come after everything else: the budget may refuse one again and again, and what follows it would wait for
/// good.
pub(super) fn roll(situation: &Situation<'_>) -> Vec<Step> {
    let mut steps = renew_disks(situation);
    steps.extend(renew_pods(situation));
    steps
}

/// Lets the pod of a voter go whose claim is being deleted, by people perhaps: as long as the pod is there the disk is,
/// and nothing takes its place.
fn renew_disks(situation: &Situation<'_>) -> Vec<Step> {
    let Some(cluster) = situation.led() else { return Vec::new() };
    let voters = cluster.voters().filter(|voter| situation.desired.wants(voter.ordinal));
    let leaving = voters.filter_map(|voter| {
        let ordinal = voter.ordinal;
        situation.observed.claim(ordinal).filter(|claim| claim.terminating)?;
        situation.observed.answer(ordinal).member().filter(|member| *member == voter.id)?;
        let pod = situation.observed.pod(ordinal).filter(|pod| !pod.terminating)?;
        let handed_over = (cluster.leader == Some(voter.id))
            .then(|| hand_over(situation, ordinal, "its claim is being deleted"))
            .flatten();
        let action = Action::Evict { ordinal, pod: pod.uid.clone() };
        let evicted = "its claim is being deleted, and a new disk takes its place once the pod is gone";
        Some(handed_over.into_iter().chain([Step::new(action, evicted)]))
    });
    leaving.flatten().collect()
}

/// Pods of an older template: those that are not Ready first, then Ready followers by descending ordinal, the leader
/// last, after it handed over.
fn renew_pods(situation: &Situation<'_>) -> Vec<Step> {
    let leader = situation.observed.cluster.as_ref().and_then(|cluster| cluster.leader());
    let leads = |ordinal: Ordinal| leader.is_some_and(|leader| leader.ordinal == ordinal);
    let mut old: Vec<(Ordinal, &PodSeen)> = situation.old_pods().filter(|(_, pod)| !pod.terminating).collect();
    old.sort_by_key(|(ordinal, pod)| (leads(*ordinal), pod.ready, Reverse(*ordinal)));
    let handed_over = match old.first() {
        Some((ordinal, _)) if leads(*ordinal) => {
            hand_over(situation, *ordinal, "its pod is the last of an older template")
        }
        _ => None,
    };
    let evictions = old.iter().map(|(ordinal, pod)| {
        let action = Action::Evict { ordinal: *ordinal, pod: pod.uid.clone() };
        Step::new(action, "its pod is of an older template")
    });
    handed_over.into_iter().chain(evictions).collect()
}

/// Hands leadership to a Ready voter elsewhere, one of the newer template if there is one. Only if the pod could leave
/// then: each leader counts anew for how long others are silent, so one that hands over in vain keeps those that are
/// lost from being replaced.
fn hand_over(situation: &Situation<'_>, leader: Ordinal, why: &str) -> Option<Step> {
    let cluster = situation.led()?;
    if !situation.unready_voters(cluster.leader).is_empty() {
        return None;
    }
    let revision = &situation.observed.set.as_ref()?.revision;
    let is_new =
        |voter: &MemberSeen| situation.observed.pod(voter.ordinal).is_some_and(|pod| pod.revision == *revision);
    let others = cluster.voters().filter(|voter| voter.ordinal != leader && situation.can_lead(voter));
    let successor = others.max_by_key(|voter| (is_new(voter), Reverse(voter.ordinal)))?;
    let reason = format!("{} leads, and {why}", situation.desired.pod(leader));
    Some(Step::new(transfer(cluster, successor), reason))
}

/// Leadership to a voter.
pub(super) fn transfer(cluster: &ClusterSeen, to: &MemberSeen) -> Action {
    Action::TransferLeadership { cluster: cluster.id.clone(), to: to.id }
}

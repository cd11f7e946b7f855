//! How each condition is judged.

use std::collections::{BTreeMap, BTreeSet};

use super::conditions::{Because, Truth};
use crate::{
    ids::Ordinal,
    observed::{Answer, ClusterSeen, MemberSeen},
    plan::{BlockerCode, Identity, Plan, Situation},
};

/// Why nothing more happens until people do something, if so.
pub(super) fn stalled(situation: &Situation<'_>, plan: &Plan) -> Option<Because> {
    let blocker = |code: BlockerCode| {
        let mut blockers = plan.steps.iter().filter_map(|step| step.blocked_by.as_ref());
        blockers.find(|blocker| blocker.code == code).map(|blocker| (code.as_str(), blocker.message.clone()))
    };
    match &plan.identity {
        Identity::Conflict(ids) => {
            let ids: Vec<&str> = ids.iter().map(|id| id.0.as_str()).collect();
            let message = format!(
                "disks, claims and status name {} clusters ({}); nothing is done until one is left: move the other's \
                 claims away",
                ids.len(),
                ids.join(", ")
            );
            Some((BlockerCode::ClusterIdConflict.as_str(), message))
        }
        Identity::DataLost(id) => {
            let message = format!(
                "cluster {id} is remembered and every disk is empty; to start again without its data, annotate the \
                 resource with silhouette.dev/start-again-without={id}"
            );
            // What is proposed beside founding a cluster anew can still be what brings its disks back.
            plan.next().is_none().then_some((BlockerCode::DataLost.as_str(), message))
        }
        Identity::Known(_) => {
            quorum_lost(situation).or_else(|| if plan.next().is_none() { blocker(BlockerCode::LastDisk) } else { None })
        }
        Identity::Unknown => None,
    }
}

/// Whether so many voters have lost their disks that the others are no majority. That they are silent is not enough: a
/// disk is lost when another is in its place, or none.
fn quorum_lost(situation: &Situation<'_>) -> Option<Because> {
    let Some(cluster) = &situation.observed.cluster else { return nobody_has_the_data(situation) };
    if cluster.leader.is_some() {
        return None;
    }
    let is_lost = |voter: &&MemberSeen| match situation.observed.answer(voter.ordinal) {
        Answer::Uninitialised { .. } => true,
        Answer::Member { member, .. } | Answer::Removed { member, .. } => *member != voter.id,
        Answer::Silent => situation.observed.claim(voter.ordinal).is_none(),
    };
    let lost: Vec<String> =
        cluster.voters().filter(is_lost).map(|voter| situation.desired.pod(voter.ordinal)).collect();
    let voters = cluster.voters().count();
    ((voters - lost.len()) * 2 <= voters).then(|| {
        let message = format!(
            "{} of {voters} voters have lost their disks ({}), and a majority is needed; bring back the volumes that they \
             had",
            lost.len(),
            lost.join(", ")
        );
        ("QuorumLost", message)
    })
}

/// Whether every node answers and none is in the cluster's configuration: there are only numbers that were given.
fn nobody_has_the_data(situation: &Situation<'_>) -> Option<Because> {
    let slots = &situation.observed.slots;
    let silent = situation.places().chain(slots.keys().copied());
    let is_silent = |place| *situation.observed.answer(place) == Answer::Silent;
    (!slots.is_empty() && !silent.into_iter().any(is_silent)).then(|| {
        let message = "every node answers, and none has the cluster's data; bring back the volumes that had them";
        ("QuorumLost", message.to_owned())
    })
}

/// What is left to do or waited for.
pub(super) fn reconciling(situation: &Situation<'_>, plan: &Plan) -> Option<Because> {
    if let Some(next) = plan.next() {
        return Some(("Progressing", next.to_string()));
    }
    if let Some((step, blocker)) = plan.steps.iter().find_map(|step| Some((step, step.blocked_by.as_ref()?))) {
        return Some((blocker.code.as_str(), step.to_string()));
    }
    waited_for(situation)
}

/// What is missing although no step is left to do.
fn waited_for(situation: &Situation<'_>) -> Option<Because> {
    let (observed, desired) = (situation.observed, situation.desired);
    let Some(cluster) = observed.led() else {
        return Some(("NoLeader", format!("no leader answers{}", situation.silence())));
    };
    if cluster.joint {
        return Some((BlockerCode::ChangeInFlight.as_str(), "a change of members is not finished".to_owned()));
    }
    if observed.set.as_ref().is_some_and(|set| !set.is_observed) {
        return Some(("StatefulSetNotObserved", "the StatefulSet's controller has not looked at it yet".to_owned()));
    }
    let missing = |ordinal: Ordinal| match cluster.at(ordinal).filter(|member| member.votes()) {
        None => Some(format!("{} does not vote", desired.pod(ordinal))),
        Some(voter) if !observed.is_ready(voter) => Some(situation.why_not_ready(voter)),
        Some(_) => None,
    };
    if let Some(missing) = desired.ordinals().find_map(missing) {
        return Some(("VotersNotReady", missing));
    }
    let beyond = observed.slots.keys().find(|ordinal| !desired.wants(**ordinal));
    beyond.map(|ordinal| ("PlacesNotEmpty", format!("{} is not gone yet", desired.pod(*ordinal))))
}

/// That nothing is missing.
pub(super) fn as_asked_for(situation: &Situation<'_>) -> Because {
    ("AsAskedFor", format!("{} voters are Ready, and nothing is left to do", situation.desired.replicas))
}

/// Whether a majority of voters sees the leader.
pub(super) fn quorate(situation: &Situation<'_>) -> (Truth, Because) {
    let Some(cluster) = &situation.observed.cluster else { return no_member_answers(situation) };
    let sees_leader = |voter: &&MemberSeen| {
        matches!(situation.observed.answer(voter.ordinal),
            Answer::Member { member, sees_leader: true, .. } if *member == voter.id)
    };
    let (seeing, voters) = (cluster.voters().filter(sees_leader).count(), cluster.voters().count());
    let message = format!("{seeing} of {voters} voters see a leader{}", situation.silence());
    match &situation.identity {
        Identity::Conflict(_) => (Truth::Unknown, ("ClusterIdConflict", "nodes of two clusters answer".to_owned())),
        _ if seeing * 2 > voters => (Truth::True, ("LeaderSeen", message)),
        _ => (Truth::False, ("NoQuorum", message)),
    }
}

/// Whether each served round is held by a majority of voters.
pub(super) fn data_ready(situation: &Situation<'_>) -> (Truth, Because) {
    match situation.observed.led() {
        None if situation.observed.cluster.is_none() => no_member_answers(situation),
        None => (Truth::Unknown, ("NoLeader", "only a leader knows who holds which round".to_owned())),
        Some(ClusterSeen { rounds_at_risk: 0, .. }) => {
            (Truth::True, ("RoundsHeld", "each round that is served is held by a majority of voters".to_owned()))
        }
        Some(_) => {
            let message = "rounds are held by too few voters, which fetch them by themselves".to_owned();
            (Truth::False, ("RoundsAtRisk", message))
        }
    }
}

/// Whether there is less in reserve than was asked for.
pub(super) fn degraded(situation: &Situation<'_>) -> (Truth, Because) {
    let Some(cluster) = &situation.observed.cluster else { return no_member_answers(situation) };
    let unready = situation.unready_voters(None);
    let voters = cluster.voters().count();
    if let Some(first) = unready.first() {
        let message =
            format!("{} of {voters} voters ready; {}", voters - unready.len(), situation.why_not_ready(first));
        return (Truth::True, ("VotersNotReady", message));
    }
    if let Some((node, pods)) = co_located(situation, cluster) {
        let message = format!("{} are on node {node}, and would be lost with it together", pods.join(" and "));
        return (Truth::True, ("CoLocated", message));
    }
    (Truth::False, ("InReserve", format!("{voters} of {voters} voters ready, each on a node of its own")))
}

/// The first node that more than one voter is on, and their pods.
fn co_located<'a>(situation: &Situation<'a>, cluster: &ClusterSeen) -> Option<(&'a str, Vec<String>)> {
    let mut by_node: BTreeMap<&str, BTreeSet<Ordinal>> = BTreeMap::new();
    for voter in cluster.voters() {
        if let Some(node) = situation.observed.pod(voter.ordinal).and_then(|pod| pod.node.as_ref()) {
            by_node.entry(&node.name).or_default().insert(voter.ordinal);
        }
    }
    let (node, places) = by_node.into_iter().find(|(_, places)| places.len() > 1)?;
    Some((node, places.into_iter().map(|place| situation.desired.pod(place)).collect()))
}

/// Without a member that answers nobody knows of a cluster's state; before it is founded it has none.
fn no_member_answers(situation: &Situation<'_>) -> (Truth, Because) {
    match situation.identity {
        Identity::Unknown => (Truth::False, ("NotFounded", "no cluster was founded yet".to_owned())),
        _ => (Truth::Unknown, ("NobodyAnswers", "no member answers".to_owned())),
    }
}

//! More voters: pods, learners that catch up, the budget, then one joint promotion.

use super::{
    budget::raise_budget,
    members::{admit, change, newcomers},
    size::wanted_size,
};
use crate::{
    observed::{ClusterSeen, SetSeen},
    plan::{Action, MemberChange, Situation, Step},
};

/// Makes pods for the voters that are asked for, learners of their nodes, and voters of all learners together.
pub(super) fn grow(situation: &Situation<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let size = wanted_size(situation);
    if let Some(set) = situation.observed.set.as_ref().filter(|set| set.replicas < size || is_taken_back(set, size)) {
        let reason = format!("{} pods exist, {size} are needed", set.replicas);
        steps.push(Step::new(Action::ApplySet { replicas: size, seen: Some(set.version.clone()) }, reason));
    }
    if let Some(cluster) = situation.led() {
        let is_free = |ordinal| cluster.taking_part().all(|member| member.ordinal != ordinal);
        let free = situation.desired.ordinals().filter(|ordinal| is_free(*ordinal));
        steps.extend(free.filter_map(|ordinal| admit(situation, cluster, ordinal, None)));
        steps.extend(promote(situation, cluster));
    }
    steps
}

/// Whether it was about to have fewer pods than are needed after all.
fn is_taken_back(set: &SetSeen, size: u32) -> bool {
    set.released && set.replicas == size
}

/// Promotes the learners once there are as many as are missing.
fn promote(situation: &Situation<'_>, cluster: &ClusterSeen) -> Vec<Step> {
    let learners = newcomers(situation, cluster);
    let voters = cluster.voters().count() + learners.len();
    if learners.is_empty() || voters != situation.desired.replicas as usize {
        return Vec::new();
    }
    let mut steps = Vec::new();
    steps.extend(raise_budget(situation, voters, || format!("{voters} are about to vote")));
    let changes = learners.iter().map(|learner| (learner.id, MemberChange::Promote)).collect();
    steps.push(Step::new(
        change(cluster, changes),
        format!("{voters} voters are asked for, and as many learners as are missing are there"),
    ));
    steps
}

//! Fewer voters: leadership, members, budget, pods, claims, in this order.

use super::{
    budget::{surplus_budget, wanted_budget},
    claims::let_go,
    members::{change, newcomers},
    roll::transfer,
};
use crate::{
    ids::Ordinal,
    observed::{ClusterSeen, MemberSeen},
    plan::{Action, MemberChange, Situation, Step},
};

/// Removes the highest two voters that are not wanted, then what is left of them.
pub(super) fn shrink(situation: &Situation<'_>) -> Vec<Step> {
    let observed = situation.observed;
    let mut steps = Vec::new();
    if let Some(cluster) = situation.led() {
        steps.extend(remove_voters(situation, cluster));
        if let Some(budget) = surplus_budget(situation) {
            let wanted = wanted_budget(situation.voters());
            let seen = budget.version.clone();
            let action = if budget.released {
                Action::SetBudget { min_available: wanted, seen: Some(seen) }
            } else {
                Action::ReleaseBudget { min_available: wanted, seen }
            };
            steps.push(Step::new(action, format!("{} vote", cluster.voters().count())));
        }
    }
    // Who may be a member although nobody answers is the guards' matter, who say so.
    let members = observed.cluster.iter().flat_map(ClusterSeen::taking_part).map(|member| member.ordinal.places());
    let size = members.max().unwrap_or(0).max(situation.desired.replicas);
    if let Some(set) = observed.set.as_ref().filter(|set| set.replicas > size) {
        let reason = format!("{} pods exist, {size} are needed", set.replicas);
        let seen = set.version.clone();
        let action = if set.released {
            Action::ApplySet { replicas: size, seen: Some(seen) }
        } else {
            Action::ReleasePlaces { replicas: size, seen }
        };
        steps.push(Step::new(action, reason));
    }
    steps.extend(delete_claims(situation));
    steps
}

/// Two voters that are not wanted, or one where that leaves an odd number: lost ones first, which no quorum can count
/// on, then the highest.
fn remove_voters(situation: &Situation<'_>, cluster: &ClusterSeen) -> Vec<Step> {
    let mut surplus: Vec<&MemberSeen> =
        cluster.voters().filter(|voter| !situation.desired.wants(voter.ordinal)).collect();
    surplus.sort_by_key(|voter| (situation.is_sound(voter), std::cmp::Reverse(voter.ordinal)));
    // Learners at places that are wanted come in the same change: a voter alone could not leave without them.
    let newcomers = if surplus.is_empty() { Vec::new() } else { newcomers(situation, cluster) };
    let is_odd = (cluster.voters().count() + newcomers.len()) % 2 == 1;
    surplus.truncate(if is_odd { 2 } else { 1 });
    if surplus.is_empty() || (is_odd && surplus.len() == 1) {
        return Vec::new();
    }
    let names: Vec<String> = surplus.iter().map(|voter| situation.desired.pod(voter.ordinal)).collect();
    let names = names.join(" and ");
    let mut steps = Vec::new();
    // To a voter that stays for now, best one that is wanted; not to one that loses its disk, and with it the
    // leadership.
    let staying = cluster.voters().filter(|voter| surplus.iter().all(|leaving| leaving.id != voter.id));
    let can_lead = |voter: &&MemberSeen| situation.can_lead(voter) && situation.disk_stays(voter.ordinal);
    let successor = staying.filter(can_lead).min_by_key(|voter| voter.ordinal);
    if let (Some(successor), true) = (successor, surplus.iter().any(|voter| Some(voter.id) == cluster.leader)) {
        let reason = format!("the leader is one of {names}, which are to leave");
        steps.push(Step::new(transfer(cluster, successor), reason));
    }
    let leave = surplus.iter().map(|voter| (voter.id, MemberChange::Remove));
    let changes = newcomers.iter().map(|learner| (learner.id, MemberChange::Promote)).chain(leave).collect();
    let reason = format!("{} replicas are asked for, without {names}", situation.desired.replicas);
    steps.push(Step::new(change(cluster, changes), reason));
    steps
}

/// Claims beyond the StatefulSet, of whose pods nothing is left.
fn delete_claims(situation: &Situation<'_>) -> Vec<Step> {
    let Some(set) = &situation.observed.set else { return Vec::new() };
    let beyond = situation.observed.slots.range(Ordinal(set.replicas)..);
    beyond
        .filter_map(|(ordinal, slot)| {
            let reason = "its member was removed, and a new one must find an empty disk".to_owned();
            let_go(*ordinal, slot.claim.as_ref()?, reason)
        })
        .collect()
}

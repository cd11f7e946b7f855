//! What must hold whatever happens. Each is checked where the world changes.

mod harm;
mod names;

use std::fmt;

use silhouette_operator::status::{ConditionKind, Conditions};

pub(crate) use harm::{
    eviction_does_no_harm, only_the_silent_go, the_disk_stays, the_last_disk_stays, the_set_covers, voters_are_counted,
};
pub(crate) use names::{everything, is_untouched, stale_name};

use crate::{
    operator::Look,
    world::{Belongs, Claim, World},
};

/// Seconds of silence after which a voter may be replaced.
pub(crate) const SILENT: u64 = 30;

/// Seconds that a step hangs at most.
pub(crate) const LONGEST_HANG: u64 = 40;

/// An invariant that was broken.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// Its name.
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

pub(crate) fn broken<T>(invariant: &'static str, what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { invariant, what: what.into() })
}

/// Whoever drains a machine, under the budget: a quorum of voters stays Ready.
pub(crate) fn drain_leaves_a_quorum_ready(world: &World, ordinal: u32) -> Result<(), Violation> {
    let Some((id, member)) = world.member_at(ordinal) else { return Ok(()) };
    let cluster = &world.clusters[id];
    // A foreign disk's node may be Ready in its own cluster, and the budget counts its pod: nothing that is done here
    // helps but that people take the disk out. Nor does a lock help once people have taken it away, or while nobody
    // counts: the operator looks at pods itself, and whoever drains does not.
    let is_mixed = world.clusters_on_disks().len() > 1;
    let lags = world.now <= world.budget_lags_until;
    if is_mixed || lags || world.budget_is_deleted || !cluster.voters.contains(&member) || cluster.voters.len() == 1 {
        return Ok(());
    }
    let is_ready = |voter: u64| {
        let pod = cluster.records.get(&voter).and_then(|record| world.pods.get(&record.ordinal));
        pod.is_some_and(|pod| pod.ready && pod.leaves_at.is_none())
    };
    let staying = cluster.voters.iter().filter(|voter| **voter != member && is_ready(**voter)).count();
    if staying * 2 > cluster.voters.len() {
        return Ok(());
    }
    broken("removals leave a quorum ready", format!("pod {ordinal}, member {member} of {id}, is asked to leave"))
}

/// A pod is deleted beside the budget only if its voter does not count: a running one never.
pub(crate) fn deleted_pod_counts_for_nothing(world: &World, ordinal: u32) -> Result<(), Violation> {
    let Some(pod) = world.pods.get(&ordinal) else { return Ok(()) };
    let Some(Belongs::Member { cluster: id, member }) = world.disks.get(&pod.claim).map(|disk| &disk.belongs) else {
        return Ok(());
    };
    let cluster = &world.clusters[id];
    // A foreign disk behind the claim of a member that people gave up, on a node that is cut off: whoever could not see
    // it when the claim went cannot see it now.
    if cluster.is_foreign() && world.claims.get(&ordinal).is_some_and(|claim| claim.terminating) {
        return Ok(());
    }
    let (Some(_), Some(record)) = (cluster.leader, cluster.records.get(member)) else { return Ok(()) };
    let counts = cluster.voters.contains(member) && world.now <= record.heard_at + 2;
    if counts && world.is_up(pod) {
        return broken(
            "deleted pods count for nothing",
            format!("pod {ordinal}, member {member} of {id}, was heard of"),
        );
    }
    Ok(())
}

/// A claim goes only when its member is no voter, or the member that it is known for was given up and is silent. Should
/// people change their mind after it was released, a deletion that is on its way may be faster than the operator.
pub(crate) fn claim_is_nobodys(world: &World, ordinal: u32) -> Result<(), Violation> {
    let Some(claim) = world.claims.get(&ordinal) else { return Ok(()) };
    let Some(Belongs::Member { cluster: id, member }) = world.disks.get(&claim.uid).map(|disk| &disk.belongs) else {
        return Ok(());
    };
    let cluster = &world.clusters[id];
    let votes = cluster.voters.contains(member) || cluster.outgoing.contains(member);
    // A disk that people put behind the claim of a member that left goes with the claim: nobody could know.
    if !votes || cluster.is_foreign() || claim.given_up || is_given_up(world, claim) {
        return Ok(());
    }
    broken("no voter's claim is deleted", format!("claim {ordinal} holds member {member} of {id}"))
}

/// Whether people named the member that a claim is known for as lost, and its leader has not heard of it for long.
/// Should another disk be behind the claim by then, they have given up that.
pub(crate) fn is_given_up(world: &World, claim: &Claim) -> bool {
    let (Some(id), Some(member)) = (&claim.cluster, claim.member) else { return false };
    let record = world.clusters.get(id).and_then(|cluster| cluster.records.get(&member));
    let is_lost = world.disks.get(&claim.uid).is_some_and(|disk| disk.is_lost);
    let is_silent = record.is_some_and(|record| world.now >= record.heard_at + SILENT);
    world.resource.replace_member == Some(member) && (is_silent || is_lost)
}

/// The operator's StatefulSet leaves out no member.
pub(crate) fn set_covers_members(world: &World, replicas: u32) -> Result<(), Violation> {
    for (ordinal, claim) in world.claims.range(replicas..) {
        let Some(Belongs::Member { cluster: id, member }) = world.disks.get(&claim.uid).map(|disk| &disk.belongs)
        else {
            continue;
        };
        let cluster = &world.clusters[id];
        let votes = cluster.voters.contains(member) || cluster.outgoing.contains(member);
        if votes && !cluster.is_foreign() {
            return broken(
                "the set covers every voter",
                format!("size {replicas} leaves out member {member} at {ordinal}"),
            );
        }
    }
    Ok(())
}

/// The budget is what the voters need, unless people have taken it away since whoever acts has looked.
pub(crate) fn budget_protects(world: &World, voters: usize, look: Look, of: &str) -> Result<(), Violation> {
    let needed = if voters < 3 { 0 } else { voters as u32 - 1 };
    let present = world.budget.as_ref().map_or(0, |budget| budget.min_available);
    let was_taken = !look.is_fresh && world.budget_taken_at.is_some_and(|at| at >= look.at);
    if present >= needed || was_taken {
        return Ok(());
    }
    broken("the budget protects every voter", format!("{voters} vote after {of}, and it asks for {present} Ready pods"))
}

/// A place that is used again must not have the disk of a member that was removed. But where a
/// member's place is a pod must come, whatever disk it finds.
pub(crate) fn new_places_are_empty(world: &World, replicas: u32) -> Result<(), Violation> {
    let Some(set) = &world.set else { return Ok(()) };
    if replicas <= set.replicas {
        return Ok(());
    }
    for (ordinal, claim) in world.claims.range(set.replicas..replicas) {
        if let Some(Belongs::Member { cluster, member }) = world.disks.get(&claim.uid).map(|disk| &disk.belongs)
            && !world.clusters[cluster].records.contains_key(member)
            && !world.clusters[cluster].records.values().any(|record| record.ordinal == *ordinal)
        {
            return broken("new places are empty", format!("place {ordinal} has the disk of removed member {member}"));
        }
    }
    Ok(())
}

/// Nobody is told at once that something is done and that only people can do something; and whoever is stalled is told
/// why.
pub(crate) fn conditions_hold_together(conditions: &Conditions) -> Result<(), Violation> {
    let holding = [ConditionKind::Ready, ConditionKind::Reconciling, ConditionKind::Stalled];
    let holding: Vec<_> = holding.into_iter().filter(|kind| conditions.holds(*kind)).collect();
    if holding.len() != 1 || conditions.0.iter().any(|condition| condition.message.is_empty()) {
        return broken("one of Ready, Reconciling and Stalled holds", format!("{conditions:?}"));
    }
    Ok(())
}

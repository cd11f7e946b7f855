//! What an operator's step must not cost, as whoever looked when it did could have known.

use super::{Violation, broken};
use crate::{
    operator::Look,
    world::{Belongs, Budget, Claim, Cluster, World},
};

/// An operator's eviction costs no quorum, no leader and no last disk.
pub(crate) fn eviction_does_no_harm(world: &World, ordinal: u32, look: Look) -> Result<(), Violation> {
    let Some((id, member)) = world.member_at(ordinal) else { return Ok(()) };
    let cluster = &world.clusters[id];
    // Of one that voted alone when it was looked at nobody else could lead.
    let since = cluster.leader_since.max(cluster.joint_since);
    if cluster.voters.len() > 1 && cluster.leader == Some(member) && look.saw(Some(since)) {
        return broken("nobody waits for an election", format!("pod {ordinal} leads {id}, and is asked to leave"));
    }
    a_quorum_stays_ready(world, cluster, member, look)?;
    the_last_disk_stays(world, ordinal, look)
}

/// A quorum of voters stays Ready, in both configurations. Who was Ready in the look and is not any more counts, if the
/// budget's controller does not know better; and so does everybody once people have taken the lock away since the look.
fn a_quorum_stays_ready(world: &World, cluster: &Cluster, leaves: u64, look: Look) -> Result<(), Violation> {
    let lags = world.now < world.budget_lags_until;
    let is_taken_since = !look.is_fresh && world.budget_taken_at.is_some_and(|at| at >= look.at);
    if is_taken_since {
        return Ok(());
    }
    let is_ready = |voter: u64| {
        let Some(place) = cluster.records.get(&voter).map(|record| record.ordinal) else { return false };
        let is_ready = world.pods.get(&place).is_some_and(|pod| pod.ready && pod.leaves_at.is_none());
        is_ready || (lags && !look.saw(world.unready.get(&place).copied()))
    };
    let votes = cluster.voters.contains(&leaves) || cluster.outgoing.contains(&leaves);
    if !votes || cluster.voters.len() == 1 || cluster.has_majority(|voter| voter != leaves && is_ready(voter)) {
        return Ok(());
    }
    broken("removals leave a quorum ready", format!("member {leaves} is asked to leave"))
}

/// The disk of a voter whose claim is being deleted goes with its pod: a majority of voters has its data without it.
pub(crate) fn the_last_disk_stays(world: &World, ordinal: u32, look: Look) -> Result<(), Violation> {
    let (Some(pod), Some(claim)) = (world.pods.get(&ordinal), world.claims.get(&ordinal)) else { return Ok(()) };
    let Some(Belongs::Member { cluster: id, member }) = world.disks.get(&pod.claim).map(|disk| &disk.belongs) else {
        return Ok(());
    };
    let cluster = &world.clusters[id];
    let is_forgiven = world.resource.start_again_without.as_ref() == Some(id);
    // What a look shows of a disk is what its node says, and only while it runs.
    let is_seen = look.is_fresh && claim.terminating && world.member_at(ordinal).is_some();
    if !is_seen || is_forgiven || cluster.is_foreign() || !cluster.voters.contains(member) {
        return Ok(());
    }
    let has_disk = |voter: u64| {
        let disks = world.claims.values().filter_map(|claim| world.disks.get(&claim.uid));
        voter != *member && disks.into_iter().any(|disk| !disk.is_lost && disk.belongs.is(id, voter))
    };
    if cluster.has_majority(has_disk) {
        return Ok(());
    }
    broken("the last disk stays", format!("pod {ordinal} takes the disk of member {member} of {id} with it"))
}

/// Whoever is about to vote, or founds a cluster, does so on a disk that stays: what goes takes the vote with it.
pub(crate) fn the_disk_stays(world: &World, ordinal: u32, look: Look) -> Result<(), Violation> {
    let is_going =
        |claim: &Claim| (claim.terminating || claim.released) && (look.is_fresh || look.saw(claim.going_since));
    if world.claims.get(&ordinal).is_some_and(is_going) {
        return broken("nobody votes on a disk that goes", format!("the claim of place {ordinal} is going"));
    }
    Ok(())
}

/// Nobody is made a voter at a place that the StatefulSet leaves out, or is about to: its controller deletes the pod.
pub(crate) fn the_set_covers(world: &World, ordinal: u32, look: Look) -> Result<(), Violation> {
    let Some(set) = &world.set else {
        let what = || format!("a voter at {ordinal}, and no set");
        return if look.is_fresh { broken("the set covers every voter", what()) } else { Ok(()) };
    };
    if (set.released || set.replicas <= ordinal) && look.saw(Some(set.changed_at)) {
        let what = format!("a voter at {ordinal}, of {}, released {}", set.replicas, set.released);
        return broken("the set covers every voter", what);
    }
    Ok(())
}

/// The number of those that vote is not reduced by somebody who is wanted and was heard of.
pub(crate) fn only_the_silent_go(world: &World, cluster: &Cluster, member: u64, look: Look) -> Result<(), Violation> {
    let record = &cluster.records[&member];
    let is_wanted = record.ordinal < world.resource.replicas && look.saw(Some(world.asked.1));
    let is_heard = world.now < record.heard_at + super::SILENT;
    if is_wanted && is_heard {
        return broken("only silent voters are replaced", format!("member {member} was heard of, and is removed"));
    }
    Ok(())
}

/// Voters more are counted with before they vote, and their budget is not about to be lowered. This is the rule itself
/// rather than harm: while a budget is not counted with the API server lets no pod go.
pub(crate) fn voters_are_counted(world: &World, voters: usize, look: Look) -> Result<(), Violation> {
    let is_counted = |budget: &Budget| budget.status.min_available == Some(budget.min_available) && !budget.released;
    if voters < 3 || !look.is_fresh || world.budget.as_ref().is_some_and(is_counted) {
        return Ok(());
    }
    broken("voters are counted before they vote", format!("{voters} are about to vote"))
}

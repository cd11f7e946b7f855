//! Raft, as far as the planner can tell: leaders, joint configurations, who was heard, who has caught up.

use std::collections::BTreeSet;

use crate::world::{Cluster, World};

/// Seconds until a leader is elected where a majority runs.
const ELECTION: u64 = 3;
/// Seconds until a joint configuration is left.
const JOINT: u64 = 2;
/// Seconds until a learner that runs has caught up.
pub(crate) const CATCH_UP: u64 = 6;

/// One second of every cluster.
pub(crate) fn tick(world: &mut World) {
    let ids: Vec<String> = world.clusters.keys().cloned().collect();
    for id in ids {
        let mut cluster = world.clusters.remove(&id).expect("it is listed");
        step(world, &id, &mut cluster);
        world.clusters.insert(id, cluster);
    }
}

fn step(world: &mut World, id: &str, cluster: &mut Cluster) {
    let running: BTreeSet<u64> =
        cluster.records.keys().copied().filter(|member| world.is_member_up(id, *member)).collect();
    let up = |member: u64| running.contains(&member);
    let quorate = cluster.has_majority(up);
    if (!quorate || cluster.leader.is_some_and(|leader| !up(leader))) && cluster.leader.take().is_some() {
        world.log.push(format!("{:5} {id} has lost its leader", world.now));
    }
    if cluster.leader.is_none() {
        if !quorate {
            cluster.leader_until = None;
        } else if *cluster.leader_until.get_or_insert(world.now + ELECTION) <= world.now {
            let candidates: Vec<u64> = cluster.voters.iter().copied().filter(|voter| up(*voter)).collect();
            if let Some(leader) = world.rng.choice(&candidates) {
                cluster.follow(*leader, world.now);
                cluster.leader_until = None;
            }
        }
    }
    if cluster.leader.is_none() {
        return;
    }
    // Of those that have a number only a leader hears nothing.
    let taking_part: Vec<u64> = cluster.records.keys().copied().filter(|member| cluster.takes_part(*member)).collect();
    for (member, record) in &mut cluster.records {
        if up(*member) && taking_part.contains(member) {
            record.heard_at = world.now;
            record.caught_up_at.get_or_insert(world.now + CATCH_UP);
        }
    }
    if cluster.is_joint() && world.now >= cluster.joint_since + JOINT {
        let removed: Vec<u64> = cluster.outgoing.difference(&cluster.voters).copied().collect();
        cluster.outgoing.clear();
        cluster.index += 1;
        for member in removed {
            if !cluster.learners.contains(&member) {
                cluster.records.remove(&member);
            }
        }
        if cluster.leader.is_some_and(|leader| !cluster.voters.contains(&leader)) {
            cluster.leader = None;
        }
    }
}

//! Calls to nodes: what a cluster's leader, or a node whose disk is empty, does and refuses.

use silhouette_operator::{
    ids::{ClusterId, MemberId, Ordinal},
    plan::MemberChange,
};

use super::Carried;
use crate::{
    eviction::Refused,
    invariants::{
        SILENT, broken, budget_protects, only_the_silent_go, the_disk_stays, the_set_covers, voters_are_counted,
    },
    operator::Look,
    world::{Belongs, Cluster, Precondition, Record, World},
};

pub(super) fn bootstrap(
    world: &mut World,
    ordinal: Ordinal,
    instance: &str,
    cluster: &ClusterId,
    look: Look,
) -> Carried {
    let now = world.now;
    match world.disk_at(ordinal.0) {
        None => return Ok(Err(Refused::Unreachable)),
        Some(disk) if !world.holds(Precondition::Instance, disk.instance == instance) => {
            return Ok(Err(Refused::Node("another data directory")));
        }
        Some(disk) => match &disk.belongs {
            Belongs::Nobody => {}
            Belongs::Member { cluster: present, .. } if *present == cluster.0 => return Ok(Ok(())),
            Belongs::Member { .. } => return Ok(Err(Refused::Node("already initialised"))),
        },
    }
    let forgiven = world.resource.start_again_without.clone();
    if let Some(other) = world.clusters_on_disks().into_iter().find(|id| Some(*id) != forgiven.as_deref()) {
        return broken("no second cluster is founded", format!("{other} has disks when {cluster} is founded"));
    }
    if world.clusters.contains_key(&cluster.0) {
        return broken("one bootstrap for each cluster id", cluster.0.clone());
    }
    the_disk_stays(world, ordinal.0, look)?;
    let claim = world.pods[&ordinal.0].claim.clone();
    let record = Record {
        instance: instance.to_owned(),
        ordinal: ordinal.0,
        replaces: None,
        heard_at: now,
        caught_up_at: Some(now),
    };
    let founded = Cluster {
        index: 1,
        voters: [1].into(),
        records: [(1, record)].into(),
        last_member: 1,
        bootstraps: 1,
        ..Cluster::default()
    };
    world.clusters.insert(cluster.0.clone(), founded);
    let belongs = Belongs::Member { cluster: cluster.0.clone(), member: 1 };
    world.disks.get_mut(&claim).expect("the pod has a disk").belongs = belongs;
    Ok(Ok(()))
}

/// Whether a cluster's leader can be asked.
fn leads(world: &World, id: &str) -> bool {
    world.clusters_on_disks().contains(id) && world.clusters[id].leader.is_some()
}

pub(super) fn allocate(
    world: &mut World,
    id: &str,
    ordinal: Ordinal,
    instance: &str,
    replaces: Option<MemberId>,
) -> Carried {
    if !leads(world, id) {
        return Ok(Err(Refused::Unreachable));
    }
    // The operator asks the node itself, just before it asks the leader.
    match world.disk_at(ordinal.0) {
        None => return Ok(Err(Refused::Unreachable)),
        Some(disk) if !world.holds(Precondition::Instance, disk.instance == instance) => {
            return Ok(Err(Refused::Conflict("another data directory")));
        }
        Some(_) => {}
    }
    let now = world.now;
    let cluster = world.clusters.get_mut(id).expect("it leads");
    if cluster.records.values().any(|record| record.instance == instance) {
        return Ok(Ok(()));
    }
    if let Some(replaced) = replaces {
        match cluster.records.get(&replaced.0) {
            None => return Ok(Err(Refused::Node("member not found"))),
            Some(replaced)
                if now < replaced.heard_at + SILENT && cluster.voters.contains(&replaces.map_or(0, |id| id.0)) =>
            {
                return broken(
                    "only silent voters are replaced",
                    format!("member at {} was heard of", replaced.ordinal),
                );
            }
            Some(_) => {}
        }
    }
    cluster.last_member += 1;
    let record = Record {
        instance: instance.to_owned(),
        ordinal: ordinal.0,
        replaces: replaces.map(|id| id.0),
        heard_at: now,
        caught_up_at: None,
    };
    cluster.records.insert(cluster.last_member, record);
    Ok(Ok(()))
}

pub(super) fn join(
    world: &mut World,
    id: &str,
    ordinal: Ordinal,
    instance: &str,
    member: MemberId,
) -> Result<(), Refused> {
    let record = world.clusters.get(id).and_then(|cluster| cluster.records.get(&member.0));
    if record.is_none_or(|record| record.instance != instance) {
        return Err(Refused::Node("no such member"));
    }
    match world.disk_at(ordinal.0) {
        None => return Err(Refused::Unreachable),
        Some(disk) if !world.holds(Precondition::Instance, disk.instance == instance) => {
            return Err(Refused::Node("another data directory"));
        }
        Some(_) => {}
    }
    let claim = world.pods[&ordinal.0].claim.clone();
    let disk = world.disks.get_mut(&claim).expect("the pod has a disk");
    if disk.belongs == Belongs::Nobody {
        disk.belongs = Belongs::Member { cluster: id.to_owned(), member: member.0 };
    }
    Ok(())
}

/// What `check_change` of `server/src/consensus/raft_thread/leading.rs` refuses, in its order, by its reasons; what it
/// lets pass must do no harm.
pub(super) fn change_members(
    world: &mut World,
    id: &str,
    index: u64,
    changes: &[(MemberId, MemberChange)],
    look: Look,
) -> Carried {
    if !leads(world, id) {
        return Ok(Err(Refused::Unreachable));
    }
    let cluster = &world.clusters[id];
    let heard = |(member, record): (&u64, &Record)| (world.now <= record.heard_at + 2).then_some(*member);
    let up: Vec<u64> = cluster.records.iter().filter_map(heard).collect();
    if cluster.is_joint() {
        return Ok(Err(Refused::Node("CHANGE_IN_FLIGHT")));
    }
    if !world.holds(Precondition::Index, cluster.index == index) {
        return Ok(Err(Refused::Conflict("CONFIGURATION_CHANGED")));
    }
    let (mut voters, mut learners) = (cluster.voters.clone(), cluster.learners.clone());
    let mut removes_leader = false;
    let is_removed = |member: u64| changes.contains(&(MemberId(member), MemberChange::Remove));
    for (member, change) in changes {
        let Some(record) = cluster.records.get(&member.0) else { return Ok(Err(Refused::Node("MEMBER_NOT_FOUND"))) };
        match change {
            MemberChange::AddLearner => {
                learners.insert(member.0);
            }
            MemberChange::Promote => {
                if record.caught_up_at.is_none_or(|at| at > world.now) || !up.contains(&member.0) {
                    return Ok(Err(Refused::Node("NOT_CAUGHT_UP")));
                }
                let replaced = record.replaces.filter(|replaced| is_removed(*replaced));
                let replaced = replaced.and_then(|replaced| cluster.records.get(&replaced));
                if replaced.is_some_and(|replaced| cluster.silence(replaced, world.now) < SILENT) {
                    return Ok(Err(Refused::Node("MEMBER_ACTIVE")));
                }
                learners.remove(&member.0);
                voters.insert(member.0);
            }
            MemberChange::Remove => {
                let votes = voters.remove(&member.0);
                learners.remove(&member.0);
                removes_leader |= votes && cluster.leader == Some(member.0);
                if votes && cluster.rounds_at_risk_until > world.now {
                    // `check_membership` of `server/src/state/apply/members.rs`.
                    return Ok(Err(Refused::Node("CHANGE_UNSAFE: a minority would hold a round")));
                }
            }
        }
    }
    let live = voters.iter().filter(|voter| up.contains(voter)).count();
    if voters != cluster.voters && (live * 2 <= voters.len() || voters.len() == 2) {
        return Ok(Err(Refused::Node("CHANGE_UNSAFE: no live quorum")));
    }
    if removes_leader {
        // It hands over, and leaves it to the caller to ask the next leader.
        let next = voters.iter().copied().find(|voter| up.contains(voter));
        let (cluster, now) = (world.clusters.get_mut(id).expect("it is there"), world.now);
        if let Some(next) = next {
            cluster.follow(next, now);
        }
        return Ok(Err(Refused::Node("NO_LEADER: it hands over first")));
    }
    if voters.len() % 2 == 0 {
        return broken("the number of voters is odd", format!("{} of {id}", voters.len()));
    }
    for voter in voters.difference(&cluster.voters) {
        the_disk_stays(world, cluster.records[voter].ordinal, look)?;
        the_set_covers(world, cluster.records[voter].ordinal, look)?;
    }
    for removed in cluster.voters.difference(&voters) {
        only_the_silent_go(world, cluster, *removed, look)?;
    }
    if voters.len() > cluster.voters.len() {
        budget_protects(world, voters.len(), look, "the promotion")?;
        voters_are_counted(world, voters.len(), look)?;
    }
    let now = world.now;
    let cluster = world.clusters.get_mut(id).expect("it is there");
    cluster.index += 1;
    if voters == cluster.voters {
        let removed: Vec<u64> = cluster.learners.difference(&learners).copied().collect();
        for member in removed {
            cluster.records.remove(&member);
        }
    } else {
        cluster.outgoing = std::mem::replace(&mut cluster.voters, voters);
        cluster.joint_since = now;
    }
    for added in learners.difference(&cluster.learners) {
        if let Some(record) = cluster.records.get_mut(added) {
            // The leader begins to listen.
            record.heard_at = now;
        }
    }
    cluster.learners = learners;
    Ok(Ok(()))
}

pub(super) fn transfer(world: &mut World, id: &str, to: MemberId) -> Result<(), Refused> {
    if !leads(world, id) {
        return Err(Refused::Unreachable);
    }
    if !world.clusters[id].voters.contains(&to.0) || !world.is_member_up(id, to.0) {
        return Err(Refused::Node("the voter cannot lead"));
    }
    let now = world.now;
    if let Some(cluster) = world.clusters.get_mut(id) {
        cluster.follow(to.0, now);
    }
    Ok(())
}

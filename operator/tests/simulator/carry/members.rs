//! Calls to nodes: what a cluster's leader, or a node whose disk is empty, does and refuses.

use silhouette_operator::{
    ids::{ClusterId, MemberId, Ordinal},
    plan::MemberChange,
};

use super::Carried;
use crate::{
    eviction::Refused,
    invariants::{broken, budget_protects},
    world::{Belongs, Budget, Cluster, Record, World},
};

pub(super) fn bootstrap(world: &mut World, ordinal: Ordinal, instance: &str, cluster: &ClusterId) -> Carried {
    let now = world.now;
    match world.disk_at(ordinal.0) {
        None => return Ok(Err(Refused::Unreachable)),
        Some(disk) if disk.instance != instance => return Ok(Err(Refused::Node("another data directory"))),
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
    // The node cannot know of the others: whoever saw one silent should not have asked.
    let places = 0..world.set.as_ref().map_or(0, |set| set.replicas);
    let answers = |place: u32| {
        world.disk_at(place).is_some() && world.pods.get(&place).is_some_and(|pod| world.machines[pod.machine].reports)
    };
    let all_answer = places.into_iter().all(answers);
    Ok(if all_answer { Ok(()) } else { Err(Refused::Node("a node that is silent may have a cluster")) })
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
    let now = world.now;
    let cluster = world.clusters.get_mut(id).expect("it leads");
    if cluster.records.values().any(|record| record.instance == instance) {
        return Ok(Ok(()));
    }
    if let Some(replaced) = replaces {
        match cluster.records.get(&replaced.0) {
            None => return Ok(Err(Refused::Node("member not found"))),
            Some(replaced)
                if now < replaced.heard_at + 30 && cluster.voters.contains(&replaces.map_or(0, |id| id.0)) =>
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
        Some(disk) if disk.instance != instance => return Err(Refused::Node("another data directory")),
        Some(_) => {}
    }
    let claim = world.pods[&ordinal.0].claim.clone();
    let disk = world.disks.get_mut(&claim).expect("the pod has a disk");
    if disk.belongs == Belongs::Nobody {
        disk.belongs = Belongs::Member { cluster: id.to_owned(), member: member.0 };
    }
    Ok(())
}

pub(super) fn change_members(world: &mut World, id: &str, index: u64, changes: &[(MemberId, MemberChange)]) -> Carried {
    if !leads(world, id) {
        return Ok(Err(Refused::Unreachable));
    }
    let cluster = &world.clusters[id];
    let heard = |(member, record): (&u64, &Record)| (world.now <= record.heard_at + 2).then_some(*member);
    let up: Vec<u64> = cluster.records.iter().filter_map(heard).collect();
    if cluster.index != index {
        return Ok(Err(Refused::Conflict("the configuration has changed")));
    }
    if cluster.is_joint() {
        return Ok(Err(Refused::Node("a change is in flight")));
    }
    let (mut voters, mut learners) = (cluster.voters.clone(), cluster.learners.clone());
    let mut removes_leader = false;
    let mut unwise = None;
    for (member, change) in changes {
        let Some(record) = cluster.records.get(&member.0) else { return Ok(Err(Refused::Node("member not found"))) };
        match change {
            MemberChange::AddLearner => {
                learners.insert(member.0);
            }
            MemberChange::Promote => {
                if record.caught_up_at.is_none_or(|at| at > world.now) {
                    return Ok(Err(Refused::Node("not caught up")));
                }
                let claim = world.claims.get(&record.ordinal);
                if claim.is_none_or(|claim| claim.terminating || claim.released) {
                    // Only who has seen the claims can know.
                    unwise = Some("a promoted member's disk is going");
                }
                let set = world.set.as_ref();
                if set.is_none_or(|set| set.released || set.replicas <= record.ordinal) {
                    unwise = Some("a promoted member's place is left out");
                }
                learners.remove(&member.0);
                voters.insert(member.0);
            }
            MemberChange::Remove => {
                let votes = voters.remove(&member.0);
                learners.remove(&member.0);
                removes_leader |= votes && cluster.leader == Some(member.0);
                if votes && cluster.rounds_at_risk_until > world.now {
                    return Ok(Err(Refused::Node("a round would be lost")));
                }
                let is_wanted = record.ordinal < world.resource.replicas;
                if votes && is_wanted && world.now < record.heard_at + 30 {
                    // By now wanted again, perhaps: who sees it so does not ask.
                    unwise = Some("a voter that was heard of is removed");
                }
            }
        }
    }
    if removes_leader {
        // The server hands over, and leaves it to the caller to ask the next leader.
        let next = voters.iter().copied().find(|voter| up.contains(voter));
        let cluster = world.clusters.get_mut(id).expect("it is there");
        cluster.leader = next.or(cluster.leader);
        return Ok(Err(Refused::Node("the leader hands over first")));
    }
    let live = voters.iter().filter(|voter| up.contains(voter)).count();
    if live * 2 <= voters.len() || voters.len() == 2 {
        return Ok(Err(Refused::Node("no live quorum")));
    }
    if voters.len() % 2 == 0 {
        return broken("the number of voters is odd", format!("{} of {id}", voters.len()));
    }
    if voters.len() > cluster.voters.len() {
        budget_protects(world, voters.len(), "the promotion")?;
        if !is_in_force(world, voters.len()) {
            unwise = Some("the budget is not in force");
        }
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
    Ok(unwise.map_or(Ok(()), |why| Err(Refused::Node(why))))
}

/// Whether the budget that so many voters need is counted with, and will be.
pub(super) fn is_in_force(world: &World, voters: usize) -> bool {
    let is_enough = |budget: &Budget| {
        budget.min_available + 1 >= voters as u32
            && budget.status.min_available == Some(budget.min_available)
            && !budget.released
    };
    voters < 3 || world.budget.as_ref().is_some_and(is_enough)
}

pub(super) fn transfer(world: &mut World, id: &str, to: MemberId) -> Result<(), Refused> {
    if !leads(world, id) {
        return Err(Refused::Unreachable);
    }
    if !world.clusters[id].voters.contains(&to.0) || !world.is_member_up(id, to.0) {
        return Err(Refused::Node("the voter cannot lead"));
    }
    if let Some(cluster) = world.clusters.get_mut(id) {
        cluster.leader = Some(to.0);
    }
    Ok(())
}

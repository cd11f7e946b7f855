//! The world as an operator sees it in one pass.

use std::collections::BTreeMap;

use silhouette_operator::{
    desired::Desired,
    ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId, Ordinal, ResourceVersion, Revision, Uid},
    observed::{
        Answer, BudgetSeen, Child, ClaimSeen, ClusterSeen, Container, MemberSeen, NodeSeen, Observed, PodSeen, Role,
        SetSeen, Slot,
    },
};

use crate::{
    invariants::SILENT,
    world::{Belongs, Cluster, MACHINE_NAMES, Pod, World},
};

/// What the resource asks for.
pub(crate) fn desired(world: &World) -> Desired {
    let resource = &world.resource;
    Desired {
        name: "demo".to_owned(),
        uid: Uid(resource.uid.clone()),
        replicas: resource.replicas,
        replace_member: resource.replace_member.map(MemberId),
        start_again_without: resource.start_again_without.clone().map(ClusterId),
    }
}

/// One look. A node that `hangs` does not answer in time.
pub(crate) fn observe(world: &World, hangs: Option<u32>) -> Observed {
    let mut slots: BTreeMap<Ordinal, Slot> = BTreeMap::new();
    for (ordinal, claim) in &world.claims {
        let seen = ClaimSeen {
            uid: Uid(claim.uid.clone()),
            version: ResourceVersion(claim.version.to_string()),
            cluster: claim.cluster.clone().map(ClusterId),
            member: claim.member.map(MemberId),
            released: claim.released,
            terminating: claim.terminating,
        };
        slots.entry(Ordinal(*ordinal)).or_default().claim = Some(seen);
    }
    for (ordinal, pod) in &world.pods {
        let slot = slots.entry(Ordinal(*ordinal)).or_default();
        slot.pod = Some(pod_seen(world, pod));
        if hangs != Some(*ordinal) {
            slot.answer = answer(world, *ordinal, pod);
        }
    }
    let cluster = cluster_seen(world, &slots);
    Observed {
        recorded: world.resource.recorded.clone().map(ClusterId),
        set: world.set.as_ref().map(|set| SetSeen {
            uid: Uid(set.uid.clone()),
            version: ResourceVersion(set.version.to_string()),
            replicas: set.replicas,
            revision: Revision(set.seen.1.to_string()),
            is_observed: set.seen == (set.replicas, set.template),
            released: set.released,
            is_outdated: set.template != world.resource.template,
        }),
        budget: world.budget.as_ref().map(|budget| BudgetSeen {
            version: ResourceVersion(budget.version.to_string()),
            min_available: budget.min_available,
            released: budget.released,
            is_observed: budget.status.min_available == Some(budget.min_available),
        }),
        outdated: if world.configuration_outdated { vec![Child::ConfigMap] } else { Vec::new() },
        slots,
        cluster,
        version: None,
        rolling_elsewhere: world.rolling_elsewhere.then(|| "other/cluster".to_owned()),
    }
}

fn pod_seen(world: &World, pod: &Pod) -> PodSeen {
    let machine = &world.machines[pod.machine];
    PodSeen {
        uid: Uid(pod.uid.clone()),
        version: ResourceVersion(pod.version()),
        revision: Revision(pod.template.to_string()),
        container: if !machine.reports {
            Container::Unknown
        } else if pod.running_since.is_some() {
            Container::Running
        } else {
            Container::NotRunning { reason: "ImagePullBackOff".to_owned() }
        },
        ready: pod.ready,
        terminating: pod.leaves_at.is_some(),
        stuck: !pod.ready
            && machine.reports
            && world.now >= pod.not_ready_since.max(pod.running_since.unwrap_or(pod.made_at)) + 60,
        node: Some(NodeSeen { name: MACHINE_NAMES[pod.machine].to_owned(), is_lost: !machine.reports }),
    }
}

fn answer(world: &World, ordinal: u32, pod: &Pod) -> Answer {
    let machine = &world.machines[pod.machine];
    let Some(disk) = world.disk_at(ordinal).filter(|_| machine.reports) else { return Answer::Silent };
    match &disk.belongs {
        Belongs::Nobody => Answer::Uninitialised { instance: InstanceId(disk.instance.clone()) },
        Belongs::Member { cluster: id, member } => {
            let cluster = &world.clusters[id];
            let (id, leads) = (ClusterId(id.clone()), cluster.leader.is_some());
            if leads && !cluster.records.contains_key(member) {
                return Answer::Removed { cluster: id, member: MemberId(*member) };
            }
            Answer::Member {
                cluster: id,
                member: MemberId(*member),
                instance: InstanceId(disk.instance.clone()),
                sees_leader: leads,
            }
        }
    }
}

/// The cluster of the nodes that answered, as its leader or the best informed of them tells it.
fn cluster_seen(world: &World, slots: &BTreeMap<Ordinal, Slot>) -> Option<ClusterSeen> {
    let answered: Vec<(ClusterId, MemberId)> = slots
        .values()
        .filter_map(|slot| Some((slot.answer.cluster()?.clone(), slot.answer.member()?)))
        .filter(|(id, member)| world.clusters[&id.0].takes_part(member.0))
        .collect();
    let (id, _) = answered.first()?;
    let cluster = &world.clusters[&id.0];
    let leader = cluster.leader.map(MemberId).filter(|leader| answered.contains(&(id.clone(), *leader)));
    Some(ClusterSeen {
        id: id.clone(),
        index: ConfigurationIndex(cluster.index),
        joint: cluster.is_joint(),
        leader,
        members: cluster.records.keys().map(|member| member_seen(world, cluster, *member)).collect(),
        rounds_at_risk: u32::from(cluster.rounds_at_risk_until > world.now),
    })
}

fn member_seen(world: &World, cluster: &Cluster, member: u64) -> MemberSeen {
    let record = &cluster.records[&member];
    let role = if cluster.voters.contains(&member) || cluster.outgoing.contains(&member) {
        Role::Voter
    } else if cluster.learners.contains(&member) {
        Role::Learner
    } else {
        Role::Joining
    };
    MemberSeen {
        id: MemberId(member),
        instance: InstanceId(record.instance.clone()),
        ordinal: Ordinal(record.ordinal),
        role,
        replaces: record.replaces.map(MemberId),
        active: world.now <= record.heard_at + 2,
        silent: cluster.silence(record, world.now) >= SILENT,
        caught_up: record.caught_up_at.is_some_and(|at| at <= world.now),
    }
}

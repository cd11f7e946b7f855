//! What an operator's step does to the world, and where it is refused.

mod members;

use silhouette_operator::plan::Action;

use crate::{
    eviction::{Refused, evict, leave},
    invariants::{
        Violation, budget_protects, claim_is_nobodys, deleted_pod_counts_for_nothing, is_given_up, set_covers_members,
    },
    world::{Budget, BudgetStatus, Set, World},
};

type Carried = Result<Result<(), Refused>, Violation>;

const CHANGED: Refused = Refused::Conflict("the object has changed");

/// Carries out a step.
pub(crate) fn carry_out(world: &mut World, action: &Action) -> Carried {
    if !world.resource.exists {
        // What is made for a resource that is gone goes with it.
        return Ok(Err(Refused::Conflict("the resource is gone")));
    }
    match action {
        Action::Apply { .. } => {
            world.configuration_outdated = false;
            Ok(Ok(()))
        }
        Action::ApplySet { replicas, seen } => apply_set(world, *replicas, seen.as_ref().map(|seen| seen.0.as_str())),
        Action::ReleasePlaces { seen, .. } => {
            let version = world.version();
            match &mut world.set {
                Some(set) if set.version.to_string() == seen.0 => {
                    (set.version, set.released) = (version, true);
                    Ok(Ok(()))
                }
                _ => Ok(Err(CHANGED)),
            }
        }
        Action::ReleaseBudget { seen, .. } => {
            let version = world.version();
            match &mut world.budget {
                Some(budget) if budget.version.to_string() == seen.0 => {
                    (budget.version, budget.released) = (version, true);
                    Ok(Ok(()))
                }
                _ => Ok(Err(CHANGED)),
            }
        }
        Action::SetBudget { min_available, seen } => {
            set_budget(world, *min_available, seen.as_ref().map(|seen| seen.0.as_str()))
        }
        Action::AnnotateClaim { ordinal, claim, seen, cluster, member } => {
            let version = world.version();
            match world.claims.get_mut(&ordinal.0) {
                Some(present) if present.uid == claim.0 && present.version.to_string() == seen.0 => {
                    present.version = version;
                    present.cluster = Some(cluster.0.clone());
                    present.member = Some(member.0);
                    (present.released, present.given_up) = (false, false);
                    Ok(Ok(()))
                }
                _ => Ok(Err(CHANGED)),
            }
        }
        Action::Bootstrap { ordinal, instance, cluster, .. } => {
            members::bootstrap(world, *ordinal, &instance.0, cluster)
        }
        Action::Allocate { cluster, ordinal, instance, replaces } => {
            members::allocate(world, &cluster.0, *ordinal, &instance.0, *replaces)
        }
        Action::Join { cluster, ordinal, instance, member } => {
            Ok(members::join(world, &cluster.0, *ordinal, &instance.0, *member))
        }
        Action::ChangeMembers { cluster, index, changes } => {
            members::change_members(world, &cluster.0, index.0, changes)
        }
        Action::TransferLeadership { cluster, to } => Ok(members::transfer(world, &cluster.0, *to)),
        Action::Evict { ordinal, pod } => ask_to_leave(world, ordinal.0, &pod.0),
        Action::DeletePod { ordinal, pod, seen } => {
            match world.pods.get(&ordinal.0) {
                Some(present) if present.uid == pod.0 && present.version() == seen.0 => {}
                _ => return Ok(Err(Refused::Conflict("the pod has changed"))),
            }
            let counts_for_nothing = deleted_pod_counts_for_nothing(world, ordinal.0)?;
            leave(world, ordinal.0);
            Ok(if counts_for_nothing { Ok(()) } else { Err(Refused::Node("its voter was heard of")) })
        }
        Action::ReleaseClaim { ordinal, claim, seen } => {
            let version = world.version();
            let given_up = world.claims.get(&ordinal.0).is_some_and(|present| is_given_up(world, present));
            match world.claims.get_mut(&ordinal.0) {
                Some(present) if present.uid == claim.0 && present.version.to_string() == seen.0 => {
                    (present.version, present.released, present.given_up) = (version, true, given_up);
                    Ok(Ok(()))
                }
                _ => Ok(Err(CHANGED)),
            }
        }
        Action::DeleteClaim { ordinal, claim, seen } => {
            match world.claims.get(&ordinal.0) {
                Some(present) if present.uid == claim.0 && present.version.to_string() == seen.0 => {}
                _ => return Ok(Err(Refused::Conflict("the claim is another by now"))),
            }
            claim_is_nobodys(world, ordinal.0)?;
            let version = world.version();
            if let Some(present) = world.claims.get_mut(&ordinal.0) {
                (present.version, present.terminating) = (version, true);
            }
            Ok(Ok(()))
        }
    }
}

fn apply_set(world: &mut World, replicas: u32, seen: Option<&str>) -> Carried {
    let present = world.set.as_ref().map(|set| set.version.to_string());
    if present.as_deref() != seen {
        return Ok(Err(CHANGED));
    }
    set_covers_members(world, replicas)?;
    let (version, now, template) = (world.version(), world.now, world.resource.template);
    if let Some(set) = &mut world.set {
        (set.version, set.replicas, set.template, set.changed_at) = (version, replicas, template, now);
        set.released = false;
    } else {
        let uid = world.fresh("set");
        world.set =
            Some(Set { uid, version, replicas, released: false, template, seen: (0, template), changed_at: now });
    }
    Ok(Ok(()))
}

fn set_budget(world: &mut World, min_available: Option<u32>, seen: Option<&str>) -> Carried {
    let present = world.budget.as_ref().map(|budget| budget.version.to_string());
    if present.as_deref() != seen {
        return Ok(Err(CHANGED));
    }
    let version = world.version();
    // The API server lets it be lowered at any time: whoever saw that a pod is counted which does not vote waits.
    let lowers = world.budget.as_ref().is_some_and(|budget| budget.min_available > min_available.unwrap_or(0));
    let is_too_early = lowers && has_ready_pods_without_vote(world);
    world.budget_is_deleted = false;
    let status = world.budget.as_ref().map_or(BudgetStatus::default(), |budget| budget.status);
    world.budget = min_available.map(|min_available| Budget { version, min_available, released: false, status });
    let voters: Vec<usize> = world
        .clusters
        .values()
        .filter(|cluster| cluster.leader.is_some())
        .map(|cluster| cluster.voters.len())
        .collect();
    for voters in voters {
        budget_protects(world, voters, "the budget was set")?;
    }
    Ok(if is_too_early { Err(Refused::Node("a pod is counted that does not vote")) } else { Ok(()) })
}

/// Evicts a pod. The API server knows nothing of members: whoever saw that this is unwise should not have asked.
fn ask_to_leave(world: &mut World, ordinal: u32, pod: &str) -> Carried {
    let misplaced = world.member_at(ordinal).and_then(|(id, member)| {
        let cluster = &world.clusters[id];
        let leads = cluster.leader == Some(member) && cluster.voters.len() > 1;
        let joint = cluster.is_joint().then_some("a change of members is under way");
        let unprotected = (!members::is_in_force(world, cluster.voters.len())).then_some("the budget is not in force");
        let is_ready = |voter: &u64| {
            let pod = cluster.records.get(voter).and_then(|record| world.pods.get(&record.ordinal));
            pod.is_some_and(|pod| pod.ready && pod.leaves_at.is_none())
        };
        let votes = cluster.voters.contains(&member);
        let are_others_ready = cluster.voters.iter().filter(|voter| **voter != member).all(is_ready);
        let unready = (votes && !are_others_ready).then_some("another voter is not Ready");
        let is_going = world.claims.get(&ordinal).is_some_and(|claim| claim.terminating);
        let last = (votes && is_going && cluster.voters.len() == 1 && !cluster.is_foreign())
            .then_some("the last disk goes with it");
        joint.or(leads.then_some("its member leads")).or(unprotected).or(unready).or(last)
    });
    let evicted = evict(world, ordinal, pod)?;
    Ok(misplaced.map_or(evicted, |why| Err(Refused::Node(why))))
}

/// Whether a pod is shown as Ready whose member, if it is one, does not vote in a cluster that has a leader.
fn has_ready_pods_without_vote(world: &World) -> bool {
    let votes = |place: u32| {
        world.clusters.values().any(|cluster| {
            let mut voters = cluster.voters.iter().chain(&cluster.outgoing);
            voters.any(|voter| cluster.records.get(voter).is_some_and(|record| record.ordinal == place))
        })
    };
    world.pods.iter().any(|(place, pod)| pod.ready && !votes(*place))
}

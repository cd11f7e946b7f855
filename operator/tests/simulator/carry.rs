//! What an operator's step does to the world, and where it is refused.

mod members;

use silhouette_operator::plan::Action;

use crate::{
    eviction::{Refused, evict, leave},
    invariants::{
        Violation, budget_protects, claim_is_nobodys, deleted_pod_counts_for_nothing, everything, is_given_up,
        is_untouched, set_covers_members, stale_name, the_last_disk_stays,
    },
    operator::Look,
    world::{Budget, BudgetStatus, Precondition, Set, World},
};

type Carried = Result<Result<(), Refused>, Violation>;

const CHANGED: Refused = Refused::Conflict("the object has changed");

/// Carries out a step that was planned from a look.
pub(crate) fn carry_out(world: &mut World, action: &Action, look: Look) -> Carried {
    let Some(stale) = stale_name(world, action) else { return carry(world, action, look) };
    let before = everything(world);
    let carried = carry(world, action, look);
    is_untouched(world, &before, &stale)?;
    carried
}

fn carry(world: &mut World, action: &Action, look: Look) -> Carried {
    if !world.resource.exists {
        // What is made for a resource that is gone goes with it.
        return Ok(Err(Refused::Conflict("the resource is gone")));
    }
    match action {
        Action::Apply { .. } => {
            world.configuration_outdated = false;
            Ok(Ok(()))
        }
        Action::ApplySet { replicas, seen } => {
            apply_set(world, *replicas, seen.as_ref().map(|seen| seen.0.as_str()), look)
        }
        Action::ReleasePlaces { seen, .. } => Ok(release_places(world, &seen.0)),
        Action::ReleaseBudget { seen, .. } => Ok(release_budget(world, &seen.0)),
        Action::SetBudget { min_available, seen } => {
            set_budget(world, *min_available, seen.as_ref().map(|seen| seen.0.as_str()), look)
        }
        Action::AnnotateClaim { ordinal, claim, seen, cluster, member } => {
            let version = world.version();
            let holds = is_claim(world, ordinal.0, &claim.0, &seen.0);
            match world.claims.get_mut(&ordinal.0) {
                Some(present) if holds => {
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
            members::bootstrap(world, *ordinal, &instance.0, cluster, look)
        }
        Action::Allocate { cluster, ordinal, instance, replaces } => {
            members::allocate(world, &cluster.0, *ordinal, &instance.0, *replaces)
        }
        Action::Join { cluster, ordinal, instance, member } => {
            Ok(members::join(world, &cluster.0, *ordinal, &instance.0, *member))
        }
        Action::ChangeMembers { cluster, index, changes } => {
            members::change_members(world, &cluster.0, index.0, changes, look)
        }
        Action::TransferLeadership { cluster, to } => Ok(members::transfer(world, &cluster.0, *to)),
        Action::Evict { ordinal, pod } => evict(world, ordinal.0, &pod.0, Some(look)),
        Action::DeletePod { ordinal, pod, seen } => {
            let Some(present) = world.pods.get(&ordinal.0) else { return Ok(Err(CHANGED)) };
            let is_it = present.uid == pod.0 && present.version() == seen.0;
            if !world.holds(Precondition::PodVersion, is_it) {
                return Ok(Err(CHANGED));
            }
            deleted_pod_counts_for_nothing(world, ordinal.0)?;
            the_last_disk_stays(world, ordinal.0, look)?;
            leave(world, ordinal.0);
            Ok(Ok(()))
        }
        Action::ReleaseClaim { ordinal, claim, seen } => {
            let version = world.version();
            let given_up = world.claims.get(&ordinal.0).is_some_and(|present| is_given_up(world, present));
            let holds = is_claim(world, ordinal.0, &claim.0, &seen.0);
            match world.claims.get_mut(&ordinal.0) {
                Some(present) if holds => {
                    (present.version, present.released, present.given_up) = (version, true, given_up);
                    Ok(Ok(()))
                }
                _ => Ok(Err(CHANGED)),
            }
        }
        Action::DeleteClaim { ordinal, claim, seen } => {
            if !is_claim(world, ordinal.0, &claim.0, &seen.0) {
                return Ok(Err(Refused::Conflict("the claim is another by now")));
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

fn release_places(world: &mut World, seen: &str) -> Result<(), Refused> {
    let present = version_of(world.set.as_ref().map(|set| set.version));
    let holds = world.holds(Precondition::SetVersion, present.as_deref() == Some(seen));
    let (version, now) = (world.version(), world.now);
    let set = world.set.as_mut().filter(|_| holds).ok_or(CHANGED)?;
    (set.version, set.released, set.changed_at) = (version, true, now);
    Ok(())
}

fn release_budget(world: &mut World, seen: &str) -> Result<(), Refused> {
    let present = version_of(world.budget.as_ref().map(|budget| budget.version));
    let holds = world.holds(Precondition::BudgetVersion, present.as_deref() == Some(seen));
    let version = world.version();
    let budget = world.budget.as_mut().filter(|_| holds).ok_or(CHANGED)?;
    (budget.version, budget.released) = (version, true);
    Ok(())
}

/// A version as steps name it.
fn version_of(version: Option<u64>) -> Option<String> {
    version.map(|version| version.to_string())
}

/// Whether the claim at a place is this very one, as it was seen.
fn is_claim(world: &World, ordinal: u32, uid: &str, seen: &str) -> bool {
    let is_it = |claim: &crate::world::Claim| {
        world.holds(Precondition::ClaimVersion, claim.uid == uid && claim.version.to_string() == seen)
    };
    world.claims.get(&ordinal).is_some_and(is_it)
}

fn apply_set(world: &mut World, replicas: u32, seen: Option<&str>, look: Look) -> Carried {
    let present = version_of(world.set.as_ref().map(|set| set.version));
    if !world.holds(Precondition::SetVersion, present.as_deref() == seen) {
        return Ok(Err(CHANGED));
    }
    set_covers_members(world, replicas)?;
    if world.set.is_none() {
        // Whose pods are made again is protected before they are.
        budget_protects_all(world, look, "the set was made")?;
    }
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

fn set_budget(world: &mut World, min_available: Option<u32>, seen: Option<&str>, look: Look) -> Carried {
    let present = version_of(world.budget.as_ref().map(|budget| budget.version));
    if !world.holds(Precondition::BudgetVersion, present.as_deref() == seen) {
        return Ok(Err(CHANGED));
    }
    let version = world.version();
    world.budget_is_deleted = false;
    let status = world.budget.as_ref().map_or(BudgetStatus::default(), |budget| budget.status);
    world.budget = min_available.map(|min_available| Budget { version, min_available, released: false, status });
    budget_protects_all(world, look, "the budget was set")?;
    Ok(Ok(()))
}

/// The voters of every cluster that works are protected.
fn budget_protects_all(world: &World, look: Look, of: &str) -> Result<(), Violation> {
    let mut led = world.clusters.values().filter(|cluster| cluster.leader.is_some());
    led.try_for_each(|cluster| budget_protects(world, cluster.voters.len(), look, of))
}

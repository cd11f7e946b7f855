//! Each step names what was seen: whatever is there instead by now, it leaves as it is. This compares for itself, and
//! knows nothing of what is compared where steps are carried out.

use silhouette_operator::plan::Action;

use super::{Violation, broken};
use crate::world::World;

/// What a step names, and what is there instead; `None` if it is still there.
pub(crate) fn stale_name(world: &World, action: &Action) -> Option<String> {
    let (named, there) = match action {
        Action::ApplySet { seen, .. } => (seen.as_ref().map(|seen| seen.0.clone()), set_version(world)),
        Action::ReleasePlaces { seen, .. } => (Some(seen.0.clone()), set_version(world)),
        Action::SetBudget { seen, .. } => (seen.as_ref().map(|seen| seen.0.clone()), budget_version(world)),
        Action::ReleaseBudget { seen, .. } => (Some(seen.0.clone()), budget_version(world)),
        Action::AnnotateClaim { ordinal, claim, seen, .. }
        | Action::ReleaseClaim { ordinal, claim, seen }
        | Action::DeleteClaim { ordinal, claim, seen } => {
            let there = world.claims.get(&ordinal.0);
            (Some(format!("{claim} {seen}")), there.map(|there| format!("{} {}", there.uid, there.version)))
        }
        Action::Evict { ordinal, pod } => {
            (Some(pod.0.clone()), world.pods.get(&ordinal.0).map(|there| there.uid.clone()))
        }
        Action::DeletePod { ordinal, pod, seen } => {
            let there = world.pods.get(&ordinal.0);
            (Some(format!("{pod} {seen}")), there.map(|there| format!("{} {}", there.uid, there.version())))
        }
        Action::Bootstrap { ordinal, instance, .. }
        | Action::Allocate { ordinal, instance, .. }
        | Action::Join { ordinal, instance, .. } => {
            (Some(instance.0.clone()), world.disk_at(ordinal.0).map(|disk| disk.instance.clone()))
        }
        Action::ChangeMembers { cluster, index, .. } => {
            (Some(index.to_string()), world.clusters.get(&cluster.0).map(|cluster| cluster.index.to_string()))
        }
        Action::Apply { .. } | Action::TransferLeadership { .. } => return None,
    };
    (named != there).then(|| format!("{named:?} is named, {there:?} is there"))
}

fn set_version(world: &World) -> Option<String> {
    world.set.as_ref().map(|set| set.version.to_string())
}

fn budget_version(world: &World) -> Option<String> {
    world.budget.as_ref().map(|budget| budget.version.to_string())
}

/// Everything that a step can change, as text.
pub(crate) fn everything(world: &World) -> String {
    let leaving: Vec<_> = world.pods.iter().map(|(place, pod)| (place, &pod.uid, pod.leaves_at)).collect();
    format!("{:?} {:?} {:?} {leaving:?} {:?} {:?}", world.set, world.budget, world.claims, world.disks, world.clusters)
}

/// Nothing was changed by a step whose name was stale.
pub(crate) fn is_untouched(world: &World, before: &str, stale: &str) -> Result<(), Violation> {
    if everything(world) == before {
        return Ok(());
    }
    broken("nothing is changed under a stale name", stale)
}

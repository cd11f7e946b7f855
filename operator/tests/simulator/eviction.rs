//! The Eviction API: who may leave under the budget, as the API server decides it (`IfHealthyBudget`).

use crate::{
    invariants::{Violation, drain_leaves_a_quorum_ready, eviction_does_no_harm},
    operator::Look,
    world::{Precondition, World},
};

/// Why the API server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The object is another by now.
    Conflict(&'static str),
    /// The budget does not allow it now.
    TooManyRequests,
    /// The budget's controller has not looked at it since it was changed.
    NotCounted,
    /// The node or its cluster refuses.
    Node(&'static str),
    /// Nobody is there.
    Unreachable,
}

/// Asks for a pod to leave: an operator that has looked, or whoever drains.
pub(crate) fn evict(
    world: &mut World,
    ordinal: u32,
    uid: &str,
    look: Option<Look>,
) -> Result<Result<(), Refused>, Violation> {
    let is_it = |present: &str| world.holds(Precondition::PodUid, present == uid);
    let Some(pod) = world.pods.get(&ordinal).filter(|pod| is_it(&pod.uid)) else {
        return Ok(Err(Refused::Conflict("the pod is another by now")));
    };
    if pod.leaves_at.is_some() {
        return Ok(Ok(()));
    }
    let ready = pod.ready;
    if let Some(budget) = &mut world.budget {
        if budget.status.min_available != Some(budget.min_available) {
            return Ok(Err(Refused::NotCounted));
        }
        let is_unhealthy_and_free = !ready && budget.status.healthy >= budget.min_available;
        if !is_unhealthy_and_free {
            if budget.status.allowed == 0 {
                return Ok(Err(Refused::TooManyRequests));
            }
            budget.status.allowed -= 1;
        }
    }
    match look {
        Some(look) => eviction_does_no_harm(world, ordinal, look)?,
        None => drain_leaves_a_quorum_ready(world, ordinal)?,
    }
    leave(world, ordinal);
    world.note(format!("pod {ordinal} ({uid}) is evicted"));
    Ok(Ok(()))
}

/// A pod begins to leave.
pub(crate) fn leave(world: &mut World, ordinal: u32) {
    let grace = world.rng.u64(1..5);
    let now = world.now;
    if let Some(pod) = world.pods.get_mut(&ordinal) {
        pod.leaves_at = Some(now + grace);
    }
}

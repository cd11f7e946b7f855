//! Founding a cluster where there is none.

use super::claims::let_go;
use crate::{
    ids::Ordinal,
    plan::{Action, Situation, Step},
};

/// Founds a cluster on the first node, if its disk is empty and no node is a member of one.
pub(super) fn found(situation: &Situation<'_>) -> Vec<Step> {
    let first = Ordinal(0);
    let Some(instance) = situation.observed.answer(first).blank() else { return Vec::new() };
    if !situation.observed.answered_ids().is_empty() {
        return Vec::new();
    }
    let slot = situation.observed.slot(first);
    if let Some((claim, pod)) = slot.and_then(|slot| slot.claim.as_ref().zip(slot.pod.as_ref()))
        && claim.terminating
    {
        // The disk goes with the pod: what is founded on it would, too.
        let action = Action::DeletePod { ordinal: first, pod: pod.uid.clone(), seen: pod.version.clone() };
        let deleted = Step::new(action, "its disk is empty, and its claim is being deleted");
        return if pod.terminating { Vec::new() } else { vec![deleted] };
    }
    if let Some(claim) = slot.and_then(|slot| slot.claim.as_ref()).filter(|claim| claim.released) {
        // Its deletion may be on its way.
        return let_go(first, claim, "its disk is empty, and it was released".to_owned()).into_iter().collect();
    }
    let action = Action::Bootstrap {
        ordinal: first,
        instance: instance.clone(),
        cluster: situation.desired.new_cluster_id(),
        initial_members: situation.desired.replicas,
    };
    vec![Step::new(action, "no node belongs to a cluster")]
}

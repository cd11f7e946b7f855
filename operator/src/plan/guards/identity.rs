//! Whose data may be touched, and when there are none.

use crate::plan::{Action, Blocker, BlockerCode, Identity, Situation, identity::is_all_blank};

/// With disks of two clusters every step could destroy one of them.
pub(super) fn disks_are_of_one_cluster(situation: &Situation<'_>, _: &Action) -> Option<Blocker> {
    let Identity::Conflict(ids) = &situation.identity else { return None };
    let ids: Vec<&str> = ids.iter().map(|id| id.0.as_str()).collect();
    let message = format!(
        "disks, claims and status name {} clusters ({}); nothing is done until one is left: move the other's claims away",
        ids.len(),
        ids.join(", ")
    );
    Some(Blocker::new(BlockerCode::ClusterIdConflict, message))
}

/// A cluster that is remembered is not founded anew: its disks may come back.
pub(super) fn no_cluster_is_remembered(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::Bootstrap { .. }, Some(id)) = (action, situation.identity.cluster()) else { return None };
    let message = match &situation.identity {
        Identity::DataLost(_) => format!(
            "cluster {id} is remembered and every disk is empty; to start again without its data, annotate the resource with \
             silhouette.dev/start-again-without={id}"
        ),
        _ => format!("cluster {id} is remembered; its disks may come back{}", situation.silence()),
    };
    Some(Blocker::new(BlockerCode::DataLost, message))
}

/// One disk that has not been looked at may be the cluster's; and one that is about to go must not become it.
pub(super) fn every_disk_is_empty(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let Action::Bootstrap { ordinal, .. } = action else { return None };
    if !situation.disk_stays(*ordinal) || situation.observed.pod(*ordinal).is_none_or(|pod| pod.terminating) {
        let message =
            format!("{} or its claim is being deleted; a new one founds the cluster", situation.desired.pod(*ordinal));
        return Some(Blocker::new(BlockerCode::ClaimInUse, message));
    }
    if is_all_blank(situation.observed) {
        return None;
    }
    let message = format!("a cluster is founded once every node has answered in one pass{}", situation.silence());
    Some(Blocker::new(BlockerCode::NodeSilent, message))
}

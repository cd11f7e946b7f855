//! What a volume claim shows.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::ResourceExt as _;

use crate::{
    ids::{ClusterId, MemberId, ResourceVersion, Uid},
    observed::ClaimSeen,
    resources::annotations,
};

/// A claim, with the notes on it. A note that makes no sense is none.
pub(super) fn claim_seen(claim: &PersistentVolumeClaim) -> ClaimSeen {
    let notes = claim.annotations();
    let note = |name: &str| notes.get(name).map(String::as_str).filter(|note| !note.is_empty());
    ClaimSeen {
        uid: Uid(claim.uid().unwrap_or_default()),
        version: ResourceVersion(claim.resource_version().unwrap_or_default()),
        cluster: note(annotations::CLUSTER_ID).map(ClusterId::from),
        member: note(annotations::MEMBER_ID).and_then(|member| member.parse().ok()).map(MemberId),
        released: is_released(notes),
        terminating: claim.metadata.deletion_timestamp.is_some(),
    }
}

/// Whether an object is marked as about to be taken away.
pub(super) fn is_released(notes: &BTreeMap<String, String>) -> bool {
    notes.get(annotations::RELEASED).is_some_and(|mark| mark == annotations::TRUE)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn seen(notes: &Value) -> ClaimSeen {
        let metadata = json!({
            "name": "data-demo-0",
            "namespace": "team",
            "uid": "c0",
            "resourceVersion": "812",
            "labels": { "silhouette.dev/cluster": "demo" },
            "annotations": notes,
        });
        claim_seen(&from_value(json!({ "metadata": metadata, "status": { "phase": "Bound" } })).expect("a claim"))
    }

    #[test]
    fn a_new_claim_is_nobodys() {
        let seen = seen(&json!({ "pv.kubernetes.io/bind-completed": "yes" }));
        assert_eq!((seen.uid, seen.version), (Uid::from("c0"), ResourceVersion::from("812")));
        assert_eq!((seen.cluster, seen.member, seen.released, seen.terminating), (None, None, false, false));
    }

    #[test]
    fn notes_tell_whose_data_a_claim_holds() {
        let seen = seen(&json!({ "silhouette.dev/cluster-id": "c1", "silhouette.dev/member-id": "3" }));
        assert_eq!((seen.cluster, seen.member), (Some(ClusterId::from("c1")), Some(MemberId(3))));
    }

    #[test]
    fn a_note_that_makes_no_sense_is_none() {
        let seen = seen(&json!({ "silhouette.dev/cluster-id": "", "silhouette.dev/member-id": "three" }));
        assert_eq!((seen.cluster, seen.member), (None, None));
    }

    #[test]
    fn only_the_whole_mark_releases() {
        assert!(seen(&json!({ "silhouette.dev/released": "true" })).released);
        assert!(!seen(&json!({ "silhouette.dev/released": "false" })).released);
    }

    #[test]
    fn a_claim_that_is_going_says_so() {
        let metadata = json!({ "name": "data-demo-0", "deletionTimestamp": "2026-11-25T02:00:00Z" });
        assert!(claim_seen(&from_value(json!({ "metadata": metadata })).expect("a claim")).terminating);
    }
}

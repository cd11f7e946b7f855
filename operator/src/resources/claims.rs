//! Whether volume claims go with their resource.
//!
//! The StatefulSet's controller makes claims and never deletes them. With `storage.onClusterDelete: Delete` each is owned by
//! the resource as soon as it is there, and goes with it: the API server deletes what is owned by something that is gone.
//! With `Retain` it is not, and outlives the resource. Either way it outlives the StatefulSet and its pods, and whoever
//! changes their mind does so before they delete the resource.

use k8s_openapi::{
    api::core::v1::PersistentVolumeClaim,
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use serde_json::{Value, json};

use crate::api::OnClusterDelete;

/// Whose claims are, according to the resource.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ownership {
    /// What becomes of them.
    pub(super) on_cluster_delete: OnClusterDelete,
    /// The resource.
    pub(super) owner: OwnerReference,
}

/// A change of one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPatch {
    /// The claim's name.
    pub name: String,
    /// What is merged into it (RFC 7386). It names the claim's uid and version: if another is there by now, the API server
    /// refuses.
    pub patch: Value,
}

impl Ownership {
    /// What is to be changed, of claims that are not already going.
    ///
    /// The list of owners is written as a whole and not applied: an owner that others wrote would not go with an apply.
    pub(super) fn patches<'a>(&self, claims: impl IntoIterator<Item = &'a PersistentVolumeClaim>) -> Vec<ClaimPatch> {
        let metadata = claims.into_iter().map(|claim| &claim.metadata);
        metadata
            .filter(|metadata| metadata.deletion_timestamp.is_none())
            .filter_map(|claim| self.patch(claim))
            .collect()
    }

    fn patch(&self, claim: &ObjectMeta) -> Option<ClaimPatch> {
        let present = claim.owner_references.clone().unwrap_or_default();
        let is_owned = present.iter().any(|owner| owner.uid == self.owner.uid);
        let is_to_be = match self.on_cluster_delete {
            OnClusterDelete::Retain => false,
            OnClusterDelete::Delete => true,
        };
        if is_owned == is_to_be {
            return None;
        }
        let others = present.into_iter().filter(|owner| owner.uid != self.owner.uid);
        let owners: Vec<_> = others.chain(is_to_be.then(|| self.owner.clone())).collect();
        let patch = json!({ "metadata": {
            "uid": claim.uid,
            "resourceVersion": claim.resource_version,
            "ownerReferences": owners,
        } });
        Some(ClaimPatch { name: claim.name.clone()?, patch })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::from_value;

    use super::*;

    fn owner(uid: &str) -> Value {
        json!({ "apiVersion": "v1", "kind": "X", "name": "x", "uid": uid })
    }

    fn claim(owners: &[Value]) -> PersistentVolumeClaim {
        let metadata = json!({ "name": "data-demo-0", "uid": "c1", "resourceVersion": "7", "ownerReferences": owners });
        from_value(json!({ "metadata": metadata })).expect("a claim")
    }

    fn ownership(on_cluster_delete: OnClusterDelete) -> Ownership {
        Ownership { on_cluster_delete, owner: from_value(owner("me")).expect("an owner") }
    }

    /// The owners that a claim is to have, if others.
    fn owners(on_cluster_delete: OnClusterDelete, claim: &PersistentVolumeClaim) -> Option<Value> {
        let mut patches = ownership(on_cluster_delete).patches([claim]);
        let ClaimPatch { name, patch } = patches.pop()?;
        assert_eq!((name.as_str(), &patch["metadata"]["uid"]), ("data-demo-0", &json!("c1")));
        assert_eq!(patch["metadata"]["resourceVersion"], "7", "of a claim that has changed nothing is changed");
        Some(patch["metadata"]["ownerReferences"].clone())
    }

    #[test]
    fn claims_go_with_the_resource_only_if_it_says_so() {
        let (delete, retain) = (OnClusterDelete::Delete, OnClusterDelete::Retain);
        assert_eq!(owners(delete, &claim(&[])), Some(json!([owner("me")])));
        assert_eq!(owners(delete, &claim(&[owner("me")])), None);
        assert_eq!(owners(retain, &claim(&[owner("me")])), Some(json!([])));
        assert_eq!(owners(retain, &claim(&[])), None);
    }

    #[test]
    fn other_owners_of_a_claim_stay() {
        let other = owner("other");
        let both = claim(&[other.clone(), owner("me")]);
        assert_eq!(
            owners(OnClusterDelete::Delete, &claim(std::slice::from_ref(&other))),
            Some(json!([other, owner("me")]))
        );
        assert_eq!(owners(OnClusterDelete::Retain, &both), Some(json!([other])));
    }

    #[test]
    fn a_claim_that_is_going_is_left_alone() {
        let mut going = claim(&[]);
        going.metadata.deletion_timestamp = Some(from_value(json!("2026-11-25T00:00:00Z")).expect("a time"));
        assert!(ownership(OnClusterDelete::Delete).patches([&going]).is_empty());
    }
}

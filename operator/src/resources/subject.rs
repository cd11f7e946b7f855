//! What every builder needs of a resource.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use kube::Resource as _;

use super::{ResourcesError, labels};
use crate::api::{SilhouetteCluster, SilhouetteClusterSpec};

/// A resource that the API server has taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its namespace.
    pub(super) namespace: &'a str,
    /// Its uid.
    pub(super) uid: &'a str,
    /// What it asks for.
    pub(super) spec: &'a SilhouetteClusterSpec,
}

impl<'a> Subject<'a> {
    /// Of a resource. One that was only written down lacks what the API server gives.
    pub(super) fn of(cluster: &'a SilhouetteCluster) -> Result<Self, ResourcesError> {
        let metadata = cluster.meta();
        Ok(Self {
            name: metadata.name.as_deref().ok_or(ResourcesError::Incomplete("name"))?,
            namespace: metadata.namespace.as_deref().ok_or(ResourcesError::Incomplete("namespace"))?,
            uid: metadata.uid.as_deref().ok_or(ResourcesError::Incomplete("uid"))?,
            spec: &cluster.spec,
        })
    }

    /// The metadata of an object that goes with the resource.
    ///
    /// `blockOwnerDeletion` is left out: nothing needs the objects to be gone before the resource is, and where the API
    /// server checks who may set it, the operator would need to be allowed to write finalizers.
    pub(super) fn metadata(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.into()),
            namespace: Some(self.namespace.to_owned()),
            labels: Some(labels::all(self.name, &self.spec.image.name)),
            owner_references: Some(vec![OwnerReference { controller: Some(true), ..self.reference() }]),
            ..ObjectMeta::default()
        }
    }

    /// A reference to the resource.
    pub(super) fn reference(&self) -> OwnerReference {
        OwnerReference {
            api_version: SilhouetteCluster::api_version(&()).into_owned(),
            kind: SilhouetteCluster::kind(&()).into_owned(),
            name: self.name.to_owned(),
            uid: self.uid.to_owned(),
            block_owner_deletion: None,
            controller: None,
        }
    }

    /// Selects the cluster's pods.
    pub(super) fn selector(&self) -> LabelSelector {
        LabelSelector { match_labels: Some(labels::selector(self.name)), match_expressions: None }
    }
}

//! `spec.storage`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByteQuantity;

/// Where each node keeps its data.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StorageSection {
    /// Size of each node's volume, at least 1Gi. It cannot be changed.
    #[x_kube(
        validation = (
            "!isQuantity(self) || quantity(self).compareTo(quantity('1Gi')) >= 0",
            "storage.size must be at least 1Gi"
        ),
        validation = ("self == oldSelf", "storage.size cannot be changed: volumes keep the size that they were made with")
    )]
    pub size: ByteQuantity,
    /// Name of the volumes' `StorageClass`; without one, the cluster's default. It cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub storage_class_name: Option<String>,
    /// What becomes of the volume claims when the resource is deleted: `Retain` or `Delete`.
    #[serde(default)]
    pub on_cluster_delete: OnClusterDelete,
}

/// What becomes of the volume claims when the resource is deleted.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnClusterDelete {
    /// They stay; a resource of the same name finds its data again.
    #[default]
    Retain,
    /// They are deleted with it, and the data with them.
    Delete,
}

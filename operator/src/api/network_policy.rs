//! `spec.networkPolicy`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LabelSelector;

/// Who may connect to the nodes.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = (
    "self.mode == 'Managed' || ((!has(self.clients) || self.clients.size() == 0) && \
     (!has(self.metrics) || self.metrics.size() == 0))",
    "networkPolicy.clients and networkPolicy.metrics need networkPolicy.mode: Managed"
))]
pub struct NetworkPolicySection {
    /// Whether the operator keeps a NetworkPolicy: `Managed`, or `Disabled` to leave it to you.
    #[serde(default)]
    pub mode: NetworkPolicyMode,
    /// Who may use rounds (port 7601). Without any, every pod of the Kubernetes cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub clients: Vec<Peer>,
    /// Who may read metrics (port 7603). Without any, every pod of the Kubernetes cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub metrics: Vec<Peer>,
}

/// Whether the operator keeps a NetworkPolicy.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkPolicyMode {
    /// It does.
    #[default]
    Managed,
    /// It does not.
    Disabled,
}

/// Pods that may connect.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = (
    "has(self.podSelector) || has(self.namespaceSelector)",
    "name whom you let in: podSelector, namespaceSelector or both"
))]
pub struct Peer {
    /// Pods by their labels. Without it, all pods of the namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelSelector>,
    /// Namespaces by their labels. Without it, the resource's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
}

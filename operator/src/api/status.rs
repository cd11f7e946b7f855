//! What the operator tells of a resource. It changes only when something happens: neither clocks nor indexes are in it.

mod members;
mod of;
mod plan;
#[cfg(test)]
mod tests;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
pub use members::{MemberRole, MemberStatus};
pub use of::View;
pub use plan::{StepBlocked, StepStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator tells. Until it has looked at the resource for the first time, `observedGeneration` is -1.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub struct SilhouetteClusterStatus {
    /// The generation of the spec that was looked at; -1: none yet.
    pub observed_generation: i64,
    /// Whether `Ready`, `Reconciling`, `Stalled`, `Quorate`, `DataReady` and `Degraded`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Vec<Condition>,
    /// The cluster that the nodes' disks were seen to belong to last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// The pod of the node that leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// Members that were not removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["id"]))]
    pub members: Vec<MemberStatus>,
    /// Pods that there are.
    pub replicas: u32,
    /// Selects the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Voters that see the leader, of all voters: `3/3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<String>,
    /// Version of the nodes' program; during a roll, both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The next step, and what it changes: `evict/demo-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What is to be done, the most urgent first: at most eight steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "atomic"))]
    pub plan: Vec<StepStatus>,
}

impl Default for SilhouetteClusterStatus {
    fn default() -> Self {
        Self {
            observed_generation: -1,
            conditions: Vec::new(),
            cluster_id: None,
            leader: None,
            members: Vec::new(),
            replicas: 0,
            selector: None,
            quorum: None,
            version: None,
            next: None,
            plan: Vec::new(),
        }
    }
}

/// The schema of conditions. That of `k8s-openapi` says neither what identifies one nor how long its texts may be.
fn conditions(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": { "type": "string", "maxLength": 316, "description": "Which condition." },
                "status": {
                    "type": "string",
                    "enum": ["True", "False", "Unknown"],
                    "description": "Whether it holds.",
                },
                "reason": { "type": "string", "maxLength": 1024, "description": "Why, for machines." },
                "message": { "type": "string", "maxLength": 32768, "description": "Why, for people." },
                "lastTransitionTime": {
                    "type": "string",
                    "format": "date-time",
                    "description": "Since when it holds, or does not.",
                },
                "observedGeneration": {
                    "type": "integer",
                    "format": "int64",
                    "description": "The generation of the spec that it was judged by.",
                },
            },
        },
    })
}

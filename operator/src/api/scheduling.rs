//! `spec.scheduling`.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{labels::map_of_labels, pod_template::untyped};

/// Where the nodes' pods may run.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SchedulingSection {
    /// Labels that a Kubernetes node must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "map_of_labels")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints of Kubernetes nodes that the pods tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "atomic"))]
    pub tolerations: Vec<Toleration>,
    /// An Affinity as pods have it. What makes no pod is told by the condition `Stalled` with the reason
    /// `InvalidPodTemplate`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(schema_with = "untyped")]
    pub affinity: Map<String, Value>,
    /// Name of the pods' `PriorityClass`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub priority_class_name: Option<String>,
    /// How the pods are spread: by Kubernetes node, if nothing else is said.
    #[serde(default = "by_node")]
    #[schemars(
        length(max = 4),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"])
    )]
    pub topology: Vec<TopologySpread>,
}

impl Default for SchedulingSection {
    fn default() -> Self {
        Self {
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
            affinity: Map::new(),
            priority_class_name: None,
            topology: by_node(),
        }
    }
}

fn by_node() -> Vec<TopologySpread> {
    vec![TopologySpread {
        key: "kubernetes.io/hostname".to_owned(),
        when_unsatisfiable: WhenUnsatisfiable::ScheduleAnyway,
    }]
}

/// A taint that the pods tolerate.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = (
        "self.operator == 'Exists' || has(self.key)",
        "a toleration with operator Equal needs a key"
    ),
    validation = (
        "self.operator == 'Equal' || !has(self.value)",
        "a toleration with operator Exists takes no value"
    ),
    validation = (
        "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
        "tolerationSeconds needs effect: NoExecute"
    )
)]
pub struct Toleration {
    /// The taint's key; without one, any (with `Exists`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 317))]
    pub key: Option<String>,
    /// `Equal` or `Exists`.
    #[serde(default)]
    pub operator: TolerationOperator,
    /// The taint's value, for `Equal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`; without one, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
    /// For how long a taint that expels is tolerated; without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 315_360_000))]
    pub toleration_seconds: Option<i64>,
}

/// How a taint is compared.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TolerationOperator {
    /// Key and value are these.
    #[default]
    Equal,
    /// The key is there.
    Exists,
}

/// What a taint does. A toleration that names none tolerates any.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaintEffect {
    /// Keeps pods away.
    NoSchedule,
    /// Keeps pods away if there is room elsewhere.
    PreferNoSchedule,
    /// Expels pods.
    NoExecute,
}

/// A topology over which the pods are spread evenly.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TopologySpread {
    /// Label of Kubernetes nodes whose values are the places, such as `topology.kubernetes.io/zone`.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// What happens to a pod for which there is no fitting place: `ScheduleAnyway` or `DoNotSchedule`.
    #[serde(default)]
    pub when_unsatisfiable: WhenUnsatisfiable,
}

/// What happens to a pod that cannot be placed evenly.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenUnsatisfiable {
    /// It is placed all the same; that voters share a place is told by the condition `Degraded`.
    #[default]
    ScheduleAnyway,
    /// It waits.
    DoNotSchedule,
}

//! The `SilhouetteCluster` resource: what people ask for, and what the operator tells them.
//!
//! The types are the schema: [`definition`] derives the `CustomResourceDefinition` from them, with CEL rules for whatever a
//! type cannot say. A section of the spec is a file. Texts, lists and maps are bounded, so that the API server can tell
//! beforehand what the rules cost; there are enums rather than booleans, and objects rather than single values wherever
//! something may be added later.

#![expect(unreachable_pub, reason = "`KubeSchema` copies each type, visibility and all, into a function")]

mod definition;
mod desired;
mod image;
mod labels;
mod monitoring;
mod network_policy;
mod okvs;
mod pir;
mod pod_template;
mod quantity;
#[cfg(test)]
mod reference;
mod resources;
mod rounds;
mod scheduling;
mod status;
mod storage;
mod tls;

pub use definition::{definition, manifest};
pub use desired::InvalidAnnotation;
pub use image::{ImageSection, PullPolicy, PullSecret};
use kube::{CustomResource, KubeSchema};
pub use labels::{LabelRequirement, LabelSelector, LabelSelectorOperator};
pub use monitoring::{Discovery, LogLevel, LogsSection, MetricsSection, MonitoringSection, TracesSection};
pub use network_policy::{NetworkPolicyMode, NetworkPolicySection, Peer};
pub use okvs::OkvsSection;
pub use pir::PirSection;
pub use pod_template::PodTemplate;
pub use quantity::{ByteQuantity, CpuQuantity, InvalidQuantity};
pub use resources::{CpuSection, ResourcesSection};
pub use rounds::{RoundLimits, RoundsSection};
pub use scheduling::{
    SchedulingSection, TaintEffect, Toleration, TolerationOperator, TopologySpread, WhenUnsatisfiable,
};
use serde::{Deserialize, Serialize};
pub use status::{MemberRole, MemberStatus, SilhouetteClusterStatus, StepBlocked, StepStatus, View};
pub use storage::{OnClusterDelete, StorageSection};
pub use tls::{TlsMode, TlsSection};

/// What people ask for.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[kube(
    group = "silhouette.dev",
    version = "v1alpha1",
    kind = "SilhouetteCluster",
    plural = "silhouetteclusters",
    shortname = "slc",
    category = "silhouette",
    namespaced,
    status = "SilhouetteClusterStatus",
    derive = "PartialEq",
    doc = "A cluster of Silhouette nodes: private, fault-tolerant coordination in rounds.",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        description = "Whether all is as asked for.",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Replicas",
        type_ = "integer",
        description = "Voters that are asked for.",
        json_path = ".spec.replicas"
    ),
    printcolumn(
        name = "Quorum",
        type_ = "string",
        description = "Voters that see the leader, of all voters.",
        json_path = ".status.quorum"
    ),
    printcolumn(
        name = "Leader",
        type_ = "string",
        description = "The pod of the node that leads.",
        json_path = ".status.leader"
    ),
    printcolumn(
        name = "Version",
        type_ = "string",
        description = "Version of the nodes' program.",
        json_path = ".status.version"
    ),
    printcolumn(
        name = "Next",
        type_ = "string",
        description = "The next step, and what it changes.",
        json_path = ".status.next"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = (
        "self.metadata.name.size() <= 40",
        "the name must have at most 40 characters: names of pods, Services and labels are made from it"
    ),
    validation = (
        "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        "the name must begin with a lower-case letter and have only lower-case letters, digits and '-': Services are named \
         after it"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = (
        "!has(self.rounds.maxBytes) || !isQuantity(self.rounds.maxBytes) || !isQuantity(self.resources.memory) || \
         quantity(self.rounds.maxBytes).asApproximateFloat() <= \
         quantity(self.resources.memory).asApproximateFloat() * 0.8",
        "rounds.maxBytes must be at most 80 % of resources.memory: the rest is for the log, connections and the program"
    ),
    validation = (
        "has(self.storage.storageClassName) == has(oldSelf.storage.storageClassName) && \
         (!has(self.storage.storageClassName) || self.storage.storageClassName == oldSelf.storage.storageClassName)",
        "storage.storageClassName cannot be changed: volumes stay where they are"
    ),
    validation = (
        "has(self.rounds.limits) == has(oldSelf.rounds.limits) && \
         (!has(self.rounds.limits) || self.rounds.limits == oldSelf.rounds.limits)",
        "rounds.limits cannot be changed: members agreed on them when the cluster was founded"
    )
)]
pub struct SilhouetteClusterSpec {
    /// Voters: 1, 3 or 5. Of 3 one may fail, of 5 two; 1 is for trying out.
    #[serde(default = "three")]
    #[x_kube(validation = (
        "self in [1, 3, 5]",
        "replicas must be 1, 3 or 5: an even number survives no more failures than the odd one below it"
    ))]
    pub replicas: u32,
    /// The nodes' container image.
    pub image: ImageSection,
    /// Where each node keeps its data.
    pub storage: StorageSection,
    /// Memory and processors of each node.
    #[serde(default)]
    pub resources: ResourcesSection,
    /// How rounds are encoded.
    #[serde(default)]
    pub okvs: OkvsSection,
    /// How private queries are answered.
    #[serde(default)]
    pub pir: PirSection,
    /// What rounds may take.
    #[serde(default)]
    pub rounds: RoundsSection,
    /// Encryption between clients, nodes and the operator.
    pub tls: TlsSection,
    /// Metrics, logs and traces.
    #[serde(default)]
    pub monitoring: MonitoringSection,
    /// Who may connect to the nodes.
    #[serde(default)]
    pub network_policy: NetworkPolicySection,
    /// Where the nodes' pods may run.
    #[serde(default)]
    pub scheduling: SchedulingSection,
    /// Merged over the pods' template that the operator makes, for whatever the other sections cannot say. It is a
    /// `PodTemplateSpec`, any part of it: `metadata` and `spec`. What makes no pod is told by the condition `Stalled` with the
    /// reason `InvalidPodTemplate`, and pods that run are left alone.
    #[serde(default, skip_serializing_if = "PodTemplate::is_empty")]
    pub pod_template: PodTemplate,
}

fn three() -> u32 {
    3
}

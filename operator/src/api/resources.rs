//! `spec.resources`.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{ByteQuantity, CpuQuantity};

/// Memory and processors of each node.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ResourcesSection {
    /// Memory, requested and limit alike, at least 256Mi: a node that was promised less than it may use could be killed for
    /// it.
    #[serde(default = "two_gibibytes")]
    #[x_kube(validation = (
        "!isQuantity(self) || quantity(self).compareTo(quantity('256Mi')) >= 0",
        "resources.memory must be at least 256Mi"
    ))]
    pub memory: ByteQuantity,
    /// Processors.
    #[serde(default)]
    pub cpu: CpuSection,
}

impl Default for ResourcesSection {
    fn default() -> Self {
        Self { memory: two_gibibytes(), cpu: CpuSection::default() }
    }
}

fn two_gibibytes() -> ByteQuantity {
    ByteQuantity::from("2Gi")
}

/// Processors of each node.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = (
    "!has(self.limit) || !has(self.request) || !isQuantity(self.limit) || !isQuantity(self.request) || \
     quantity(self.limit).compareTo(quantity(self.request)) >= 0",
    "resources.cpu.limit must not be less than resources.cpu.request"
))]
pub struct CpuSection {
    /// Cores that are kept for it. Without one, none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<CpuQuantity>,
    /// Cores that it may use at most. Without one, all that are free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<CpuQuantity>,
}

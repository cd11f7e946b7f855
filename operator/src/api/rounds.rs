//! `spec.rounds`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByteQuantity;

/// What rounds may take.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct RoundsSection {
    /// Memory that each node offers to rounds, at most 80 % of `resources.memory`. Without it, 70 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<ByteQuantity>,
    /// Limits that all members must apply alike. They are agreed when the cluster is founded, and cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<RoundLimits>,
}

/// Limits that all members apply alike. Whatever is left out is as the nodes' own default is.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = (
    "!has(self.maxOpenRounds) || !has(self.maxRounds) || self.maxOpenRounds <= self.maxRounds",
    "rounds.limits.maxOpenRounds must not be more than rounds.limits.maxRounds"
))]
pub struct RoundLimits {
    /// Most pairs of a round. Without it, 1048576.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 268_435_456))]
    pub max_pairs: Option<u64>,
    /// Longest value that a round may allow, in bytes. Without it, 65535.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub max_value_bytes: Option<u32>,
    /// Longest key, in bytes. Without it, 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_key_bytes: Option<u32>,
    /// Most bytes of pairs that a round may publish, bookkeeping included. Without it, 268435456.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_099_511_627_776_u64))]
    pub max_bytes_per_round: Option<u64>,
    /// Most workers of a round. Without it, 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_workers: Option<u32>,
    /// Most rounds at once that are neither deleted nor expired. Without it, 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_rounds: Option<u32>,
    /// Most rounds at once that take pairs or are encoded. Without it, 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_open_rounds: Option<u32>,
    /// Threads of one encode that the admission of rounds counts with; members use no more. Without it, 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub encoding_threads: Option<u32>,
    /// How long rounds are kept that do not say so. Without it, a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 315_360_000))]
    pub retention_seconds: Option<u32>,
}

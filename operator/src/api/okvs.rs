//! `spec.okvs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How rounds are encoded.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct OkvsSection {
    /// Threads of one encode on each node. Without it, one a core; never more than `rounds.limits.encodingThreads`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub threads: Option<u32>,
    /// How often encodings are hashed again, in memory and on disk, to see whether they have changed. Without it, hourly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 86_400))]
    pub rehash_interval_seconds: Option<u32>,
}

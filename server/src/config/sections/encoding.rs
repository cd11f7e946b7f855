//! How rounds are encoded.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::WithUnit;

/// Encoding of rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EncodingSection {
    /// Threads of one encode. Default: one a core. Never more than `rounds.encoding_threads` of the cluster.
    pub threads: Option<u32>,
    /// How often encodings are hashed again, in memory and on disk, to see whether they have changed. Slowly: 32 MiB a
    /// second.
    #[serde(with = "WithUnit")]
    pub rehash_interval: Duration,
}

impl Default for EncodingSection {
    fn default() -> Self {
        Self { threads: None, rehash_interval: Duration::from_hours(1) }
    }
}

//! How rounds are encoded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Encoding of rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub struct EncodingSection {
    /// Threads of one encode. Default: one a core. Never more than `rounds.encoding_threads` of the cluster.
    pub threads: Option<u32>,
}

//! `spec.pir`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How private queries are answered.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct PirSection {
    /// Threads that answer queries on each node. Without it, one a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1024))]
    pub threads: Option<u32>,
    /// Queries of one round that are answered together, by one pass over its matrix. Without it, 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub batch_queries: Option<u32>,
    /// Queries that may wait for a thread on each node. Without it, 1024.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_536))]
    pub waiting_queries: Option<u32>,
}

//! Private queries and downloads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Private queries and downloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetrievalSection {
    /// Threads that answer queries. Default: one a core.
    pub query_threads: Option<usize>,
    /// Queries of one round that are answered together, by one pass over its matrix: 1 to 64. No query waits for company:
    /// those are answered together that had to wait anyway.
    pub batch_queries: usize,
    /// Queries that may wait for a thread.
    pub waiting_queries: usize,
    /// Queries of one connection that may wait for a thread.
    pub waiting_queries_per_connection: usize,
    /// Bytes of queries that may wait for a thread; at least 1 MiB, the longest query.
    pub waiting_bytes: usize,
    /// Bytes of one part of a hint or an encoding: 1 to 2 MiB.
    pub part_bytes: usize,
}

impl Default for RetrievalSection {
    fn default() -> Self {
        Self {
            query_threads: None,
            batch_queries: 8,
            waiting_queries: 1024,
            waiting_queries_per_connection: 256,
            waiting_bytes: 64 << 20,
            part_bytes: 256 << 10,
        }
    }
}

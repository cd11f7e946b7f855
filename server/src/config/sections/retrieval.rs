//! Private queries and downloads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Private queries and downloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetrievalSection {
    /// Queries answered at a time. Default: one a core.
    pub query_threads: Option<usize>,
    /// Bytes of one part of a hint or an encoding.
    pub part_bytes: usize,
}

impl Default for RetrievalSection {
    fn default() -> Self {
        Self { query_threads: None, part_bytes: 256 << 10 }
    }
}

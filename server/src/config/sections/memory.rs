//! Memory offered to rounds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Memory offered to rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub struct MemorySection {
    /// Bytes of memory offered to rounds; a cluster admits what its least member offers. Default: 70 % of the
    /// control group's limit, or of the machine's memory.
    pub budget_bytes: Option<u64>,
}

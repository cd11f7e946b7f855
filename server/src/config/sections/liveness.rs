//! When `/health` says so.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::WithUnit;

/// When `/health` says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LivenessSection {
    /// The raft thread must have ticked within so long. Far more than one slow sync of a disk.
    #[serde(with = "WithUnit")]
    pub stall: Duration,
}

impl Default for LivenessSection {
    fn default() -> Self {
        Self { stall: Duration::from_mins(1) }
    }
}

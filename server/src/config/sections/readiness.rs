//! When `/ready` says so.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::WithUnit;

/// When `/ready` says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadinessSection {
    /// A leader must have been heard within so long.
    #[serde(with = "WithUnit")]
    pub leader_silence: Duration,
    /// What is known to be committed must be applied within so long.
    #[serde(with = "WithUnit")]
    pub apply_lag: Duration,
    /// How long a check that may recover must fail before the node is not ready.
    #[serde(with = "WithUnit")]
    pub fail_hold: Duration,
    /// How long all such checks must hold before it is ready again.
    #[serde(with = "WithUnit")]
    pub return_hold: Duration,
    /// How long after a round became Ready this node may still be without it.
    #[serde(with = "WithUnit")]
    pub new_round_grace: Duration,
    /// How often the checks are made.
    #[serde(with = "WithUnit")]
    pub interval: Duration,
    /// How often a small file is written to see whether the disk takes writes.
    #[serde(with = "WithUnit")]
    pub disk_interval: Duration,
}

impl Default for ReadinessSection {
    fn default() -> Self {
        Self {
            leader_silence: Duration::from_secs(3),
            apply_lag: Duration::from_secs(5),
            fail_hold: Duration::from_secs(10),
            return_hold: Duration::from_secs(2),
            new_round_grace: Duration::from_mins(1),
            interval: Duration::from_millis(100),
            disk_interval: Duration::from_secs(5),
        }
    }
}

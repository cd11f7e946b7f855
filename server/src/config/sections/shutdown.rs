//! How the node stops.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::WithUnit;

/// How the node stops when it is told to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShutdownSection {
    /// How long it goes on serving while `/ready` already says no, so that balancers notice.
    #[serde(with = "WithUnit")]
    pub drain_delay: Duration,
    /// How long handing over leadership may take.
    #[serde(with = "WithUnit")]
    pub transfer_timeout: Duration,
    /// How long calls in flight may take to finish.
    #[serde(with = "WithUnit")]
    pub grace: Duration,
}

impl Default for ShutdownSection {
    fn default() -> Self {
        Self {
            drain_delay: Duration::from_secs(5),
            transfer_timeout: Duration::from_secs(5),
            grace: Duration::from_secs(20),
        }
    }
}

//! Streams of changes of rounds.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::WithUnit;

/// Streams of changes of rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchingSection {
    /// Shortest time between two events of a stream; changes in between become one event.
    #[serde(with = "WithUnit")]
    pub pause: Duration,
}

impl Default for WatchingSection {
    fn default() -> Self {
        Self { pause: Duration::from_millis(20) }
    }
}

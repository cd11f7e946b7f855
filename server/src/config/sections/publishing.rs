//! Streams of publications.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Streams of publications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PublishingSection {
    /// Chunks of one stream that may wait to become durable at a time.
    pub window_chunks: usize,
}

impl Default for PublishingSection {
    fn default() -> Self {
        Self { window_chunks: 8 }
    }
}

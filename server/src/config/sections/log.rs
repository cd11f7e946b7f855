//! What is logged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use silhouette_telemetry::LogFormat;

/// What is logged, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// How lines look: `auto` is compact on a terminal and JSON elsewhere.
    pub format: LogFormat,
    /// Which lines are written: a level, or a filter such as `info,silhouette_server::consensus=debug`. `RUST_LOG` is
    /// another name of the variable.
    pub level: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned() }
    }
}

//! What is logged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// How lines look.
    pub format: LogFormat,
    /// Which are written: a level, or a filter such as `info,silhouette_server::consensus=debug`. The environment's
    /// `RUST_LOG` is taken instead if it is set, and `--log-level` over both.
    pub level: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned() }
    }
}

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Compact on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Compact,
    /// One document a line.
    Json,
}

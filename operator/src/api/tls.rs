//! `spec.tls`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Encryption between clients, nodes and the operator.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TlsSection {
    /// `Disabled`, and nothing else yet. It has no default, so that nobody is without encryption unawares: published pairs,
    /// and what administrators may do, are in the clear for whoever reaches the pods.
    pub mode: TlsMode,
}

/// Who issues certificates.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Nobody: nothing is encrypted.
    Disabled,
}

//! `status.plan`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{Blocker, Step};

/// A step.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// What is done, such as `evict`.
    pub action: String,
    /// What it changes, such as `demo-1`.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Why not now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<StepBlocked>,
}

/// Why a step is not carried out now.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StepBlocked {
    /// For machines, of a closed list, such as `VotersNotReady`.
    pub code: String,
    /// What was observed, the rule, and what would help.
    pub message: String,
}

impl From<&Step> for StepStatus {
    fn from(step: &Step) -> Self {
        Self {
            action: step.action.verb().to_owned(),
            target: step.target.clone(),
            reason: step.reason.clone(),
            blocked_by: step.blocked_by.as_ref().map(StepBlocked::from),
        }
    }
}

impl From<&Blocker> for StepBlocked {
    fn from(blocker: &Blocker) -> Self {
        Self { code: blocker.code.as_str().to_owned(), message: blocker.message.clone() }
    }
}

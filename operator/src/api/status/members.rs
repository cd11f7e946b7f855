//! `status.members`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::observed::{MemberSeen, Role};

/// A member.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct MemberStatus {
    /// Its number, never used again.
    pub id: u64,
    /// The pod that it runs in.
    pub pod: String,
    /// Its place in the cluster's life: `Joining`, `Learner` or `Voter`.
    pub role: MemberRole,
    /// The member whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// A member's place in the cluster's life.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberRole {
    /// Has a number only.
    Joining,
    /// Replicates.
    Learner,
    /// Votes.
    Voter,
}

impl MemberStatus {
    /// A member of the cluster `name`.
    pub(super) fn of(member: &MemberSeen, name: &str) -> Self {
        let role = match member.role {
            Role::Joining => MemberRole::Joining,
            Role::Learner => MemberRole::Learner,
            Role::Voter => MemberRole::Voter,
        };
        Self {
            id: member.id.0,
            pod: format!("{name}-{}", member.ordinal),
            role,
            replaces: member.replaces.map(|replaced| replaced.0),
        }
    }
}

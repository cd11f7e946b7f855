//! Why a member serves nothing any more: it does not have the pairs that its cluster agreed on.
//!
//! A fenced member answers nobody's reads and writes, does not lead and hands out neither snapshots nor encodings, and
//! a restart does not change that: whatever else its state says may be as wrong. It goes on voting and replicating (its
//! log is checked entry by entry), so that the cluster keeps its majority until somebody replaces the member.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::RoundUid;

/// Why a member is fenced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "cause", deny_unknown_fields)]
pub enum Fence {
    /// A majority encoded other pairs than this member has.
    InputDiffers {
        /// The round whose pairs differ.
        round: RoundUid,
    },
    /// Pairs that this member has acknowledged cannot be read any more.
    PairsUnreadable {
        /// The round whose pairs they are.
        round: RoundUid,
        /// What storage said.
        why: String,
    },
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputDiffers { round } => {
                write!(f, "its pairs of round {round} differ from those that a majority encoded")?;
            }
            Self::PairsUnreadable { round, why } => write!(f, "its pairs of round {round} cannot be read: {why}")?,
        }
        f.write_str("; replace this member with silhouettectl cluster add --replaces")
    }
}

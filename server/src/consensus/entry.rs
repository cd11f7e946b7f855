//! What the log's entries carry: a proposal's id beside a command, or beside a membership change.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::{
    ids::ProposalId,
    state::{self, MembershipChange},
    storage::StorageError,
};

/// The context of a configuration entry.
#[derive(Serialize, Deserialize)]
struct ChangeContext {
    id: ProposalId,
    change: MembershipChange,
}

/// Gives each proposal of this process an id that no other has: eight bytes drawn at random at start, and a count.
pub(super) struct ProposalIds {
    process: [u8; 8],
    count: AtomicU64,
}

impl ProposalIds {
    /// Draws the process's part.
    pub(super) fn draw() -> Result<Self, StorageError> {
        let mut process = [0; 8];
        getrandom::fill(&mut process).map_err(StorageError::Randomness)?;
        Ok(Self { process, count: AtomicU64::new(0) })
    }

    /// The process's part.
    pub(super) fn process(&self) -> [u8; 8] {
        self.process
    }

    /// The next id.
    pub(super) fn next(&self) -> ProposalId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.process);
        id[8..].copy_from_slice(&self.count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        ProposalId(id)
    }
}

/// The data of a command's entry.
pub(super) fn encode_command(entry: &state::Entry) -> Vec<u8> {
    rmp_serde::to_vec_named(entry).expect("commands hold nothing that does not serialise")
}

/// The command of an entry's data.
pub(super) fn decode_command(data: &[u8]) -> Result<state::Entry, rmp_serde::decode::Error> {
    rmp_serde::from_slice(data)
}

/// The proposal that an entry of a command belongs to; `None` for a leader's first, empty entry.
pub(super) fn command_id(context: &[u8]) -> Option<ProposalId> {
    ProposalId::try_from(context).ok()
}

/// The context of a configuration entry.
pub(super) fn encode_change(id: ProposalId, change: &MembershipChange) -> Vec<u8> {
    rmp_serde::to_vec_named(&ChangeContext { id, change: change.clone() })
        .expect("membership changes hold nothing that does not serialise")
}

/// What a configuration entry's context says; `None` for the entry that ends a joint configuration.
pub(super) fn decode_change(context: &[u8]) -> Option<(ProposalId, MembershipChange)> {
    rmp_serde::from_slice(context).ok().map(|ChangeContext { id, change }| (id, change))
}

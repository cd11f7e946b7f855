//! What the log's entries carry: a proposal's id beside a command, or beside a membership change.

use serde::{Deserialize, Serialize};

use crate::{
    ids::ProposalId,
    state::{self, MembershipChange},
};

/// The context of a configuration entry.
#[derive(Serialize, Deserialize)]
struct ChangeContext {
    id: ProposalId,
    change: MembershipChange,
}

/// A new proposal's id.
pub(super) fn draw_id() -> Result<ProposalId, getrandom::Error> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    Ok(ProposalId(id))
}

/// The data of a command's entry.
pub(super) fn encode_command(entry: &state::Entry) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(entry)
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
pub(super) fn encode_change(id: ProposalId, change: &MembershipChange) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(&ChangeContext { id, change: change.clone() })
}

/// What a configuration entry's context says; `None` for the entry that ends a joint configuration.
pub(super) fn decode_change(context: &[u8]) -> Option<(ProposalId, MembershipChange)> {
    rmp_serde::from_slice(context).ok().map(|ChangeContext { id, change }| (id, change))
}

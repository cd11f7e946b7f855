//! The membership changes that the log still holds, for whoever wants to know how the cluster came to be as it is.

use super::{Consensus, entry::decode_change};
use crate::{
    ids::{LogIndex, Term},
    state::MembershipChange,
    storage::StorageError,
};

/// A membership change in the log, applied or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedChange {
    /// Where in the log.
    pub index: LogIndex,
    /// The term in which it was proposed.
    pub term: Term,
    /// What changes; `None` for the entry that ends a joint configuration.
    pub change: Option<MembershipChange>,
}

impl Consensus {
    /// The membership changes that the log still holds, oldest first. Blocks.
    pub fn configuration_log(&self) -> Result<Vec<LoggedChange>, StorageError> {
        let entries = self.store().log().configuration_entries()?;
        let logged = entries.iter().map(|entry| LoggedChange {
            index: LogIndex(entry.index),
            term: Term(entry.term),
            change: decode_change(&entry.context).map(|(_, change)| change),
        });
        Ok(logged.collect())
    }
}

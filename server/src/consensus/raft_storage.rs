//! What raft reads of this member's disk.

use std::sync::Arc;

use parking_lot::Mutex;
use raft::{
    GetEntriesContext, RaftState, Storage, StorageError as RaftStorageError,
    prelude::{ConfState, Entry, HardState, Snapshot},
};

use super::snapshots::Snapshots;
use crate::{
    ids::LogIndex,
    storage::{RaftLog, StorageError},
};

/// The log and the snapshots on offer, as raft wants to see them.
pub(super) struct RaftStorage {
    pub(super) log: Arc<RaftLog>,
    pub(super) snapshots: Arc<Snapshots>,
    /// As loaded at start.
    pub(super) initial: (HardState, ConfState),
    /// The first failure to read: raft panics on it, and whoever catches that says why.
    pub(super) fault: Arc<Mutex<Option<String>>>,
}

impl RaftStorage {
    fn failed(&self, error: StorageError) -> raft::Error {
        self.fault.lock().get_or_insert_with(|| error.to_string());
        RaftStorageError::Other(Box::new(error)).into()
    }
}

impl Storage for RaftStorage {
    fn initial_state(&self) -> raft::Result<RaftState> {
        let (hard_state, conf_state) = self.initial.clone();
        Ok(RaftState { hard_state, conf_state })
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        if low < self.log.first_index().0 {
            return Err(RaftStorageError::Compacted.into());
        }
        if high > self.log.last_index().0 + 1 {
            return Err(RaftStorageError::Unavailable.into());
        }
        let max_bytes = max_size.into().unwrap_or(u64::MAX);
        self.log.entries(LogIndex(low), LogIndex(high), max_bytes).map_err(|error| self.failed(error))
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        match self.log.term(LogIndex(index)) {
            Some(term) => Ok(term.0),
            None if index < self.log.first_index().0 => Err(RaftStorageError::Compacted.into()),
            None => Err(RaftStorageError::Unavailable.into()),
        }
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.log.first_index().0)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.log.last_index().0)
    }

    /// A snapshot is only ever temporarily unavailable: raft panics on anything else.
    fn snapshot(&self, request_index: u64, to: u64) -> raft::Result<Snapshot> {
        let needed = LogIndex(request_index.max(self.log.truncated().0.0));
        self.snapshots.newest(needed, to).ok_or_else(|| RaftStorageError::SnapshotTemporarilyUnavailable.into())
    }
}

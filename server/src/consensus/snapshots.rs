//! Snapshots that this member, as a leader, offers to members whose log ends before its own begins.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use raft::prelude::{Snapshot, SnapshotMetadata};
use zeroize::Zeroizing;

use crate::{ids::LogIndex, state::ChunkKey};

/// Snapshots kept at a time: one in transfer and a newer one.
const KEPT: usize = 2;

/// Identity of a snapshot.
pub(crate) type SnapshotId = [u8; 16];

/// A snapshot: the state as it was, and the keys of its chunks. The chunks themselves are read while they are sent; one
/// that has gone meanwhile ends the transfer.
pub(crate) struct Prepared {
    /// Its identity.
    pub(crate) id: SnapshotId,
    /// Index, term and configuration.
    pub(crate) metadata: SnapshotMetadata,
    /// The serialised state, secrets included.
    pub(crate) state: Zeroizing<Vec<u8>>,
    /// Its chunks.
    pub(crate) chunks: Vec<ChunkKey>,
}

impl Prepared {
    /// What raft sends in its stead.
    fn announcement(&self) -> Snapshot {
        Snapshot { data: self.id.to_vec(), metadata: Some(self.metadata.clone()) }
    }
}

#[derive(Default)]
struct Shelf {
    prepared: VecDeque<Arc<Prepared>>,
    /// Raft asked for a snapshot and none will do.
    wanted: bool,
    /// The apply thread has been asked.
    preparing: bool,
}

/// The snapshots on offer.
#[derive(Default)]
pub(super) struct Snapshots {
    shelf: Mutex<Shelf>,
}

impl Snapshots {
    /// The newest snapshot, if it reaches `index` and knows `member`; otherwise one is wanted. A member refuses a
    /// snapshot of a configuration without itself.
    pub(super) fn newest(&self, index: LogIndex, member: u64) -> Option<Snapshot> {
        let mut shelf = self.shelf.lock();
        let knows = |prepared: &Prepared| {
            let configuration = prepared.metadata.get_conf_state();
            [&configuration.voters, &configuration.voters_outgoing, &configuration.learners]
                .iter()
                .any(|members| members.contains(&member))
        };
        let newest = shelf.prepared.back().filter(|prepared| prepared.metadata.index >= index.0 && knows(prepared));
        let newest = newest.map(|prepared| prepared.announcement());
        shelf.wanted |= newest.is_none();
        newest
    }

    /// Whether one should be prepared now; says so once.
    pub(super) fn take_wanted(&self) -> bool {
        let mut shelf = self.shelf.lock();
        let begin = shelf.wanted && !shelf.preparing;
        shelf.preparing |= begin;
        shelf.wanted = false;
        begin
    }

    /// Puts a snapshot on offer.
    pub(super) fn offer(&self, prepared: Prepared) {
        let mut shelf = self.shelf.lock();
        shelf.preparing = false;
        shelf.prepared.push_back(Arc::new(prepared));
        while shelf.prepared.len() > KEPT {
            shelf.prepared.pop_front();
        }
    }

    /// A snapshot on offer.
    pub(super) fn get(&self, id: &[u8]) -> Option<Arc<Prepared>> {
        self.shelf.lock().prepared.iter().find(|prepared| prepared.id == id).cloned()
    }

    /// The index of the oldest one on offer: whoever takes it asks for the entries after it next.
    pub(super) fn oldest(&self) -> Option<LogIndex> {
        self.shelf.lock().prepared.front().map(|prepared| LogIndex(prepared.metadata.index))
    }

    /// Whether somebody is being sent one.
    pub(super) fn is_being_sent(&self) -> bool {
        // Beside the shelf, only a transfer holds on to it.
        self.shelf.lock().prepared.iter().any(|prepared| Arc::strong_count(prepared) > 1)
    }

    /// Withdraws all: nobody needs them, and they hold secrets.
    pub(super) fn clear(&self) {
        self.shelf.lock().prepared.clear();
    }
}

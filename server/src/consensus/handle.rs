//! The handle of a running member.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLockReadGuard;
use raft::prelude::Message;
use tokio::sync::watch;

use super::{
    ProposeError, RaftSettings, RaftStatus,
    snapshots::{Prepared, SnapshotId},
};
use crate::{
    ids::{ClusterId, ClusterTime, LogIndex, MemberId, RoundUid},
    state::{ChunkKey, Command, Limits, MemberRecord, MembershipChange, Reply, State},
    storage::{StorageError, Store},
    transport::Transport,
};

/// The handle of a running member. Cheap to clone.
#[derive(Clone)]
pub struct Consensus {}

impl Consensus {
    /// Makes `store` the one voter of a new cluster: writes the first state, a snapshot of it at log index 1, and
    /// last the identity, so that an interrupted bootstrap leaves an uninitialised directory.
    pub fn bootstrap(
        store: &Store,
        cluster: ClusterId,
        initial_members: u32,
        founder: MemberRecord,
        limits: Limits,
    ) -> Result<(), StorageError> {
        todo!()
    }

    /// Makes `store` a member that waits for a leader to send it the log.
    pub fn join(store: &Store, cluster: ClusterId, id: MemberId) -> Result<(), StorageError> {
        todo!()
    }

    /// Starts the threads of the member whose directory `store` is. Must be called within a tokio runtime.
    pub fn start(store: Arc<Store>, settings: RaftSettings, transport: Transport) -> Result<Self, StorageError> {
        todo!()
    }

    /// Proposes a command and waits until it is applied here. Leaders only; a bulk command waits for its share.
    pub async fn propose(&self, command: Command) -> Result<Reply, ProposeError> {
        todo!()
    }

    /// Proposes a membership change and waits until it is in force, its joint phase over. Returns the index of the
    /// configuration. A leader that is to be removed hands over first and answers `NotLeader`.
    pub async fn change_members(&self, change: MembershipChange) -> Result<LogIndex, ProposeError> {
        todo!()
    }

    /// Waits until this member has applied everything that was committed anywhere when the call began.
    pub async fn read_index(&self) -> Result<LogIndex, ProposeError> {
        todo!()
    }

    /// Hands leadership to a voter, the most advanced one by default, and waits until it leads.
    pub async fn transfer_leadership(&self, to: Option<MemberId>) -> Result<MemberId, ProposeError> {
        todo!()
    }

    /// The replicated state as applied here. Hold it shortly, never across an await.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        todo!()
    }

    /// The highest applied index. A state read after a change is at least as new.
    pub fn applied(&self) -> watch::Receiver<LogIndex> {
        todo!()
    }

    /// What this member says about itself.
    pub fn status(&self) -> watch::Receiver<RaftStatus> {
        todo!()
    }

    /// Changes whenever the key of a round was destroyed here (a shred carried out).
    pub fn keys_destroyed(&self) -> watch::Receiver<u64> {
        todo!()
    }

    /// The cluster time that a proposal made now would carry; `None` unless this member leads and has applied an
    /// entry of its own term.
    pub fn leader_time(&self) -> Option<ClusterTime> {
        todo!()
    }

    /// This member.
    pub fn member_id(&self) -> MemberId {
        todo!()
    }

    /// Its cluster.
    pub fn cluster_id(&self) -> &ClusterId {
        todo!()
    }

    /// Its data directory.
    pub fn store(&self) -> &Arc<Store> {
        todo!()
    }

    /// The connections to its peers.
    pub fn transport(&self) -> &Transport {
        todo!()
    }

    /// Reads and opens chunks, in the order of `keys`. Blocks.
    pub fn chunks(&self, keys: Vec<ChunkKey>) -> impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>> + Send {
        let _ = keys;
        std::iter::empty()
    }

    /// Whether the key of a round exists here: its secrets can still be read.
    pub fn has_round_key(&self, uid: RoundUid) -> bool {
        todo!()
    }

    /// Hands a peer's raft messages to the raft thread; waits while too many bytes of them are queued, so that the
    /// sender's stream is held back. `MsgPropose` and messages not meant for this member are dropped.
    pub(crate) async fn receive(&self, messages: Vec<Message>) {
        todo!()
    }

    /// A snapshot that this leader has announced and still keeps, by index and identity.
    pub(crate) fn prepared_snapshot(&self, index: LogIndex, id: SnapshotId) -> Option<Arc<Prepared>> {
        todo!()
    }

    /// Compacts the applied log now, keeping the configured tail.
    pub async fn compact_log(&self) {
        todo!()
    }

    /// Stops the threads, fails what is pending, and flushes the database.
    pub async fn stop(self) {
        todo!()
    }
}

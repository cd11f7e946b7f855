//! What the handle and the threads say to each other.

use std::{
    sync::{
        Arc,
        atomic::AtomicBool,
        mpsc::{Receiver, Sender, SyncSender},
    },
    time::Duration,
};

use parking_lot::RwLock;
use raft::prelude::{ConfState, Entry, HardState, Message, SnapshotMetadata};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{
    AppliedCounts, ProposeError, RaftStatus,
    backlog::Backlog,
    clock::LeaderClock,
    install::Fetched,
    pending::{Call, Pending},
    reads::ReadCall,
    snapshots::Snapshots,
};
use crate::{
    ids::{LogIndex, MemberId, ProposalId, RoundUid},
    state::{MembershipChange, State},
    storage::{StorageError, Store},
};

/// What the handle and both threads see.
pub(super) struct Shared {
    pub(super) member: MemberId,
    pub(super) store: Arc<Store>,
    pub(super) state: RwLock<State>,
    pub(super) pending: Pending,
    pub(super) backlog: Backlog,
    pub(super) clock: LeaderClock,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) applied: watch::Sender<LogIndex>,
    pub(super) counts: AppliedCounts,
    pub(super) status: watch::Sender<RaftStatus>,
    pub(super) keys_destroyed: watch::Sender<u64>,
    /// Set while a snapshot's state takes the place of the present one: what is stored is then not yet what is in
    /// memory.
    pub(super) installing: AtomicBool,
    /// Cancelled once the raft thread has ended: nothing more will be applied.
    pub(super) stopped: CancellationToken,
}

/// Who learns where leadership went.
pub(super) type TransferCall = Box<dyn FnOnce(Result<MemberId, ProposeError>) + Send>;

/// A command on its way into the log.
pub(super) struct Proposal {
    pub(super) id: ProposalId,
    /// The encoded entry.
    pub(super) data: Vec<u8>,
    /// The round whose key seals it.
    pub(super) seals: Option<RoundUid>,
    /// The round that it shreds.
    pub(super) shreds: Option<RoundUid>,
    pub(super) call: Call,
}

/// What the raft thread is told.
pub(super) enum Input {
    /// Messages of a peer, and the bytes that they hold until they are stepped.
    Messages(Vec<Message>, Option<OwnedSemaphorePermit>),
    /// A command to propose.
    Propose(Proposal),
    /// A membership change to propose.
    Change {
        id: ProposalId,
        change: MembershipChange,
        /// For how long a member that is replaced must not have been heard of.
        replaced_silence: Duration,
        call: Call,
    },
    /// A read to find the index of.
    Read(ReadCall),
    /// Leadership to hand over.
    Transfer(Option<MemberId>, TransferCall),
    /// The apply thread got on.
    Applied(Progress),
    /// Messages to a member were lost.
    Unreachable(MemberId),
    /// A snapshot was fetched, or not.
    Fetched(Option<Fetched>),
    /// The log shall be compacted now.
    Compact(oneshot::Sender<()>),
    /// The apply thread failed.
    Fault(String),
    /// The end.
    Stop,
}

/// How far the apply thread got.
pub(super) struct Progress {
    /// Everything through this index is applied.
    pub(super) index: LogIndex,
    /// Rounds that were shredded on the way: their entries leave the log before their keys are destroyed.
    pub(super) shredded: Vec<RoundUid>,
    /// Calls that ended with an outcome, and without one.
    pub(super) ended: (u64, u64),
}

/// A committed entry; one that changes the configuration, with what raft made of it.
pub(super) struct Committed {
    pub(super) entry: Entry,
    pub(super) configuration: Option<ConfState>,
}

/// What the apply thread is told.
pub(super) enum Task {
    /// Entries to apply.
    Apply(Vec<Committed>),
    /// A snapshot to put in the state's place, and in the log's; the raft thread waits meanwhile.
    Install {
        state: Box<State>,
        metadata: SnapshotMetadata,
        hard_state: Option<HardState>,
        done: SyncSender<Result<(), StorageError>>,
    },
    /// A snapshot to prepare for others.
    Prepare,
    /// Keys to destroy; the log holds nothing any more that they seal.
    Destroy(Vec<RoundUid>),
    /// The end.
    Stop,
}

/// Where the raft thread is told.
pub(super) type Inputs = Sender<Input>;

/// Where the apply thread is told.
pub(super) type Tasks = Sender<Task>;

/// Where the apply thread listens.
pub(super) type TaskQueue = Receiver<Task>;

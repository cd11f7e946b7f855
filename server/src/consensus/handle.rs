//! The handle of a running member.

use std::{
    sync::{Arc, atomic::Ordering, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use bytes::Bytes;
use parking_lot::{Mutex, RwLockReadGuard};
use raft::prelude::{Message, MessageType};
use tokio::sync::{Semaphore, oneshot, watch};

use super::{
    AppliedCounts, ProposeError, RaftSettings, RaftStatus,
    entry::{ProposalIds, encode_command},
    fairness::FairBytes,
    fencing, founding,
    messages::{Input, Inputs, Proposal, Shared},
    network::Network,
    pending::Call,
    snapshots::{Prepared, SnapshotId},
    starting,
};
use crate::{
    fence::Fence,
    ids::{ClusterId, ClusterTime, LogIndex, MemberId, RoundUid},
    state::{ChunkKey, Command, Entry, Limits, MemberRecord, MembershipChange, Reply, State},
    storage::{StorageError, Store},
    transport::Transport,
};

/// A command on its way into the log.
#[must_use = "it says what became of the command"]
pub struct Submitted(oneshot::Receiver<Result<Reply, ProposeError>>);

impl Submitted {
    /// Waits until the command is applied here.
    pub async fn outcome(self) -> Result<Reply, ProposeError> {
        self.0.await.unwrap_or(Err(ProposeError::Stopped))
    }
}

/// Bytes of entries that peers' messages may hold while they wait for the raft thread.
const INBOUND_BYTES: usize = 16 << 20;

/// The handle of a running member. Cheap to clone.
#[derive(Clone)]
pub struct Consensus {
    running: Arc<Running>,
}

struct Running {
    shared: Arc<Shared>,
    cluster: ClusterId,
    transport: Transport,
    inputs: Inputs,
    ids: ProposalIds,
    bulk: FairBytes,
    inbound: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The threads end by themselves if nobody stopped them.
        self.inputs.send(Input::Stop).ok();
    }
}

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
        founding::bootstrap(store, cluster, initial_members, founder, limits)
    }

    /// Makes `store` a member that waits for a leader to send it the log. An interrupted bootstrap may have left the
    /// first state of another cluster, whose log index 1 would pass for this one's.
    pub fn join(store: &Store, cluster: ClusterId, id: MemberId) -> Result<(), StorageError> {
        if !store.is_member() {
            store.forget_bootstrap()?;
        }
        store.become_member(cluster, id)
    }

    /// Starts the threads of the member whose directory `store` is. Must be called within a tokio runtime.
    pub fn start(store: Arc<Store>, settings: RaftSettings, transport: Transport) -> Result<Self, StorageError> {
        let network = Arc::new(transport.clone());
        Self::start_over(store, settings, transport, network)
    }

    /// As [`Consensus::start`], over any network.
    pub(super) fn start_over(
        store: Arc<Store>,
        settings: RaftSettings,
        transport: Transport,
        network: Arc<dyn Network>,
    ) -> Result<Self, StorageError> {
        let ids = ProposalIds::draw()?;
        let bulk = FairBytes::new(settings.bulk_bytes);
        let (inputs, input_queue) = mpsc::channel();
        let started = starting::start(store, settings, network, &ids, inputs.clone(), input_queue)?;
        let running = Running {
            shared: started.shared,
            cluster: started.cluster,
            transport,
            inputs,
            ids,
            bulk,
            inbound: Arc::new(Semaphore::new(INBOUND_BYTES)),
            threads: Mutex::new(started.threads),
        };
        Ok(Self { running: Arc::new(running) })
    }

    /// Proposes a command and waits until it is applied here. Leaders only; a bulk command waits for its share.
    pub async fn propose(&self, command: Command) -> Result<Reply, ProposeError> {
        self.submit(command).await?.outcome().await
    }

    /// The first half of [`Consensus::propose`]: waits until the command is on its way into the log, behind all that
    /// were submitted before. Of calls that are polled together any may come first, whichever began first.
    pub async fn submit(&self, command: Command) -> Result<Submitted, ProposeError> {
        self.wait_to_lead().await?;
        let permit = match &command {
            Command::AppendChunk { uid, worker, pairs, .. } => {
                Some(self.running.bulk.acquire((*uid, worker.clone()), pairs.len()).await)
            }
            _ => None,
        };
        let time = self.leader_time().ok_or_else(|| self.not_leader())?;
        let seals = command.secret_round();
        let shreds = if let Command::Shred { uid } = &command { Some(*uid) } else { None };
        let (reply, outcome) = oneshot::channel();
        let proposal = Proposal {
            id: self.running.ids.next(),
            data: encode_command(&Entry { time, command }),
            seals,
            shreds,
            call: Call::new(reply, permit),
        };
        self.tell(Input::Propose(proposal));
        Ok(Submitted(outcome))
    }

    /// Proposes a membership change and waits until it is in force, its joint phase over. Returns the index of the
    /// configuration. A leader that is to be removed hands over first and answers `NotLeader`. A member whose place a
    /// promoted one takes must not have been heard of for `replaced_silence`.
    pub async fn change_members(
        &self,
        change: MembershipChange,
        replaced_silence: Duration,
    ) -> Result<LogIndex, ProposeError> {
        self.wait_to_lead().await?;
        let mut applied = self.applied();
        let mut status = self.status();
        let (reply, outcome) = oneshot::channel();
        let call = Call::new(reply, None);
        self.tell(Input::Change { id: self.running.ids.next(), change, replaced_silence, call });
        outcome.await.unwrap_or(Err(ProposeError::Stopped))?;
        loop {
            applied.borrow_and_update();
            let leader = {
                let status = status.borrow_and_update();
                (!status.leads()).then_some(status.leader)
            };
            {
                let state = self.state();
                let configuration = state.configuration();
                if !configuration.raft.is_joint() {
                    return Ok(configuration.index);
                }
            }
            if let Some(leader) = leader {
                return Err(ProposeError::OutcomeUnknown { leader });
            }
            tokio::select! {
                changed = applied.changed() => changed.map_err(|_| ProposeError::Stopped)?,
                changed = status.changed() => changed.map_err(|_| ProposeError::Stopped)?,
            }
        }
    }

    /// Waits until this member has applied everything that was committed anywhere when the call began.
    pub async fn read_index(&self) -> Result<LogIndex, ProposeError> {
        let (call, answer) = oneshot::channel();
        self.tell(Input::Read(call));
        let index = answer.await.unwrap_or(Err(ProposeError::Stopped))?;
        let mut applied = self.applied();
        let mut status = self.status();
        let failed = status.wait_for(|status| status.storage_fault.is_some());
        let index = tokio::select! {
            applied = applied.wait_for(|applied| *applied >= index) => {
                applied.map_err(|_| ProposeError::Stopped).map(|applied| *applied)
            }
            _ = failed => Err(ProposeError::StorageFailed),
            () = self.running.shared.stopped.cancelled() => Err(ProposeError::Stopped),
        };
        index
    }

    /// Hands leadership to a voter, the most advanced one by default, and waits until it leads.
    pub async fn transfer_leadership(&self, to: Option<MemberId>) -> Result<MemberId, ProposeError> {
        let (reply, outcome) = oneshot::channel();
        self.tell(Input::Transfer(to, Box::new(|outcome| drop(reply.send(outcome)))));
        outcome.await.unwrap_or(Err(ProposeError::Stopped))
    }

    /// The replicated state as applied here. Hold it shortly, never across an await.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        self.running.shared.state.read()
    }

    /// The highest applied index. A state read after a change is at least as new.
    pub fn applied(&self) -> watch::Receiver<LogIndex> {
        self.running.shared.applied.subscribe()
    }

    /// What this member has applied since it started.
    pub fn applied_counts(&self) -> &AppliedCounts {
        &self.running.shared.counts
    }

    /// What this member says about itself.
    pub fn status(&self) -> watch::Receiver<RaftStatus> {
        self.running.shared.status.subscribe()
    }

    /// Changes whenever the key of a round was destroyed here (a shred carried out).
    pub fn keys_destroyed(&self) -> watch::Receiver<u64> {
        self.running.shared.keys_destroyed.subscribe()
    }

    /// The cluster time that a proposal made now would carry; `None` unless this member leads and has applied an
    /// entry of its own term.
    pub fn leader_time(&self) -> Option<ClusterTime> {
        self.running.shared.clock.now()
    }

    /// This member.
    pub fn member_id(&self) -> MemberId {
        self.running.shared.member
    }

    /// Its cluster.
    pub fn cluster_id(&self) -> &ClusterId {
        &self.running.cluster
    }

    /// Its data directory.
    pub fn store(&self) -> &Arc<Store> {
        &self.running.shared.store
    }

    /// The connections to its peers.
    pub fn transport(&self) -> &Transport {
        &self.running.transport
    }

    /// Reads and opens chunks, in the order of `keys`. Blocks.
    pub fn chunks(&self, keys: Vec<ChunkKey>) -> impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>> + Send {
        self.store().chunks(keys)
    }

    /// Whether the key of a round exists here: its secrets can still be read.
    pub fn has_round_key(&self, uid: RoundUid) -> bool {
        self.store().has_round_key(uid)
    }

    /// Why this member is fenced, if it is.
    pub fn fence(&self) -> Option<&Fence> {
        self.store().fence()
    }

    /// Fences this member, unless it is the only voter. It stops leading with the next tick.
    pub(crate) fn raise_fence(&self, fence: Fence) {
        let alone = fencing::is_alone(&self.state(), self.member_id());
        fencing::raise(self.store(), alone, fence);
    }

    /// Whether pairs of a sealing could not be read since they are damaged for good.
    pub(crate) fn has_lost_pairs(&self, uid: RoundUid, reseal: u32, error: &StorageError) -> bool {
        // In this order: a snapshot that was installed since the failure shows in its state. (A round that ends changes
        // in the state before its chunks go; a snapshot's chunks come and go before its state is in force.)
        error.is_damage()
            && !self.running.shared.installing.load(Ordering::SeqCst)
            && fencing::needs_pairs(&self.state(), uid, reseal)
    }

    /// Hands a peer's raft messages to the raft thread; waits while too many bytes of them are queued, or too many of
    /// committed entries wait to be applied, so that the sender's stream is held back. `MsgPropose` and messages not
    /// meant for this member are dropped.
    pub(crate) async fn receive(&self, mut messages: Vec<Message>) {
        let member = self.member_id().0;
        // Raft would append a follower's proposal; here only calls of this member propose.
        messages.retain(|message| message.to == member && message.msg_type() != MessageType::MsgPropose);
        let entries = messages.iter().flat_map(|message| &message.entries);
        let bytes = entries.map(|entry| entry.data.len()).sum::<usize>().min(INBOUND_BYTES);
        let permit = match u32::try_from(bytes) {
            // Heartbeats and votes never wait behind entries.
            Ok(0) | Err(_) => None,
            Ok(bytes) => {
                let shared = &self.running.shared;
                tokio::select! {
                    () = shared.backlog.room() => {}
                    () = shared.stopped.cancelled() => return,
                }
                Arc::clone(&self.running.inbound).acquire_many_owned(bytes).await.ok()
            }
        };
        if !messages.is_empty() {
            self.tell(Input::Messages(messages, permit));
        }
    }

    /// A snapshot that this leader has announced and still keeps, by index and identity; none of a fenced member.
    pub(crate) fn prepared_snapshot(&self, index: LogIndex, id: SnapshotId) -> Option<Arc<Prepared>> {
        if self.fence().is_some() {
            return None;
        }
        self.running.shared.snapshots.get(&id).filter(|prepared| prepared.metadata.index == index.0)
    }

    /// Compacts the applied log now, keeping the configured tail.
    pub async fn compact_log(&self) {
        let (done, finished) = oneshot::channel();
        self.tell(Input::Compact(done));
        // The thread drops the call where it stops.
        finished.await.ok();
    }

    /// Stops the threads, fails what is pending, and flushes the database.
    pub async fn stop(self) {
        self.tell(Input::Stop);
        let threads = std::mem::take(&mut *self.running.threads.lock());
        let store = Arc::clone(self.store());
        let stopped = tokio::task::spawn_blocking(move || {
            for thread in threads {
                // A thread that panicked has said so.
                thread.join().ok();
            }
            store.flush()
        });
        match stopped.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the database was not flushed; the next start replays its log"),
            Err(error) => tracing::warn!(%error, "the member's threads were not waited for"),
        }
    }

    /// Tells the raft thread; if it has ended, whoever waits for an answer learns it by the dropped call.
    fn tell(&self, input: Input) {
        self.running.inputs.send(input).ok();
    }

    /// Waits until this member may propose, if it leads: a new leader first applies an entry of its own term.
    async fn wait_to_lead(&self) -> Result<(), ProposeError> {
        let mut status = self.status();
        let settled = status.wait_for(|status| !status.leads() || self.leader_time().is_some()).await;
        let (leads, fault) = settled
            .map(|status| (status.leads(), status.storage_fault.is_some()))
            .map_err(|_| ProposeError::Stopped)?;
        match (leads, fault) {
            (_, true) => Err(ProposeError::StorageFailed),
            (true, false) => Ok(()),
            (false, false) => Err(self.not_leader()),
        }
    }

    fn not_leader(&self) -> ProposeError {
        let status = self.running.shared.status.borrow();
        match status.leader.filter(|leader| *leader != self.running.shared.member) {
            Some(leader) => ProposeError::NotLeader { leader: Some(leader) },
            None => ProposeError::NoLeader,
        }
    }
}

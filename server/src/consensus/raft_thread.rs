//! The raft thread: ticks, steps messages, proposes, and carries out what raft says is ready.

mod fenced;
mod hearing;
mod leading;
mod ready;
mod reporting;
mod snapshot;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use hearing::Hearing;
use parking_lot::Mutex;
use raft::{
    RawNode, StateRole,
    prelude::{ConfState, Message, MessageType},
};
use tokio::runtime;

use super::{
    Counters, ProposeError, RaftSettings, Role, compaction,
    install::Fetched,
    messages::{Input, Inputs, Progress, Shared, Task, Tasks, TransferCall},
    network::Network,
    raft_storage::RaftStorage,
    reads::Reads,
};
use crate::{
    ids::{LogIndex, MemberId, RoundUid, Term},
    storage::{RaftLog, StorageError},
};

/// Ticks made up for after a stall; the rest is dropped, or a stalled member would campaign at once.
const TICKS_MADE_UP: u32 = 2;

/// Inputs handled between two readies, so that proposals share a sync and none waits long.
const INPUTS_AT_ONCE: usize = 256;

/// The raft thread.
pub(super) struct RaftThread {
    pub(super) shared: Arc<Shared>,
    pub(super) settings: RaftSettings,
    pub(super) node: RawNode<RaftStorage>,
    pub(super) log: Arc<RaftLog>,
    pub(super) network: Arc<dyn Network>,
    pub(super) inputs: Inputs,
    pub(super) tasks: Tasks,
    pub(super) runtime: runtime::Handle,
    pub(super) conf_state: ConfState,
    pub(super) reads: Reads,
    pub(super) fault: Arc<Mutex<Option<String>>>,
    pub(super) counters: Counters,
    pub(super) following: Following,
    pub(super) leading: Leading,
}

/// What a member remembers in whatever role.
#[derive(Default)]
pub(super) struct Following {
    leader: u64,
    leader_heard: Option<Instant>,
    /// When the other members of the configuration were last heard.
    heard: BTreeMap<u64, Instant>,
    /// Whether a snapshot is being fetched.
    fetching: bool,
    /// The fetched snapshot that is being stepped.
    staged: Option<Fetched>,
    /// When leadership was lost, while calls of then still wait.
    lost: Option<Instant>,
}

/// What a leader remembers; empty on others.
#[derive(Default)]
pub(super) struct Leading {
    term: Option<Term>,
    /// For how long it has not heard of the others.
    hearing: Hearing,
    /// Rounds whose shred was proposed: nothing that their keys seal may follow.
    shredding: BTreeSet<RoundUid>,
    /// Members that were told of a snapshot, and when.
    sending: BTreeMap<u64, Instant>,
    transfer: Option<Transfer>,
    /// Whether it is fenced and has tried to hand over.
    handing_over: bool,
}

struct Transfer {
    to: MemberId,
    deadline: Instant,
    call: TransferCall,
}

/// Why the thread's work ended.
enum End {
    Stopped,
    Failed(String),
}

impl From<StorageError> for End {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<raft::Error> for End {
    fn from(error: raft::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl RaftThread {
    /// Works until it is told to stop. After a failure it serves nothing any more, and says so.
    pub(super) fn run(mut self, inputs: &Receiver<Input>) {
        let worked = catch_unwind(AssertUnwindSafe(|| self.work(inputs)));
        let end = worked.unwrap_or_else(|_| {
            // Raft panics where its storage fails to read; the storage has kept the reason.
            let fault = self.fault.lock().take();
            End::Failed(fault.unwrap_or_else(|| "raft stopped at a broken invariant".to_owned()))
        });
        if let End::Failed(fault) = end {
            tracing::error!(%fault, "storage failed; this member stops serving");
            self.refuse_everything(fault, inputs);
        }
        self.shared.clock.stop();
        // They are in the log, and perhaps in those of others.
        self.shared.pending.fail_all(&ProposeError::OutcomeUnknown { leader: None });
        self.reads.fail_all(&ProposeError::Stopped);
        self.shared.status.send_modify(|status| (status.role, status.leader) = (Role::Follower, None));
        self.shared.stopped.cancel();
        self.tasks.send(Task::Stop).ok();
    }

    fn work(&mut self, inputs: &Receiver<Input>) -> End {
        match self.work_on(inputs) {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    fn work_on(&mut self, inputs: &Receiver<Input>) -> Result<std::convert::Infallible, End> {
        let mut ticked = Instant::now();
        let alone = self.conf_state.voters == [self.shared.member.0] && self.conf_state.voters_outgoing.is_empty();
        if alone && !self.is_fenced() {
            // Nobody else can lead.
            self.node.campaign()?;
        }
        loop {
            self.take_inputs(inputs, ticked + self.settings.tick)?;
            self.tick(&mut ticked);
            self.ask_reads();
            // Each ready may make more ready: above all, the only voter commits what it has just synced.
            while self.node.has_ready() {
                self.handle_ready()?;
                self.follow_leadership();
            }
            self.following.staged = None;
            self.publish();
        }
    }

    /// Waits for an input until the next tick, and takes what else has arrived, as far as it fits into one sync.
    fn take_inputs(&mut self, inputs: &Receiver<Input>, next_tick: Instant) -> Result<(), End> {
        let first = match inputs.recv_timeout(next_tick.saturating_duration_since(Instant::now())) {
            Ok(input) => input,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(End::Stopped),
        };
        let mut stepped = self.handle(first)?;
        for _ in 1..INPUTS_AT_ONCE {
            if stepped >= self.settings.stepped_bytes {
                break;
            }
            let Ok(input) = inputs.try_recv() else { break };
            stepped += self.handle(input)?;
        }
        Ok(())
    }

    /// Handles an input; returns the bytes of entries that it brought.
    fn handle(&mut self, input: Input) -> Result<usize, End> {
        match input {
            Input::Messages(messages, permit) => {
                let bytes = messages.into_iter().map(|message| self.step(message)).sum();
                drop(permit);
                return Ok(bytes);
            }
            Input::Propose(proposal) => {
                let bytes = proposal.data.len();
                self.propose(proposal);
                return Ok(bytes);
            }
            Input::Change { id, change, replaced_silence, call } => {
                self.propose_change(id, change, replaced_silence, call);
            }
            Input::Read(call) => self.reads.add(call),
            Input::Transfer(to, call) => self.transfer(to, call),
            Input::Applied(progress) => self.applied(progress)?,
            Input::Unreachable(member) => self.unreachable(member),
            Input::Fetched(fetched) => self.fetched(fetched),
            Input::Compact(done) => {
                let applied = LogIndex(self.node.raft.raft_log.applied);
                compaction::compact(&self.log, applied, self.shared.snapshots.oldest(), &self.settings)?;
                done.send(()).ok();
            }
            Input::Fault(fault) => return Err(End::Failed(fault)),
            Input::Stop => return Err(End::Stopped),
        }
        Ok(0)
    }

    /// Steps a message of a peer; returns the bytes of its entries.
    fn step(&mut self, message: Message) -> usize {
        self.counters.messages_received += 1;
        if self.node.raft.prs().get(message.from).is_some() {
            self.following.heard.insert(message.from, Instant::now());
            self.leading.hearing.hear(message.from);
        }
        let kind = message.msg_type();
        if kind == MessageType::MsgTimeoutNow && self.is_fenced() {
            tracing::info!(from = message.from, "does not take over leadership: this member is fenced");
            return 0;
        }
        if kind == MessageType::MsgSnapshot && self.needs_fetch(&message) {
            self.fetch(message);
            return 0;
        }
        let bytes = message.entries.iter().map(|entry| entry.data.len()).sum();
        let (from, term) = (message.from, message.term);
        if let Err(error) = self.node.step(message) {
            // Of a member that has left, or late: raft counts on messages being lost.
            tracing::debug!(%error, from, "a message was not taken");
        }
        let of_leader = matches!(kind, MessageType::MsgAppend | MessageType::MsgHeartbeat | MessageType::MsgSnapshot);
        if of_leader && term == self.node.raft.term && from == self.node.raft.leader_id {
            self.following.leader_heard = Some(Instant::now());
        }
        bytes
    }

    fn tick(&mut self, ticked: &mut Instant) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(*ticked).as_nanos() / self.settings.tick.as_nanos().max(1);
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        if passed == 0 {
            return;
        }
        let made = passed.min(TICKS_MADE_UP);
        self.counters.ticks_dropped += u64::from(passed - made);
        *ticked = if passed == made { *ticked + self.settings.tick * passed } else { now };
        for _ in 0..made {
            self.tick_raft();
            self.listen();
        }
        if self.node.raft.state == StateRole::Leader {
            self.following.leader_heard = Some(now);
        }
        self.reads.expire(now);
        self.tick_leading(now);
        if self.following.lost.is_some_and(|lost| now >= lost + self.election_timeout()) {
            self.following.lost = None;
            let error = ProposeError::OutcomeUnknown { leader: self.other_leader() };
            self.counters.proposals_failed += self.shared.pending.fail_all(&error);
        }
    }

    fn ask_reads(&mut self) {
        for context in self.reads.due(Instant::now()) {
            self.node.read_index(context);
        }
    }

    /// The apply thread got on.
    fn applied(&mut self, progress: Progress) -> Result<(), End> {
        let Progress { index, shredded, ended } = progress;
        self.counters.proposals_applied += ended.0;
        self.counters.proposals_failed += ended.1;
        // A snapshot may have been installed since.
        if index.0 > self.node.raft.raft_log.applied {
            self.node.advance_apply_to(index.0);
        }
        self.begin_to_serve();
        self.leave_joint();
        self.shred(shredded, index)?;
        compaction::compact_grown(&self.log, index, self.shared.snapshots.oldest(), &self.settings)?;
        Ok(())
    }

    /// Takes the entries of shredded rounds out of the log, and then has their keys destroyed.
    fn shred(&mut self, rounds: Vec<RoundUid>, applied: LogIndex) -> Result<(), End> {
        if rounds.is_empty() {
            return Ok(());
        }
        let in_log = self.log.rounds();
        if let Some(last) = rounds.iter().filter_map(|uid| in_log.get(uid)).max() {
            self.log.compact((*last).min(applied))?;
        } else {
            self.log.sync()?;
        }
        // They hold what was shredded, and end before the log begins.
        self.shared.snapshots.clear();
        self.tasks.send(Task::Destroy(rounds)).ok();
        Ok(())
    }

    /// Notices who leads now.
    fn follow_leadership(&mut self) {
        let raft = &self.node.raft;
        let term = Term(raft.term);
        if raft.leader_id != 0 && raft.leader_id != self.following.leader {
            self.following.leader = raft.leader_id;
            self.counters.leader_changes += 1;
            tracing::info!(leader = raft.leader_id, %term, "a leader is known");
        }
        let leads = (raft.state == StateRole::Leader).then_some(term);
        if leads != self.leading.term {
            if self.leading.term.is_some() {
                self.stop_leading();
            }
            self.leading.term = leads;
        }
        self.finish_transfer();
    }

    /// Whether this member leads and may propose.
    fn check_leads(&self) -> Result<(), ProposeError> {
        if self.node.raft.state != StateRole::Leader {
            return Err(ProposeError::NotLeader { leader: self.other_leader() });
        }
        if !self.node.raft.apply_to_current_term() || self.node.raft.lead_transferee.is_some() || self.is_fenced() {
            return Err(ProposeError::NoLeader);
        }
        Ok(())
    }

    /// Who leads, if it is another member.
    fn other_leader(&self) -> Option<MemberId> {
        let leader = MemberId(self.node.raft.leader_id);
        (leader != MemberId(0) && leader != self.shared.member).then_some(leader)
    }

    fn election_timeout(&self) -> Duration {
        self.settings.tick * u32::try_from(self.settings.election_ticks).unwrap_or(u32::MAX)
    }

    fn is_active(&self, member: u64, now: Instant) -> bool {
        member == self.shared.member.0
            || self.following.heard.get(&member).is_some_and(|heard| now < *heard + self.election_timeout())
    }
}

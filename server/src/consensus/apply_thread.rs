//! The apply thread: carries committed entries into the state and onto disk, answers the calls that wait for them,
//! prepares snapshots, and destroys keys. It never waits for the raft thread.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use raft::prelude::{HardState, SnapshotMetadata};
use zeroize::Zeroizing;

use super::{
    backlog,
    entry::{command_id, decode_change, decode_command},
    membership::raft_configuration,
    messages::{Committed, Input, Inputs, Progress, Shared, Task, TaskQueue},
    network::Network,
    snapshots::Prepared,
};
use crate::{
    ids::{LogIndex, MemberId, ProposalId, RoundUid},
    state::{Applied, Command, Effect, MemberState, Rejection, Reply, State},
    storage::{StateBatch, StorageError, changes_configuration},
};

/// The apply thread.
pub(super) struct ApplyThread {
    shared: Arc<Shared>,
    network: Arc<dyn Network>,
    inputs: Inputs,
    /// Index, term and configuration through which the state is applied.
    applied: SnapshotMetadata,
    /// As last said to the network.
    peers: BTreeMap<MemberId, String>,
}

/// What a call is answered once its entry's batch is written.
type Answer = (LogIndex, Option<ProposalId>, Result<Reply, Rejection>);

impl ApplyThread {
    pub(super) fn new(
        shared: Arc<Shared>,
        network: Arc<dyn Network>,
        inputs: Inputs,
        applied: SnapshotMetadata,
    ) -> Self {
        Self { shared, network, inputs, applied, peers: BTreeMap::new() }
    }

    /// Works until it is told to stop, or fails; the raft thread then stops serving.
    pub(super) fn run(mut self, tasks: &TaskQueue) {
        let worked = catch_unwind(AssertUnwindSafe(|| self.work(tasks)));
        let fault = match worked {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the state stopped at a broken invariant".to_owned(),
        };
        self.inputs.send(Input::Fault(fault)).ok();
    }

    fn work(&mut self, tasks: &TaskQueue) -> Result<(), StorageError> {
        self.tell_peers();
        while let Ok(task) = tasks.recv() {
            // After a failure, what is still queued must not be applied: there would be a gap.
            match task {
                Task::Apply(entries) => self.apply(entries)?,
                Task::Install { state, metadata, hard_state, done } => {
                    let installed = self.install(*state, metadata, hard_state.as_ref());
                    drop(done.send(installed));
                }
                Task::Prepare => self.prepare()?,
                Task::Destroy(rounds) => self.destroy(&rounds)?,
                Task::Stop => break,
            }
        }
        Ok(())
    }

    /// Applies entries, writes what they changed with the applied index, and only then answers.
    fn apply(&mut self, entries: Vec<Committed>) -> Result<(), StorageError> {
        let shared = Arc::clone(&self.shared);
        let begun = Instant::now();
        let mut batch = shared.store.state_batch();
        let mut answers: Vec<Answer> = Vec::with_capacity(entries.len());
        let mut shredded = Vec::new();
        let mut refused_starts = Vec::new();
        let mut members_changed = false;
        let bytes = backlog::bytes(entries.iter().map(|committed| &committed.entry));
        for Committed { entry, configuration } in entries {
            let index = LogIndex(entry.index);
            (self.applied.index, self.applied.term) = (entry.index, entry.term);
            let (id, applied) = if changes_configuration(&entry) {
                members_changed = true;
                let change = decode_change(&entry.context);
                let id = change.as_ref().map(|(id, _)| *id);
                let applied = match configuration {
                    Some(conf_state) => {
                        let raft = raft_configuration(&conf_state);
                        self.applied.conf_state = Some(conf_state);
                        shared.state.write().apply_membership(index, change.as_ref().map(|(_, change)| change), raft)
                    }
                    None => refused_change(),
                };
                (id, applied)
            } else if entry.data.is_empty() {
                (None, Applied { reply: Ok(Reply::Done), effects: Vec::new() })
            } else {
                let command = decode_command(&entry.data).map_err(StorageError::damaged("log entry"))?;
                members_changed |=
                    matches!(command.command, Command::AllocateMember { .. } | Command::RegisterMember { .. });
                let starts = if let Command::StartRound { uid, .. } = &command.command { Some(*uid) } else { None };
                let kind = command.command.kind();
                let mut state = shared.state.write();
                let applied = state.apply(index, command);
                shared.counts.count(kind, applied.reply.is_ok());
                // Every member says so: with index and term an entry is followed from member to member.
                tracing::debug!(index = index.0, term = entry.term, command = kind, "applied");
                refused_starts.extend(starts.filter(|uid| state.round(*uid).is_none()));
                (command_id(&entry.context), applied)
            };
            for effect in applied.effects {
                carry_out(effect, &mut batch, &shared.state.read(), &mut shredded)?;
            }
            answers.push((index, id, applied.reply));
        }
        batch.write(&shared.state.read(), &self.applied)?;
        shared.counts.observe_batch(begun.elapsed());
        shared.backlog.remove(bytes);
        // Each start draws a uid, and each uid in the log has got a key: without end, if nobody took it away.
        refused_starts.into_iter().try_for_each(|uid| shared.store.discard_key(uid))?;
        if members_changed {
            self.members_changed()?;
        }
        self.report(answers, shredded);
        Ok(())
    }

    /// Publishes the applied index, tells the raft thread, and only then answers calls: what a caller proposes next is
    /// judged by what it was told.
    fn report(&self, answers: Vec<Answer>, shredded: Vec<RoundUid>) {
        let index = LogIndex(self.applied.index);
        self.shared.applied.send_replace(index);
        let leader = self.shared.status.borrow().leader.filter(|leader| *leader != self.shared.member);
        let mut calls = Vec::new();
        let mut ended = (0, 0);
        for (index, id, reply) in answers {
            let (call, failed) = self.shared.pending.take(index, id, leader);
            ended.1 += failed;
            calls.extend(call.map(|call| (index, call, reply)));
        }
        ended.0 = calls.len() as u64;
        self.inputs.send(Input::Applied(Progress { index, shredded, ended })).ok();
        for (index, call, reply) in calls {
            call.span
                .in_scope(|| tracing::debug!(index = index.0, rejected = reply.is_err(), "applied what was proposed"));
            call.end(reply.map_err(Into::into));
        }
    }

    /// Puts a snapshot's state in the place of the present one. Keys of rounds that it does not hold are destroyed.
    fn install(
        &mut self,
        state: State,
        metadata: SnapshotMetadata,
        hard_state: Option<&HardState>,
    ) -> Result<(), StorageError> {
        self.shared.installing.store(true, Ordering::SeqCst);
        self.shared.store.install_state(&state, &metadata, hard_state)?;
        let destroyed = self.shared.store.destroy_ended_keys(&state)?;
        self.applied = metadata;
        {
            // A restored state does not say how far it was applied: whoever holds the lock sees both or neither.
            let mut present = self.shared.state.write();
            *present = state;
            self.shared.applied.send_replace(LogIndex(self.applied.index));
        }
        self.shared.installing.store(false, Ordering::SeqCst);
        if destroyed {
            self.shared.keys_destroyed.send_modify(|count| *count += 1);
        }
        self.members_changed()
    }

    fn prepare(&self) -> Result<(), StorageError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(StorageError::Randomness)?;
        let state = self.shared.state.read();
        let (contents, chunks) = (Zeroizing::new(state.to_snapshot()), state.chunk_keys());
        drop(state);
        self.shared.snapshots.offer(Prepared { id, metadata: self.applied.clone(), state: contents, chunks });
        Ok(())
    }

    fn destroy(&self, rounds: &[RoundUid]) -> Result<(), StorageError> {
        for uid in rounds {
            self.shared.store.shred(*uid)?;
            tracing::info!(round = %uid, "destroyed the key of a shredded round");
            self.shared.keys_destroyed.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    fn members_changed(&mut self) -> Result<(), StorageError> {
        let removed = {
            let state = self.shared.state.read();
            state.member_state(self.shared.member) == Some(MemberState::Removed)
        };
        if removed && !self.shared.status.borrow().removed {
            tracing::warn!(member = %self.shared.member, "this member was removed from the cluster");
            self.shared.store.mark_removed()?;
            self.shared.status.send_modify(|status| status.removed = true);
        }
        self.tell_peers();
        Ok(())
    }

    /// Says where peers are, if the state knows anybody and it changed: a joiner that knows nobody yet has learnt of
    /// its leader otherwise.
    fn tell_peers(&mut self) {
        let state = self.shared.state.read();
        let others = state.members().filter(|member| {
            member.id != self.shared.member && member.state != MemberState::Removed && !member.peer_address.is_empty()
        });
        let peers: BTreeMap<MemberId, String> = others.map(|member| (member.id, member.peer_address.clone())).collect();
        let known = state.members().next().is_some();
        drop(state);
        if known && peers != self.peers {
            self.peers.clone_from(&peers);
            self.network.set_peers(peers);
        }
    }
}

/// Raft could not make the change, on any member alike.
fn refused_change() -> Applied {
    let why = "raft refused it".to_owned();
    Applied { reply: Err(Rejection::ChangeUnsafe { why }), effects: Vec::new() }
}

/// Adds an effect to the batch.
fn carry_out(
    effect: Effect,
    batch: &mut StateBatch<'_>,
    state: &State,
    shredded: &mut Vec<RoundUid>,
) -> Result<(), StorageError> {
    match effect {
        Effect::PutChunk { key, pairs } => batch.put_chunk(&key, &pairs)?,
        Effect::DropChunks { keys } => keys.iter().for_each(|key| batch.delete_chunk(key)),
        Effect::SaveRound { uid } => {
            if let Some(round) = state.round(uid) {
                batch.save_round(uid, round)?;
            }
        }
        Effect::RemoveRound { uid } => batch.remove_round(uid),
        Effect::Shred { uid } => {
            batch.delete_chunks(uid);
            shredded.push(uid);
        }
    }
    Ok(())
}

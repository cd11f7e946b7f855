//! Carrying out what raft says is ready, in the order that its safety rests on.

use std::sync::mpsc;

use prost011::Message as _;
use raft::{
    StateRole,
    prelude::{ConfChangeV2, Entry, EntryType, HardState, Message, MessageType, Snapshot},
};

use super::{End, RaftThread};
use crate::{
    consensus::{
        install::Fetched,
        messages::{Committed, Task},
    },
    ids::LogIndex,
    storage::changes_configuration,
};

impl RaftThread {
    /// A leader's messages go out first; then entries and hard state are synced in one batch; then go the messages that
    /// promise them; then raft advances, and what is committed is handed to the apply thread.
    pub(super) fn handle_ready(&mut self) -> Result<(), End> {
        let mut ready = self.node.ready();
        self.send(ready.take_messages());
        let hard_state = ready.hs().cloned();
        let installed = if ready.snapshot().is_empty() {
            None
        } else {
            self.install(ready.snapshot(), hard_state.as_ref())?;
            Some(ready.snapshot().get_metadata().index)
        };
        let entries = ready.take_entries();
        if ready.must_sync() {
            self.log.append(&entries, hard_state.as_ref())?;
        } else if let Some(hard_state) = &hard_state {
            self.log.note(hard_state)?;
        }
        self.counters.entries_appended += entries.len() as u64;
        self.send(ready.take_persisted_messages());
        for read in ready.take_read_states() {
            self.reads.answer(&read.request_ctx, LogIndex(read.index));
        }
        let mut committed = ready.take_committed_entries();
        let mut light = self.node.advance_append(ready);
        if let Some(index) = installed {
            self.node.advance_apply_to(index);
        }
        self.send(light.take_messages());
        committed.append(&mut light.take_committed_entries());
        self.hand_out(committed);
        // In this order: what is taken must be prepared, or none would ever be again.
        let offers = self.node.raft.state == StateRole::Leader && !self.is_fenced();
        if offers && self.shared.snapshots.take_wanted() {
            self.tasks.send(Task::Prepare).ok();
        }
        Ok(())
    }

    fn send(&mut self, messages: Vec<Message>) {
        if messages.is_empty() {
            return;
        }
        self.counters.messages_sent += messages.len() as u64;
        for message in messages.iter().filter(|message| message.msg_type() == MessageType::MsgSnapshot) {
            self.counters.snapshots_sent += 1;
            self.announced(message.to);
        }
        self.network.send(messages);
    }

    /// Hands committed entries to the apply thread. Raft makes changes of the configuration here, and the apply thread
    /// gets the result with the entry: so neither thread ever waits for the other.
    fn hand_out(&mut self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        self.shared.backlog.add(entries.iter());
        let committed = entries.into_iter().map(|entry| {
            let configuration = if changes_configuration(&entry) { self.reconfigure(&entry) } else { None };
            Committed { entry, configuration }
        });
        let committed = committed.collect();
        self.tasks.send(Task::Apply(committed)).ok();
    }

    /// The configuration that a committed change makes; `None` if raft cannot make it, as on every member.
    fn reconfigure(&mut self, entry: &Entry) -> Option<raft::prelude::ConfState> {
        if entry.entry_type() != EntryType::EntryConfChangeV2 {
            return None;
        }
        let change = ConfChangeV2::decode(&entry.data[..]).ok()?;
        match self.node.apply_conf_change(&change) {
            Ok(conf_state) => {
                self.conf_state = conf_state.clone();
                Some(conf_state)
            }
            Err(error) => {
                tracing::warn!(%error, index = entry.index, "a committed membership change cannot be made");
                None
            }
        }
    }

    /// Has the apply thread put the staged snapshot in the place of state and log, and waits for it.
    fn install(&mut self, snapshot: &Snapshot, hard_state: Option<&HardState>) -> Result<(), End> {
        let metadata = snapshot.get_metadata().clone();
        let staged = self.following.staged.take().filter(|staged| staged.announcement.get_snapshot() == snapshot);
        let Some(Fetched { state, .. }) = staged else {
            return Err(End::Failed("raft restored a snapshot that was not fetched".to_owned()));
        };
        self.conf_state = metadata.get_conf_state().clone();
        let index = metadata.index;
        let (done, outcome) = mpsc::sync_channel(1);
        let task = Task::Install { state, metadata, hard_state: hard_state.cloned(), done };
        self.tasks.send(task).ok();
        // Without an answer the apply thread has failed, and has said why.
        outcome.recv().map_err(|_| End::Failed("the state cannot be applied".to_owned()))??;
        self.counters.snapshots_installed += 1;
        tracing::info!(index, "installed a snapshot");
        Ok(())
    }
}

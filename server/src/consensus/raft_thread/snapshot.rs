//! Receiving a snapshot. Raft replaces log and configuration the moment an announcement is stepped, so what it
//! announces is fetched and verified before.

use std::sync::Arc;

use raft::prelude::Message;

use super::RaftThread;
use crate::consensus::{
    install::{Fetched, fetch},
    messages::Input,
};

impl RaftThread {
    /// Whether stepping an announcement would replace the log. Otherwise raft answers it at once.
    pub(super) fn needs_fetch(&self, message: &Message) -> bool {
        let metadata = message.get_snapshot().get_metadata();
        let log = &self.node.raft.raft_log;
        metadata.index > log.committed && !log.match_term(metadata.index, metadata.term)
    }

    /// Fetches what a leader announced, unless that is under way.
    pub(super) fn fetch(&mut self, announcement: Message) {
        if self.following.fetching || announcement.term < self.node.raft.term {
            return;
        }
        self.following.fetching = true;
        let (network, store) = (Arc::clone(&self.network), Arc::clone(&self.shared.store));
        let (inputs, idle) = (self.inputs.clone(), self.settings.snapshot_idle);
        let index = announcement.get_snapshot().get_metadata().index;
        self.runtime.spawn(async move {
            let fetched = fetch(&*network, store, announcement, idle).await;
            if let Err(error) = &fetched {
                tracing::warn!(%error, index, "cannot take a snapshot");
            }
            inputs.send(Input::Fetched(fetched.ok())).ok();
        });
    }

    /// Steps the announcement of a snapshot that is here. One of a leader that is none any more is dropped: the next
    /// leader announces its own.
    pub(super) fn fetched(&mut self, fetched: Option<Fetched>) {
        self.following.fetching = false;
        if let Some(Fetched { announcement, state }) = fetched
            && self.needs_fetch(&announcement)
            && announcement.term == self.node.raft.term
        {
            self.following.staged = Some(state);
            if let Err(error) = self.node.step(announcement) {
                tracing::debug!(%error, "a snapshot was not taken");
            }
        }
    }
}

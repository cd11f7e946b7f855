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

    /// Fetches what a leader announced, unless that is under way, or what was fetched is still to be installed: that
    /// removes every chunk but its own.
    pub(super) fn fetch(&mut self, announcement: Message) {
        let busy = self.following.fetching || self.following.staged.is_some();
        if busy || announcement.term < self.node.raft.term {
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
        if let Some(fetched) = fetched
            && self.needs_fetch(&fetched.announcement)
            && fetched.announcement.term == self.node.raft.term
        {
            let announcement = fetched.announcement.clone();
            self.following.staged = Some(fetched);
            if let Err(error) = self.node.step(announcement) {
                tracing::debug!(%error, "a snapshot was not taken");
            }
        }
    }
}

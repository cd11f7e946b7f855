//! Bytes of committed entries that wait to be applied, and the room there is for more.
//!
//! On a leader they are few: proposals hold their share of the bulk budget until they are applied. A follower confirms
//! what is on its disk, so it would take entries faster than it applies them, without end, in memory. Where too many
//! wait, the streams that bring entries are not read on, and their senders stop; votes and heartbeats come by another
//! way. The raft thread itself never waits.

use raft::prelude::Entry;
use tokio::sync::watch;

/// The entries that wait to be applied, by their bytes.
pub(super) struct Backlog {
    bytes: watch::Sender<usize>,
    limit: usize,
}

impl Backlog {
    /// Nothing waits; there is room as long as less than `limit` bytes do.
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: watch::Sender::new(0), limit }
    }

    /// These begin to wait.
    pub(super) fn add<'a>(&self, entries: impl Iterator<Item = &'a Entry>) {
        let added = bytes(entries);
        self.bytes.send_modify(|bytes| *bytes += added);
    }

    /// So many bytes, as [`bytes`] counts them, are applied.
    pub(super) fn remove(&self, applied: usize) {
        self.bytes.send_modify(|bytes| *bytes -= applied);
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        *self.bytes.borrow()
    }

    /// Waits until there is room.
    pub(super) async fn room(&self) {
        // It ends early never: the sender is here.
        self.bytes.subscribe().wait_for(|bytes| *bytes < self.limit).await.ok();
    }
}

/// Bytes that entries hold.
pub(super) fn bytes<'a>(entries: impl Iterator<Item = &'a Entry>) -> usize {
    entries.map(|entry| entry.data.len()).sum()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn there_is_room_again_once_enough_is_applied() {
        let entry = |bytes| Entry { data: vec![0; bytes], ..Entry::default() };
        let backlog = Backlog::new(100);
        assert!(backlog.room().now_or_never().is_some());
        backlog.add([entry(60), entry(60)].iter());
        assert_eq!(backlog.bytes(), 120);
        let mut waits = backlog.room().boxed();
        assert!((&mut waits).now_or_never().is_none());
        backlog.remove(20);
        assert!((&mut waits).now_or_never().is_none(), "all of it is taken");
        backlog.remove(1);
        assert!(waits.now_or_never().is_some());
    }
}

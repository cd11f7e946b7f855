//! The leader's view of cluster time: the state's clock when it began to lead, and the time that passed since.

use std::time::Instant;

use parking_lot::Mutex;

use crate::ids::ClusterTime;

/// Runs while this member leads and has applied an entry of its own term.
#[derive(Default)]
pub(super) struct LeaderClock {
    begun: Mutex<Option<(ClusterTime, Instant)>>,
}

impl LeaderClock {
    /// Goes on from the state's clock.
    pub(super) fn start(&self, state: ClusterTime) {
        *self.begun.lock() = Some((state, Instant::now()));
    }

    /// Leadership ended.
    pub(super) fn stop(&self) {
        *self.begun.lock() = None;
    }

    /// Cluster time now; `None` while it does not run.
    pub(super) fn now(&self) -> Option<ClusterTime> {
        self.begun
            .lock()
            .map(|(state, begun)| state.after(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)))
    }
}

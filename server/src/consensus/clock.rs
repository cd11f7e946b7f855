//! The leader's view of cluster time: the state's clock when it began to lead, and the time that passed since.

use std::time::Instant;

use parking_lot::Mutex;

use crate::ids::ClusterTime;

/// Runs while this member leads and has applied an entry of its own term.
#[derive(Default)]
pub(crate) struct LeaderClock {
    begun: Mutex<Option<(ClusterTime, Instant)>>,
}

impl LeaderClock {
    /// Goes on from the state's clock at `moment`.
    pub(crate) fn start(&self, state: ClusterTime, moment: Instant) {
        *self.begun.lock() = Some((state, moment));
    }

    /// Leadership ended.
    pub(crate) fn stop(&self) {
        *self.begun.lock() = None;
    }

    /// Cluster time now; `None` while it does not run.
    pub(super) fn now(&self) -> Option<ClusterTime> {
        self.at(Instant::now())
    }

    /// Cluster time at `moment`; `None` while it does not run.
    pub(crate) fn at(&self, moment: Instant) -> Option<ClusterTime> {
        self.begun.lock().map(|(state, begun)| {
            let passed = moment.saturating_duration_since(begun).as_millis();
            state.after(u64::try_from(passed).unwrap_or(u64::MAX))
        })
    }
}

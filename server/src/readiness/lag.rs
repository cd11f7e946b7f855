//! For how long a committed entry has waited to be applied.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::ids::LogIndex;

/// Remembers since when which index was known to be committed.
#[derive(Debug, Default)]
pub(super) struct CommitLag {
    /// Commit indices above what is applied, ascending, each with the moment at which it was first seen.
    waiting: VecDeque<(LogIndex, Instant)>,
}

impl CommitLag {
    /// For how long the oldest committed entry that is not applied has been known.
    pub(super) fn observe(&mut self, now: Instant, commit: LogIndex, applied: LogIndex) -> Duration {
        if self.waiting.back().is_none_or(|(last, _)| *last < commit) {
            self.waiting.push_back((commit, now));
        }
        while self.waiting.front().is_some_and(|(index, _)| *index <= applied) {
            self.waiting.pop_front();
        }
        self.waiting.front().map_or(Duration::ZERO, |(_, since)| now.saturating_duration_since(*since))
    }
}

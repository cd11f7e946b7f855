//! Whether a restart would help: the process and its raft thread make progress. Never quorum, never one slow sync.

use std::time::{Duration, Instant};

/// Whether a node makes progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Liveness {
    /// It does.
    Alive,
    /// Its raft thread stands still.
    Stalled {
        /// For how long.
        silence: Duration,
    },
}

impl Liveness {
    /// `ticked` is when the raft thread last ticked, of a running member whose storage works: one that has stopped for
    /// a storage fault says so elsewhere, and would only fail again.
    pub fn judge(now: Instant, ticked: Option<Instant>, stall: Duration) -> Self {
        match ticked.map(|ticked| now.saturating_duration_since(ticked)) {
            Some(silence) if silence > stall => Self::Stalled { silence },
            _ => Self::Alive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_raft_thread_that_stands_still_is_a_reason() {
        let (start, stall) = (Instant::now(), Duration::from_mins(1));
        let now = start + Duration::from_secs(61);
        assert_eq!(Liveness::judge(now, None, stall), Liveness::Alive);
        assert_eq!(Liveness::judge(now, Some(start + Duration::from_secs(1)), stall), Liveness::Alive);
        assert_eq!(Liveness::judge(now, Some(start), stall), Liveness::Stalled { silence: Duration::from_secs(61) });
    }
}

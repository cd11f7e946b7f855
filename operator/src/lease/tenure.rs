//! For how long the holder of a Lease works on without having written it again. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::Timing;

/// What is left of the time for which a Lease is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tenure {
    /// When the last write that succeeded was sent.
    renewed: Instant,
    timing: Timing,
}

impl Tenure {
    pub(super) fn new(renewed: Instant, timing: Timing) -> Self {
        Self { renewed, timing }
    }

    /// When its holder must have stopped.
    pub(super) fn end(self) -> Instant {
        self.renewed + self.timing.renew_deadline
    }

    /// When to try to write it next, after an attempt that began at `attempted`. Whether it is over is asked no later than
    /// it is over.
    pub(super) fn next_attempt(self, attempted: Instant) -> Instant {
        (attempted + self.timing.retry).min(self.end())
    }

    /// For how long an attempt may take: one that hangs leaves time for another. Nothing once it is over.
    pub(super) fn patience(self, now: Instant) -> Option<Duration> {
        let left = self.end().saturating_duration_since(now);
        (!left.is_zero()).then(|| left.min(self.timing.renew_deadline / 2))
    }

    /// For how long it has not been written.
    pub(super) fn silence(self, now: Instant) -> Duration {
        now.saturating_duration_since(self.renewed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_write_whose_answer_took_long_leaves_little_time() {
        let sent = Instant::now();
        let tenure = Tenure::new(sent, Timing::default());
        let answered = sent + seconds(9);
        assert_eq!(tenure.next_attempt(answered), sent + seconds(10), "not a whole pause later");
        assert_eq!(tenure.patience(answered), Some(seconds(1)));
        assert_eq!(tenure.patience(sent + seconds(10)), None);
        assert_eq!(tenure.silence(sent + seconds(10)), seconds(10));
    }

    #[test]
    fn an_attempt_that_hangs_leaves_time_for_another() {
        let sent = Instant::now();
        let tenure = Tenure::new(sent, Timing::default());
        let first = tenure.next_attempt(sent);
        assert_eq!(first, sent + seconds(2));
        let given_up = first + tenure.patience(first).expect("time is left");
        assert_eq!(given_up, sent + seconds(7));
        assert!(tenure.next_attempt(first) <= given_up, "the next follows at once");
        assert_eq!(tenure.patience(given_up), Some(seconds(3)));
    }
}

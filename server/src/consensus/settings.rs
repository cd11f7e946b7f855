//! How a member's consensus is tuned.

use std::time::Duration;

/// Settings of a member's consensus.
#[derive(Debug, Clone)]
pub struct RaftSettings {
    /// Length of a tick.
    pub tick: Duration,
    /// Ticks without a leader before a voter campaigns (at random up to twice as many).
    pub election_ticks: usize,
    /// Ticks between heartbeats.
    pub heartbeat_ticks: usize,
    /// Bytes of entries per append message.
    pub append_bytes: u64,
    /// Append messages in flight per member.
    pub in_flight_appends: usize,
    /// Bytes of uncommitted entries beyond which raft drops proposals.
    pub uncommitted_bytes: u64,
    /// Bytes of bulk commands that may wait or be uncommitted at a time; below `uncommitted_bytes`, so that control
    /// commands always fit.
    pub bulk_bytes: usize,
    /// Bytes of committed entries handed to the apply thread at a time.
    pub committed_bytes: u64,
    /// Bytes of entries, received or proposed, that are taken at a time, between two syncs: one sync must end well
    /// within an election timeout.
    pub stepped_bytes: usize,
    /// Bytes of committed entries that may wait to be applied before no more are received.
    pub unapplied_bytes: usize,
    /// The log is compacted once its applied part holds this many bytes ..
    pub compact_bytes: u64,
    /// .. or this many entries ..
    pub compact_entries: u64,
    /// .. and then keeps this many entries for members that lag a little.
    pub keep_entries: u64,
    /// A learner may be promoted when it lags by at most this many entries.
    pub promote_lag: u64,
    /// A snapshot's transfer that made no progress for so long has failed.
    pub snapshot_idle: Duration,
    /// A read index is given up after so long without a leader.
    pub read_timeout: Duration,
}

impl Default for RaftSettings {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            tick: Duration::from_millis(100),
            election_ticks: 10,
            heartbeat_ticks: 2,
            append_bytes: MIB,
            in_flight_appends: 16,
            uncommitted_bytes: 32 * MIB,
            bulk_bytes: 24 << 20,
            committed_bytes: 8 * MIB,
            stepped_bytes: 4 << 20,
            unapplied_bytes: 32 << 20,
            compact_bytes: 64 * MIB,
            compact_entries: 20_000,
            keep_entries: 2_000,
            promote_lag: 100,
            snapshot_idle: Duration::from_secs(10),
            read_timeout: Duration::from_secs(5),
        }
    }
}

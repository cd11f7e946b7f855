//! Agreement among members.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::WithUnit;
use crate::{consensus::RaftSettings, transport::TransportSettings};

/// Agreement among members. All members should have the same times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RaftSection {
    /// The unit of raft's time, one tick.
    #[serde(with = "WithUnit")]
    pub tick: Duration,
    /// Ticks without a leader before a voter campaigns; at random up to twice as many.
    pub election_ticks: usize,
    /// Ticks between a leader's heartbeats.
    pub heartbeat_ticks: usize,
    /// The log is compacted once its applied part holds this many bytes, or `compact_entries`.
    pub compact_bytes: u64,
    /// The log is compacted once its applied part holds this many entries, or `compact_bytes`.
    pub compact_entries: u64,
    /// Entries that compacting keeps for members that lag a little.
    pub keep_entries: u64,
    /// A learner may be promoted when it lags by at most this many entries.
    pub promote_lag: u64,
    /// A snapshot's transfer that made no progress for so long has failed.
    #[serde(with = "WithUnit")]
    pub snapshot_idle: Duration,
    /// A linearizable read is given up after so long without a leader.
    #[serde(with = "WithUnit")]
    pub read_timeout: Duration,
    /// An attempt to connect to another node fails after so long.
    #[serde(with = "WithUnit")]
    pub connect_timeout: Duration,
    /// Pause before the next attempt to connect to another node.
    #[serde(with = "WithUnit")]
    pub retry_pause: Duration,
}

impl Default for RaftSection {
    fn default() -> Self {
        let (raft, transport) = (RaftSettings::default(), TransportSettings::default());
        Self {
            tick: raft.tick,
            election_ticks: raft.election_ticks,
            heartbeat_ticks: raft.heartbeat_ticks,
            compact_bytes: raft.compact_bytes,
            compact_entries: raft.compact_entries,
            keep_entries: raft.keep_entries,
            promote_lag: raft.promote_lag,
            snapshot_idle: raft.snapshot_idle,
            read_timeout: raft.read_timeout,
            connect_timeout: transport.connect_timeout,
            retry_pause: transport.retry_pause,
        }
    }
}

impl RaftSection {
    /// For [`Consensus::start`](crate::consensus::Consensus::start).
    pub fn settings(&self) -> RaftSettings {
        RaftSettings {
            tick: self.tick,
            election_ticks: self.election_ticks,
            heartbeat_ticks: self.heartbeat_ticks,
            compact_bytes: self.compact_bytes,
            compact_entries: self.compact_entries,
            keep_entries: self.keep_entries,
            promote_lag: self.promote_lag,
            snapshot_idle: self.snapshot_idle,
            read_timeout: self.read_timeout,
            ..RaftSettings::default()
        }
    }

    /// For [`Transport::new`](crate::transport::Transport::new).
    pub fn transport(&self) -> TransportSettings {
        TransportSettings { connect_timeout: self.connect_timeout, retry_pause: self.retry_pause }
    }
}

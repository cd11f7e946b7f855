//! Limits that every member must apply alike, and so are part of the replicated state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bounds of rounds and times of the leader's timers; agreed at bootstrap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most pairs of a round; also the maximum of a round that states none.
    pub max_pairs: u64,
    /// Longest value that a round's spec may allow, in bytes.
    pub max_value_bytes: u32,
    /// Longest key, in bytes.
    pub max_key_bytes: u32,
    /// Longest encoded chunk, in bytes. Well below raft's limit for a message.
    pub max_chunk_bytes: u32,
    /// Most rounds that are Open or Sealed at once.
    pub max_open_rounds: u32,
    /// Most rounds at once that are neither deleted nor expired.
    pub max_rounds: u32,
    /// Most workers of a round.
    pub max_workers: u32,
    /// Most bytes of pairs that a round may stage and publish, bookkeeping included. They are held in memory while the
    /// round is encoded.
    pub max_bytes_per_round: u64,
    /// Threads of one encode that admission counts with. Members use no more.
    pub encoding_threads: u32,
    /// Retention of rounds that state none, in milliseconds.
    pub default_retention_ms: u64,
    /// How long the id of a deleted or expired round stays refused, in milliseconds.
    pub tombstone_ms: u64,
    /// After how long without a chunk a staged publication is dropped, in milliseconds.
    pub staging_idle_ms: u64,
    /// After how long a round whose reports found no majority is sealed again, in milliseconds.
    pub reseal_wait_ms: u64,
    /// How often a round is sealed again before it fails.
    pub max_reseals: u32,
    /// How long after Ready members keep the pairs for a voter that does not hold the encoding, in milliseconds.
    pub shred_grace_ms: u64,
}

const SECOND_MS: u64 = 1_000;
const DAY_MS: u64 = 24 * 60 * 60 * SECOND_MS;
const MEBIBYTE: u64 = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pairs: 1 << 20,
            // The longest that takes two bytes of length in a row.
            max_value_bytes: (1 << 16) - 1,
            max_key_bytes: 1_024,
            max_chunk_bytes: MEBIBYTE as u32,
            max_open_rounds: 64,
            max_rounds: 1_024,
            max_workers: 1_024,
            max_bytes_per_round: 256 * MEBIBYTE,
            encoding_threads: 4,
            default_retention_ms: DAY_MS,
            tombstone_ms: DAY_MS,
            staging_idle_ms: 60 * SECOND_MS,
            reseal_wait_ms: 60 * SECOND_MS,
            max_reseals: 3,
            shred_grace_ms: 60 * SECOND_MS,
        }
    }
}

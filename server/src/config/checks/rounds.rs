//! Limits of rounds.

use silhouette_okvs::{MAX_CAPACITY, MAX_VALUE_BYTES};

use super::Checks;
use crate::state::Limits;

/// An entry of raft's log is a message, and messages are to stay far below what one may have.
pub(super) const MAX_CHUNK_BYTES: u64 = 1 << 20;

/// Threads beyond any machine's cores.
const MAX_THREADS: u64 = 1_024;

/// Longer times are mistakes: ten years.
const MAX_MS: u64 = 10 * 365 * 24 * 60 * 60 * 1_000;

pub(super) fn check(limits: &Limits, checks: &mut Checks<'_>) {
    checks.number_within("rounds.max_pairs", limits.max_pairs, 1..=MAX_CAPACITY);
    checks.number_within("rounds.max_value_bytes", limits.max_value_bytes, 1..=MAX_VALUE_BYTES.into());
    checks.number_within("rounds.max_key_bytes", limits.max_key_bytes, 1..=MAX_CHUNK_BYTES);
    checks.number_within("rounds.max_chunk_bytes", limits.max_chunk_bytes, 1..=MAX_CHUNK_BYTES);
    checks.number_within("rounds.encoding_threads", limits.encoding_threads, 1..=MAX_THREADS);
    for (path, number) in [
        ("rounds.max_rounds", limits.max_rounds.into()),
        ("rounds.max_open_rounds", limits.max_open_rounds.into()),
        ("rounds.max_workers", limits.max_workers.into()),
        ("rounds.max_bytes_per_round", limits.max_bytes_per_round),
    ] {
        checks.require(number > 0, [path], "must not be 0");
    }
    checks.require(
        limits.max_open_rounds <= limits.max_rounds,
        ["rounds.max_open_rounds", "rounds.max_rounds"],
        "must not be more than `rounds.max_rounds`",
    );
    for (path, milliseconds, least) in [
        ("rounds.default_retention_ms", limits.default_retention_ms, 1),
        ("rounds.tombstone_ms", limits.tombstone_ms, 0),
        ("rounds.staging_idle_ms", limits.staging_idle_ms, 1),
        ("rounds.reseal_wait_ms", limits.reseal_wait_ms, 1),
        ("rounds.shred_grace_ms", limits.shred_grace_ms, 0),
    ] {
        checks.number_within(path, milliseconds, least..=MAX_MS);
    }
}

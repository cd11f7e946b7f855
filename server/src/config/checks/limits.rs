//! What a node takes from its clients.

use super::{super::Configuration, Checks, PERIODS};

/// With more, some connections would be told to go away as soon as they are made.
const MAX_JITTER_PERCENT: u64 = 90;

pub(super) fn check(configuration: &Configuration, checks: &mut Checks<'_>) {
    let Configuration { limits, rounds, encoding, .. } = configuration;
    checks.duration_within("limits.handshake_timeout", limits.handshake_timeout, &PERIODS);
    checks.duration_within("limits.connection_age", limits.connection_age, &PERIODS);
    let jitter = limits.connection_age_jitter_percent;
    checks.number_within("limits.connection_age_jitter_percent", jitter, 0..=MAX_JITTER_PERCENT);
    checks.require(
        limits.message_bytes.get() > rounds.max_chunk_bytes,
        ["limits.message_bytes", "rounds.max_chunk_bytes"],
        "must be more than `rounds.max_chunk_bytes`, or no chunk of that length can be sent",
    );
    checks.duration_within("encoding.rehash_interval", encoding.rehash_interval, &PERIODS);
}

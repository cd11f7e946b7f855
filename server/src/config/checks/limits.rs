//! What a node takes from its clients.

use silhouette_pir::MAX_QUERY_BYTES;

use super::{super::LimitsSection, Checks, PERIODS, rounds::MAX_CHUNK_BYTES};

/// With more, some connections would be told to go away as soon as they are made.
const MAX_JITTER_PERCENT: u64 = 90;

/// What a request has beside its chunk, batch or query: names of the round and the worker, digests, and framing.
const ENVELOPE_BYTES: u64 = 4 << 10;

/// Whatever a node is asked must fit: the longest query of any round, and the longest chunk that a cluster may allow,
/// which is as long as the longest batch.
const MIN_MESSAGE_BYTES: u64 =
    if MAX_QUERY_BYTES > MAX_CHUNK_BYTES { MAX_QUERY_BYTES } else { MAX_CHUNK_BYTES } + ENVELOPE_BYTES;

pub(super) fn check(limits: &LimitsSection, checks: &mut Checks<'_>) {
    checks.duration_within("limits.handshake_timeout", limits.handshake_timeout, &PERIODS);
    checks.duration_within("limits.connection_age", limits.connection_age, &PERIODS);
    let jitter = limits.connection_age_jitter_percent;
    checks.number_within("limits.connection_age_jitter_percent", jitter, 0..=MAX_JITTER_PERCENT);
    // Parts of hints and encodings are answers, which no limit of requests concerns.
    checks.number_within("limits.message_bytes", limits.message_bytes.get(), MIN_MESSAGE_BYTES..=u32::MAX.into());
}

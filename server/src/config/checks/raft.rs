//! Agreement among members, and the times that follow from it.

use std::{ops::RangeInclusive, time::Duration};

use super::{super::Configuration, Checks, PERIODS};

/// Shorter ticks keep a core busy; longer ones make a cluster without a leader wait for minutes.
const TICKS: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_mins(1);

/// Of an election. More ticks are no more precise.
const MAX_ELECTION_TICKS: u64 = 10_000;

pub(super) fn check(configuration: &Configuration, checks: &mut Checks<'_>) {
    let Configuration { raft, readiness, liveness, .. } = configuration;
    checks.duration_within("raft.tick", raft.tick, &TICKS);
    checks.number_within("raft.heartbeat_ticks", raft.heartbeat_ticks, 1..=MAX_ELECTION_TICKS);
    checks.number_within("raft.election_ticks", raft.election_ticks, 1..=MAX_ELECTION_TICKS);
    checks.require(
        raft.election_ticks > raft.heartbeat_ticks,
        ["raft.election_ticks", "raft.heartbeat_ticks"],
        "must be more than `raft.heartbeat_ticks`",
    );
    checks.require(raft.compact_bytes > 0, ["raft.compact_bytes"], "must not be 0");
    checks.require(
        raft.keep_entries < raft.compact_entries,
        ["raft.keep_entries", "raft.compact_entries"],
        "must be less than `raft.compact_entries`",
    );
    for (path, duration) in [
        ("raft.snapshot_idle", raft.snapshot_idle),
        ("raft.read_timeout", raft.read_timeout),
        ("raft.connect_timeout", raft.connect_timeout),
        ("raft.retry_pause", raft.retry_pause),
        ("readiness.apply_lag", readiness.apply_lag),
        ("readiness.interval", readiness.interval),
        ("readiness.disk_interval", readiness.disk_interval),
    ] {
        checks.duration_within(path, duration, &PERIODS);
    }
    let heartbeat = u32::try_from(raft.heartbeat_ticks).ok().and_then(|ticks| raft.tick.checked_mul(ticks));
    checks.require(
        heartbeat.is_none_or(|heartbeat| readiness.leader_silence > heartbeat),
        ["readiness.leader_silence", "raft.tick", "raft.heartbeat_ticks"],
        "must be more than the time between heartbeats, `raft.tick` times `raft.heartbeat_ticks`",
    );
    checks.require(liveness.stall > raft.tick, ["liveness.stall", "raft.tick"], "must be more than `raft.tick`");
}

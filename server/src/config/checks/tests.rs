//! Each check refuses what is beyond it by one, with its key, and takes what is just within.

use std::ffi::OsString;

use clap::Parser as _;

use super::super::{Arguments, Effective, Settings};

/// What is said about variables such as `RAFT__TICK=0s`, separated by spaces; nothing if all is well.
fn said(flags: &[&str], variables: &str) -> Vec<String> {
    let flags = ["silhouette-server", "--data-dir", "/data"].iter().chain(flags);
    let arguments = Arguments::try_parse_from(flags).expect("the flags parse");
    let variables = variables.split(' ').filter(|it| !it.is_empty()).map(|variable| {
        let (name, value) = variable.split_once('=').expect("a name and a value");
        (OsString::from(format!("SILHOUETTE__{name}")), OsString::from(value))
    });
    let effective = Effective::read(&arguments, variables).expect("the types are right");
    match Settings::of(effective, arguments.dev) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_key_and_variable() {
    for (variables, sentence) in [
        ("NAME=a\u{a0}b", "NAME: `name` must be 1 to 128 characters"),
        ("NAME=a\tb", "NAME: `name` must be 1 to 128 characters"),
        ("MEMORY__BUDGET_BYTES=0", "BUDGET_BYTES: `memory.budget_bytes` must not be 0"),
        ("ENCODING__THREADS=0", "THREADS: `encoding.threads` must be 1 to 1024, not 0"),
        ("ENCODING__THREADS=1025", "THREADS: `encoding.threads` must be 1 to 1024, not 1025"),
        ("RETRIEVAL__QUERY_THREADS=0", "THREADS: `retrieval.query_threads` must be 1 to 1024, not 0"),
        ("RETRIEVAL__PART_BYTES=0", "BYTES: `retrieval.part_bytes` must be 1 to 2097152, not 0"),
        ("RETRIEVAL__PART_BYTES=2097153", "BYTES: `retrieval.part_bytes` must be 1 to 2097152"),
        ("RETRIEVAL__BATCH_QUERIES=0", "BATCH_QUERIES: `retrieval.batch_queries` must be 1 to 64, not 0"),
        ("RETRIEVAL__BATCH_QUERIES=65", "BATCH_QUERIES: `retrieval.batch_queries` must be 1 to 64, not 65"),
        ("RETRIEVAL__WAITING_QUERIES=1048577", "WAITING_QUERIES: `retrieval.waiting_queries` must be 1 to 1048576"),
        (
            "RETRIEVAL__WAITING_QUERIES_PER_CONNECTION=0",
            "PER_CONNECTION: `retrieval.waiting_queries_per_connection` must be 1 to `retrieval.waiting_queries`",
        ),
        (
            "RETRIEVAL__WAITING_QUERIES_PER_CONNECTION=1025",
            "PER_CONNECTION: `retrieval.waiting_queries_per_connection` must be 1 to `retrieval.waiting_queries`",
        ),
        (
            "RETRIEVAL__WAITING_QUERIES=255",
            "WAITING_QUERIES: `retrieval.waiting_queries_per_connection` must be 1 to `retrieval.waiting_queries`",
        ),
        ("RETRIEVAL__WAITING_BYTES=1048575", "WAITING_BYTES: `retrieval.waiting_bytes` must be at least 1048576"),
        ("LIMITS__HANDSHAKE_TIMEOUT=0s", "HANDSHAKE_TIMEOUT: `limits.handshake_timeout` must be 1ms to 1day, not 0s"),
        ("LIMITS__HANDSHAKE_TIMEOUT=2d", "HANDSHAKE_TIMEOUT: `limits.handshake_timeout` must be 1ms to 1day"),
        ("LIMITS__CONNECTION_AGE=0s", "CONNECTION_AGE: `limits.connection_age` must be 1ms to 1day, not 0s"),
        ("LIMITS__CONNECTION_AGE=2d", "CONNECTION_AGE: `limits.connection_age` must be 1ms to 1day"),
        ("LIMITS__CONNECTION_AGE_JITTER_PERCENT=91", "PERCENT: `limits.connection_age_jitter_percent` must be 0 to 90"),
        ("LIMITS__MESSAGE_BYTES=1052671", "MESSAGE_BYTES: `limits.message_bytes` must be 1052672 to 4294967295"),
        ("ENCODING__REHASH_INTERVAL=0s", "REHASH_INTERVAL: `encoding.rehash_interval` must be 1ms to 1day, not 0s"),
        ("ENCODING__REHASH_INTERVAL=2d", "REHASH_INTERVAL: `encoding.rehash_interval` must be 1ms to 1day"),
        ("PUBLISHING__WINDOW_CHUNKS=0", "CHUNKS: `publishing.window_chunks` must be 1 to 1024, not 0"),
        ("LOG__LEVEL=silhouette=loud", "LEVEL: `log.level` must be a level or a filter"),
        ("RAFT__TICK=0s", "TICK: `raft.tick` must be 1ms to 1m, not 0s"),
        ("RAFT__TICK=61s LIVENESS__STALL=1h READINESS__LEADER_SILENCE=1h", "TICK: `raft.tick` must be 1ms to 1m"),
        ("RAFT__HEARTBEAT_TICKS=0", "HEARTBEAT_TICKS: `raft.heartbeat_ticks` must be 1 to 10000, not 0"),
        ("RAFT__ELECTION_TICKS=10001", "ELECTION_TICKS: `raft.election_ticks` must be 1 to 10000"),
        ("RAFT__ELECTION_TICKS=2", "ELECTION_TICKS: `raft.election_ticks` must be more than `raft.heartbeat_ticks`"),
        ("RAFT__HEARTBEAT_TICKS=10", "HEARTBEAT_TICKS: `raft.election_ticks` must be more than `raft.heartbeat_ticks`"),
        ("RAFT__COMPACT_BYTES=0", "COMPACT_BYTES: `raft.compact_bytes` must not be 0"),
        ("RAFT__COMPACT_ENTRIES=2000", "COMPACT_ENTRIES: `raft.keep_entries` must be less than `raft.compact_entries`"),
        ("RAFT__KEEP_ENTRIES=20000", "KEEP_ENTRIES: `raft.keep_entries` must be less than `raft.compact_entries`"),
        ("RAFT__SNAPSHOT_IDLE=0s", "SNAPSHOT_IDLE: `raft.snapshot_idle` must be 1ms to 1day, not 0s"),
        ("RAFT__READ_TIMEOUT=0s", "READ_TIMEOUT: `raft.read_timeout` must be"),
        ("RAFT__CONNECT_TIMEOUT=2d", "CONNECT_TIMEOUT: `raft.connect_timeout` must be"),
        ("RAFT__RETRY_PAUSE=1us", "RETRY_PAUSE: `raft.retry_pause` must be"),
        ("READINESS__APPLY_LAG=0s", "APPLY_LAG: `readiness.apply_lag` must be"),
        ("READINESS__INTERVAL=0s", "INTERVAL: `readiness.interval` must be"),
        ("READINESS__DISK_INTERVAL=0s", "DISK_INTERVAL: `readiness.disk_interval` must be"),
        ("READINESS__LEADER_SILENCE=200ms", "LEADER_SILENCE: `readiness.leader_silence` must be more than the time"),
        ("RAFT__TICK=2s", "TICK: `readiness.leader_silence` must be more than the time between heartbeats"),
        ("LIVENESS__STALL=100ms", "STALL: `liveness.stall` must be more than `raft.tick`"),
        ("ROUNDS__MAX_PAIRS=0", "MAX_PAIRS: `rounds.max_pairs` must be 1 to 268435456, not 0"),
        ("ROUNDS__MAX_PAIRS=268435457", "MAX_PAIRS: `rounds.max_pairs` must be 1 to 268435456"),
        ("ROUNDS__MAX_VALUE_BYTES=0", "MAX_VALUE_BYTES: `rounds.max_value_bytes` must be 1 to 1048576"),
        ("ROUNDS__MAX_VALUE_BYTES=1048577", "MAX_VALUE_BYTES: `rounds.max_value_bytes` must be 1 to 1048576"),
        ("ROUNDS__MAX_KEY_BYTES=0", "MAX_KEY_BYTES: `rounds.max_key_bytes` must be 1 to 1048576"),
        ("ROUNDS__MAX_CHUNK_BYTES=0", "MAX_CHUNK_BYTES: `rounds.max_chunk_bytes` must be 1 to 1048576"),
        ("ROUNDS__MAX_CHUNK_BYTES=1048577", "MAX_CHUNK_BYTES: `rounds.max_chunk_bytes` must be 1 to 1048576"),
        ("ROUNDS__ENCODING_THREADS=0", "ENCODING_THREADS: `rounds.encoding_threads` must be 1 to 1024"),
        ("ROUNDS__MAX_WORKERS=0", "MAX_WORKERS: `rounds.max_workers` must not be 0"),
        ("ROUNDS__MAX_OPEN_ROUNDS=0", "MAX_OPEN_ROUNDS: `rounds.max_open_rounds` must not be 0"),
        ("ROUNDS__MAX_OPEN_ROUNDS=1025", "MAX_OPEN_ROUNDS: `rounds.max_open_rounds` must not be more than"),
        ("ROUNDS__MAX_BYTES_PER_ROUND=0", "MAX_BYTES_PER_ROUND: `rounds.max_bytes_per_round` must not be 0"),
        ("ROUNDS__DEFAULT_RETENTION_MS=0", "RETENTION_MS: `rounds.default_retention_ms` must be 1 to 315360000000"),
        ("ROUNDS__TOMBSTONE_MS=315360000001", "TOMBSTONE_MS: `rounds.tombstone_ms` must be 0 to 315360000000"),
        ("ROUNDS__STAGING_IDLE_MS=0", "STAGING_IDLE_MS: `rounds.staging_idle_ms` must be 1 to"),
        ("ROUNDS__RESEAL_WAIT_MS=0", "RESEAL_WAIT_MS: `rounds.reseal_wait_ms` must be 1 to"),
        ("ROUNDS__SHRED_GRACE_MS=315360000001", "SHRED_GRACE_MS: `rounds.shred_grace_ms` must be 0 to"),
    ] {
        let said = said(&[], variables);
        assert!(said.iter().any(|said| said.contains(sentence)), "{variables}: {said:?}");
        assert_eq!(said.len(), 1, "{variables}: {said:?}");
    }
}

#[test]
fn a_queue_has_room_and_so_has_each_connection() {
    let said = said(&[], "RETRIEVAL__WAITING_QUERIES=0 RETRIEVAL__WAITING_QUERIES_PER_CONNECTION=0");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("`retrieval.waiting_queries` must be 1 to 1048576, not 0"), "{said:?}");
}

#[test]
fn what_is_just_within_the_bounds_is_taken() {
    for variables in [
        "ENCODING__THREADS=1 RETRIEVAL__QUERY_THREADS=1024 RETRIEVAL__PART_BYTES=2097152",
        "RETRIEVAL__BATCH_QUERIES=64 RETRIEVAL__WAITING_QUERIES=1048576 RETRIEVAL__WAITING_BYTES=1048576",
        "RETRIEVAL__WAITING_QUERIES=256 RETRIEVAL__WAITING_QUERIES_PER_CONNECTION=256 RETRIEVAL__BATCH_QUERIES=1",
        "LIMITS__HANDSHAKE_TIMEOUT=1ms LIMITS__CONNECTION_AGE=1ms LIMITS__CONNECTION_AGE_JITTER_PERCENT=90",
        "LIMITS__CONNECTION_AGE_JITTER_PERCENT=0 LIMITS__MESSAGE_BYTES=1052672 ENCODING__REHASH_INTERVAL=1d",
        "RAFT__TICK=1ms RAFT__HEARTBEAT_TICKS=1 RAFT__ELECTION_TICKS=2 READINESS__LEADER_SILENCE=2ms",
        "RAFT__TICK=1m LIVENESS__STALL=61s READINESS__LEADER_SILENCE=121s",
        "RAFT__KEEP_ENTRIES=0 RAFT__COMPACT_ENTRIES=1 RAFT__PROMOTE_LAG=0",
        "SHUTDOWN__DRAIN_DELAY=0s SHUTDOWN__GRACE=0s SHUTDOWN__TRANSFER_TIMEOUT=0s WATCHING__PAUSE=0s",
        "READINESS__FAIL_HOLD=0s READINESS__RETURN_HOLD=0s READINESS__NEW_ROUND_GRACE=0s",
        "ROUNDS__MAX_OPEN_ROUNDS=1024 ROUNDS__TOMBSTONE_MS=0 ROUNDS__MAX_RESEALS=0 ROUNDS__SHRED_GRACE_MS=0",
        "CLIENT__ADDR=127.0.0.1:0 PEER__ADDR=127.0.0.1:0 HTTP__ADDR=127.0.0.1:0",
        "CLIENT__ADVERTISE_ADDR=[2001:db8::1]:7601 PEER__ADVERTISE_ADDR=node-0.example:1",
    ] {
        assert_eq!(said(&[], variables), Vec::<String>::new(), "{variables}");
    }
}

#[test]
fn a_node_has_three_addresses() {
    let same = said(&["--http-addr", "127.0.0.1:7601", "--peer-addr", "127.0.0.1:7601"], "");
    assert_eq!(same.len(), 3, "{same:?}");
    assert_eq!(same[0], "--peer-addr: `peer.addr` must not be the address of `client.addr`, 127.0.0.1:7601");
}

#[test]
fn nobody_is_told_an_address_that_cannot_be_dialled() {
    for wrong in ["node-0", "node-0:0", ":7601", "node-0:port", "a\u{a0}b:1", "0.0.0.0:7601", "[::]:7601", "node:70000"]
    {
        let said = said(&[], &format!("HTTP__ADVERTISE_ADDR={wrong}"));
        assert_eq!(said.len(), 1, "{wrong}: {said:?}");
        assert!(said[0].contains("`http.advertise_addr` must be HOST:PORT"), "{said:?}");
    }
}

#[test]
fn a_data_directory_has_a_name() {
    let arguments = Arguments { data_dir: Some("".into()), ..Arguments::default() };
    let effective = Effective::read(&arguments, []).expect("the types are right");
    let error = Settings::of(effective, false).expect_err("there is no such directory");
    assert_eq!(error.to_string(), "--data-dir: `storage.data_dir` must not be empty");
}

//! What a node offers on its own: its name, its directory, memory, threads and streams.

use std::path::Path;

use silhouette_pir::MAX_QUERY_BYTES;
use tracing_subscriber::EnvFilter;

use super::{super::Configuration, Checks, PERIODS};

/// Threads beyond any machine's cores.
const MAX_THREADS: u64 = 1_024;

/// Chunks of one stream that wait hold memory.
const MAX_WINDOW_CHUNKS: u64 = 1_024;

/// A part must fit into a message that every gRPC library takes, 4 MiB.
const MAX_PART_BYTES: u64 = 2 << 20;

/// Queries that one pass answers keep their words in registers and cache.
const MAX_BATCH_QUERIES: u64 = 64;

/// Queries that wait hold memory, and are late.
const MAX_WAITING_QUERIES: u64 = 1 << 20;

pub(super) fn check(configuration: &Configuration, checks: &mut Checks<'_>) {
    let Configuration { name, storage, memory, encoding, publishing, retrieval, log, .. } = configuration;
    checks.require(
        name.as_deref().is_none_or(is_name),
        ["name"],
        "must be 1 to 128 characters without spaces or control characters",
    );
    match &storage.data_dir {
        None => checks.require(false, ["storage.data_dir"], "is not given, and has no default: use --data-dir DIR"),
        Some(path) => checks.require(path != Path::new(""), ["storage.data_dir"], "must not be empty"),
    }
    checks.require(memory.budget_bytes != Some(0), ["memory.budget_bytes"], "must not be 0");
    if let Some(threads) = encoding.threads {
        checks.number_within("encoding.threads", threads, 1..=MAX_THREADS);
    }
    checks.duration_within("encoding.rehash_interval", encoding.rehash_interval, &PERIODS);
    if let Some(threads) = retrieval.query_threads {
        checks.number_within("retrieval.query_threads", threads, 1..=MAX_THREADS);
    }
    checks.number_within("retrieval.part_bytes", retrieval.part_bytes, 1..=MAX_PART_BYTES);
    checks.number_within("retrieval.batch_queries", retrieval.batch_queries, 1..=MAX_BATCH_QUERIES);
    checks.number_within("retrieval.waiting_queries", retrieval.waiting_queries, 1..=MAX_WAITING_QUERIES);
    checks.require(
        (1..=retrieval.waiting_queries).contains(&retrieval.waiting_queries_per_connection),
        ["retrieval.waiting_queries_per_connection", "retrieval.waiting_queries"],
        "must be 1 to `retrieval.waiting_queries`",
    );
    checks.require(
        retrieval.waiting_bytes as u64 >= MAX_QUERY_BYTES,
        ["retrieval.waiting_bytes"],
        format_args!("must be at least {MAX_QUERY_BYTES}, the longest query"),
    );
    checks.number_within("publishing.window_chunks", publishing.window_chunks, 1..=MAX_WINDOW_CHUNKS);
    checks.require(
        EnvFilter::try_new(&log.level).is_ok(),
        ["log.level"],
        format_args!(
            "must be a level or a filter such as info,silhouette_server::consensus=debug, not {:?}",
            log.level
        ),
    );
}

/// Whether people can read it, and logs can show it on one line.
pub(in crate::config) fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && !name.contains(|c: char| c.is_whitespace() || c.is_control())
}

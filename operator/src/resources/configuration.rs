//! The nodes' configuration file: what is alike for all of a cluster. What differs, and what nothing may change, they get as
//! flags.
//!
//! Only what the resource says is in it. All else keeps the nodes' own defaults, so that another version of the operator
//! gives nodes no other configuration by chance, which would roll them.

use serde_json::{Map, Value, json};

use super::{ResourcesError, Subject};
use crate::api::{ByteQuantity, RoundLimits, TlsMode};

/// Queries of one connection that may wait, unless fewer may wait at all: the nodes' default.
const WAITING_QUERIES_PER_CONNECTION: u32 = 256;

const MILLISECONDS_PER_SECOND: u64 = 1_000;

/// The file's content.
pub(super) fn configuration(subject: Subject<'_>) -> Result<String, ResourcesError> {
    let spec = subject.spec;
    let budget = spec.rounds.max_bytes.as_ref().map(ByteQuantity::bytes).transpose()?;
    let waiting = spec.pir.waiting_queries;
    let file = json!({
        "insecure": match spec.tls.mode {
            TlsMode::Disabled => true,
        },
        "memory": { "budget_bytes": budget },
        "encoding": {
            "threads": spec.okvs.threads,
            "rehash_interval": spec.okvs.rehash_interval_seconds.map(|seconds| format!("{seconds}s")),
        },
        "retrieval": {
            "query_threads": spec.pir.threads,
            "batch_queries": spec.pir.batch_queries,
            "waiting_queries": waiting,
            "waiting_queries_per_connection": waiting.map(|all| all.min(WAITING_QUERIES_PER_CONNECTION)),
        },
        "rounds": spec.rounds.limits.as_ref().map(rounds),
        "log": { "format": "json", "level": spec.monitoring.logs.level.as_str() },
    });
    Ok(serde_yaml::to_string(&without_nothing(file))?)
}

/// The limits that members agree on.
fn rounds(limits: &RoundLimits) -> Value {
    json!({
        "max_pairs": limits.max_pairs,
        "max_value_bytes": limits.max_value_bytes,
        "max_key_bytes": limits.max_key_bytes,
        "max_bytes_per_round": limits.max_bytes_per_round,
        "max_workers": limits.max_workers,
        "max_rounds": limits.max_rounds,
        "max_open_rounds": limits.max_open_rounds,
        "encoding_threads": limits.encoding_threads,
        "default_retention_ms": limits.retention_seconds.map(|seconds| u64::from(seconds) * MILLISECONDS_PER_SECOND),
    })
}

/// Leaves out keys that have no value, and sections that have no keys then.
fn without_nothing(value: Value) -> Value {
    let Value::Object(keys) = value else { return value };
    let keys = keys.into_iter().map(|(key, value)| (key, without_nothing(value)));
    let is_something = |value: &Value| !value.is_null() && value.as_object().is_none_or(|keys| !keys.is_empty());
    Value::Object(keys.filter(|(_, value)| is_something(value)).collect::<Map<_, _>>())
}

//! The catalogue of metrics, docs/metrics.md: made from what a node shows, and compared with it.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path, sync::Arc, time::Duration};

use silhouette_telemetry::Family;

use super::{DatabaseFigures, Figures, Metrics, calls::Call};
use crate::{
    consensus::{MemberProgress, RaftStatus},
    ids::{LogIndex, MemberId},
    storage::Store,
};

/// The page.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");

/// Units that a name may end with, before `_total`.
const UNITS: [&str; 4] = ["seconds", "bytes", "ratio", "info"];

/// Histograms of counts, which have no unit.
const COUNTING_HISTOGRAMS: [&str; 1] = ["silhouette_pir_pass_queries"];

/// Areas of metrics by the beginning of their names, in the page's order.
const AREAS: [(&str, &str, &str); 16] = [
    ("silhouette_build", "The node", ""),
    ("silhouette_ready", "The node", ""),
    (
        "silhouette_raft_",
        "Raft",
        "This member's view of the cluster's agreement. Counts are since the process started.",
    ),
    ("silhouette_round", "Rounds", "Rounds of the cluster as this member has applied them."),
    ("silhouette_okvs_", "Encodings", "Making and holding encodings."),
    ("silhouette_encoding_", "Encodings", "Making and holding encodings."),
    ("silhouette_member_", "The node", ""),
    ("silhouette_connections", "Limits", "What the node holds for its clients and others, and what it kept out."),
    ("silhouette_limits_", "Limits", "What the node holds for its clients and others, and what it kept out."),
    ("silhouette_pir_", "Private queries", ""),
    ("silhouette_memory_", "Memory", "What is promised to rounds, as opposed to what the process uses."),
    ("silhouette_disk_", "Disk", ""),
    ("silhouette_rocksdb_", "RocksDB", "By column family: `log`, `raft`, `rounds`, `chunks`."),
    ("silhouette_http_", "HTTP", ""),
    ("silhouette_grpc_", "gRPC", ""),
    ("grpc_", "gRPC", "Named as the Go servers' are, so that dashboards fit."),
];

/// What a metric tells an operator, where that is more than its sentence. Alerts are proposals.
const TELLS: &[(&str, &str)] = &[
    ("silhouette_ready", "Alert: 0 for 5 minutes on a node that is not being stopped."),
    (
        "silhouette_raft_has_leader",
        "Alert: 0 for 1 minute. Without a leader rounds neither start nor close; Ready ones can still be read.",
    ),
    ("silhouette_raft_is_leader", "The sum over a cluster is 1. Alert: 0 or 2 for 1 minute."),
    (
        "silhouette_raft_leader_changes_seen",
        "Alert: more than 3 in 15 minutes. Slow disks, busy processors or a bad network.",
    ),
    ("silhouette_raft_proposals_pending", "Grows when the disk or another voter is slow."),
    ("silhouette_raft_proposals_failed", "A rate above 0 for minutes: calls are repeated by clients."),
    (
        "silhouette_raft_apply_pending",
        "Alert: above 1,000 for 5 minutes. This member reads stale state, and is not ready.",
    ),
    ("silhouette_raft_peer_lag_entries", "Alert: grows for 10 minutes. That member is slow, cut off or down."),
    ("silhouette_raft_ticks_dropped", "The process stood still: starved of processor time, or paused."),
    (
        "silhouette_raft_storage_failed",
        "Alert: 1. The member serves nothing until it is restarted on a disk that works.",
    ),
    (
        "silhouette_raft_snapshots_installed",
        "A member that needs snapshots again and again is too slow, or the log is kept too short (`raft.keep_entries`).",
    ),
    ("silhouette_raft_apply_duration_seconds", "Alert: the 99th percentile above 1 s. The disk is slow."),
    (
        "silhouette_raft_log_first_index",
        "With the last index: how many entries a member may lag and still catch up without a snapshot.",
    ),
    (
        "silhouette_raft_entries_applied",
        "What the cluster does: `append_chunk` and `commit_publication` are workers, `seal` and `report_encoding` rounds on their way to Ready.",
    ),
    ("silhouette_rounds_failed", "Rounds that workers must run again: `silhouettectl round describe` says why."),
    (
        "silhouette_rounds_failures",
        "Alert: above 0. `stage` is `open` when a deadline passed, `sealed` when members agreed on no encoding.",
    ),
    (
        "silhouette_rounds_resealed",
        "Alert: above 0. A member made another encoding than the others: its disk or memory is faulty.",
    ),
    (
        "silhouette_rounds_held",
        "Less than `silhouette_rounds_ready` for minutes: this member cannot fetch or make an encoding.",
    ),
    (
        "silhouette_member_fenced",
        "Alert: 1. The member serves nothing and must be replaced; `/readyz?verbose` says why.",
    ),
    (
        "silhouette_encoding_degraded_rounds",
        "Alert: above 0 for minutes. A round is damaged here and was not repaired; look at the disk.",
    ),
    ("silhouette_round_seal_to_ready_seconds", "What workers wait for after the last publication."),
    (
        "silhouette_okvs_encodes_pending",
        "Alert: above 0 for longer than an encode takes. Encoding is too slow or fails; the log says why.",
    ),
    (
        "silhouette_memory_reserved_bytes",
        "Near `silhouette_memory_budget_bytes`, new rounds are refused with `MEMORY_BUDGET_EXCEEDED`.",
    ),
    (
        "silhouette_memory_budget_bytes",
        "Less than `silhouette_memory_offered_bytes`: another voter offers less, and limits the cluster.",
    ),
    (
        "silhouette_disk_free_bytes",
        "Alert: less than a fifth of `silhouette_disk_size_bytes`. A full disk stops the member.",
    ),
    ("silhouette_disk_writable", "Alert: 0 for 1 minute. The node is not ready."),
    (
        "silhouette_disk_wal_fsync_duration_seconds",
        "Alert: the 99th percentile above 0.1 s. Every publication waits for it.",
    ),
    ("silhouette_rocksdb_pending_compaction_bytes", "Grows without end: the disk is too slow for what is written."),
    ("silhouette_rocksdb_write_stopped", "Alert: 1 for 1 minute. Nothing can be published at this member."),
    ("silhouette_rocksdb_background_errors_seen", "Alert: above 0. The disk fails."),
    (
        "silhouette_grpc_refused",
        "`reason` is that of docs/api.md; `none` is an error that a library gave. Limits show here first.",
    ),
    (
        "silhouette_grpc_sent_bytes",
        "Hints are `GetHint`, downloads `DownloadEncoding`, answers `Query`; between members, snapshots are `FetchSnapshot`.",
    ),
    ("grpc_server_handled", "Alert: `Unavailable` or `Unknown` above 1 % of all for 10 minutes."),
    ("process_resident_memory_bytes", "Compare it with what the control group allows."),
];

/// Everything that a node shows, once each kind of event has happened.
fn shown() -> String {
    let metrics = Arc::new(Metrics::default());
    drop(Call::begin(Arc::clone(&metrics), "/silhouette.v1.Rounds/GetRound"));
    metrics.requests().answered(Some("/metrics"), 200);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(directory.path()).expect("the directory opens");
    let follower = MemberProgress {
        member: MemberId(2),
        matched: LogIndex(0),
        active: true,
        keeps_up: true,
        silence: Duration::ZERO,
        snapshot: false,
    };
    let raft = RaftStatus { progress: vec![follower], ..RaftStatus::initial(LogIndex(0)) };
    let figures = Figures { raft: Some(raft), database: DatabaseFigures::of(&store), ..Figures::default() };
    metrics.to_text(figures).expect("text is written")
}

/// The metrics in it, by name.
fn entries() -> BTreeMap<String, Family> {
    Family::all(&shown())
}

fn unit(name: &str) -> &'static str {
    UNITS.into_iter().find(|unit| name.ends_with(&format!("_{unit}")) && *unit != "info").unwrap_or("")
}

fn page() -> String {
    let entries = entries();
    let mut page = String::from(
        "# Metrics\n\n\
         `GET /metrics` at a node's HTTP address, as OpenMetrics for whoever asks for it in `Accept`, else in Prometheus'\n\
         text format. No label tells a key, a query or a client, and nothing that a client sends makes a new series.\n\n\
         This page is generated from the code: change the metric, then run `make docs`. Logs and traces are in\n\
         [telemetry.md](telemetry.md).\n",
    );
    let mut titles: Vec<&str> = AREAS.iter().map(|(_, title, _)| *title).collect();
    titles.dedup();
    titles.push("Process");
    let area = |name: &str| {
        AREAS.iter().find(|(prefix, ..)| name.starts_with(prefix)).map_or("Process", |(_, title, _)| *title)
    };
    for title in titles {
        let told = AREAS.iter().find(|(_, of, told)| *of == title && !told.is_empty()).map(|(.., told)| *told);
        write!(page, "\n## {title}\n\n").expect("a string takes any text");
        if let Some(told) = told {
            write!(page, "{told}\n\n").expect("a string takes any text");
        }
        page.push_str("| name | type | unit | labels | is | tells |\n|---|---|---|---|---|---|\n");
        for (name, entry) in entries.iter().filter(|(name, _)| area(name) == title) {
            let labels: Vec<String> = entry.labels.iter().map(|label| format!("`{label}`")).collect();
            let tells = TELLS.iter().find(|(of, _)| of == name).map_or("", |(_, tells)| *tells);
            writeln!(
                page,
                "| `{}` | {} | {} | {} | {} | {tells} |",
                entry.stored_name(name),
                entry.kind,
                unit(name),
                labels.join(" "),
                entry.help,
            )
            .expect("a string takes any text");
        }
    }
    page
}

#[test]
fn the_generated_page_of_metrics_is_the_one_in_docs() {
    let page = page();
    if env::var_os("SILHOUETTE_WRITE_DOCS").is_some() {
        fs::write(Path::new(PAGE), page).expect("the page is written");
        return;
    }
    let found = fs::read_to_string(PAGE).expect("docs/metrics.md can be read");
    assert!(found == page, "docs/metrics.md is not what the code says: run make docs");
}

#[test]
fn names_follow_prometheus_rules() {
    let abbreviations = ["ms", "secs", "msec", "milliseconds", "kb", "mb", "kib", "mib", "percent", "minutes", "hours"];
    for (name, entry) in entries() {
        let kind = entry.kind.as_str();
        assert!(
            ["silhouette_", "grpc_", "process_"].iter().any(|prefix| name.starts_with(prefix)),
            "{name}: whose is it?"
        );
        assert!(
            name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')),
            "{name}: letters, digits, _"
        );
        assert!(!name.ends_with("_total"), "{name}: a counter gets its suffix, and nothing else has it");
        assert!(
            !name.ends_with("_count") && !name.ends_with("_sum") && !name.ends_with("_bucket"),
            "{name} is a histogram's"
        );
        assert!(!name.split('_').any(|word| abbreviations.contains(&word)), "{name}: base units, in full");
        assert!(!name.contains(kind), "{name}: the type is no part of the name");
        let counts = COUNTING_HISTOGRAMS.contains(&name.as_str());
        assert!(kind != "histogram" || counts || !unit(&name).is_empty(), "{name}: a histogram has a unit");
        assert!(entry.help.len() > 5 && entry.help.ends_with('.'), "{name}: help is a sentence: {}", entry.help);
        for label in &entry.labels {
            assert!(label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')), "{name}: label {label}");
        }
    }
}

#[test]
fn what_the_catalogue_tells_of_exists() {
    let entries = entries();
    for (name, _) in TELLS {
        assert!(entries.contains_key(*name), "{name} is told of, and there is no such metric");
    }
}

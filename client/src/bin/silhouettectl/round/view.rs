//! A round as documents and tables show it. Names are those of the gRPC interface.

use std::time::Duration;

use serde::Serialize;
use silhouette_client::{
    Downloads, EncodingStatus, OnConflict, OnDeadline, Plaintext, Round, RoundSpec, ValueLength, Workers,
};

use crate::output::{Table, age, or_none};

/// A round's name among objects of all kinds.
pub(super) fn name(round: &Round) -> String {
    format!("round/{}", round.id)
}

/// A round, in a document. What is not known yet is null; times are milliseconds of cluster time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoundDocument {
    round_id: String,
    round_uid: String,
    phase: String,
    failure_reason: Option<String>,
    spec: SpecDocument,
    workers_published: u32,
    workers_expected: u32,
    workers: Vec<WorkerDocument>,
    capacity: Option<u64>,
    encoding_digest: Option<String>,
    members: Vec<MemberDocument>,
    reseal: u32,
    started_ms: u64,
    sealed_ms: Option<u64>,
    ready_ms: Option<u64>,
    cluster_time_ms: u64,
}

/// What a round was asked to be. One of each pair `workerCount`, `workers` and `maxValueBytes`, `fixedValueBytes` is
/// null.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpecDocument {
    worker_count: Option<u32>,
    workers: Option<Vec<String>>,
    max_pairs: Option<u64>,
    max_value_bytes: Option<u32>,
    fixed_value_bytes: Option<u32>,
    on_conflict: &'static str,
    deadline_ms: Option<u64>,
    on_deadline: &'static str,
    retention_ms: Option<u64>,
    expected_lookups: u32,
    downloads: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkerDocument {
    worker: String,
    published: bool,
    staged_chunks: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberDocument {
    member_id: u64,
    encoding: &'static str,
    plaintext: &'static str,
}

impl From<&Round> for RoundDocument {
    fn from(round: &Round) -> Self {
        let workers = round.workers.iter().map(|worker| WorkerDocument {
            worker: worker.worker.clone(),
            published: worker.published,
            staged_chunks: worker.staged_chunks,
        });
        let members = round.members.iter().map(|member| MemberDocument {
            member_id: member.member.get(),
            encoding: encoding(member.encoding),
            plaintext: plaintext(member.plaintext),
        });
        Self {
            round_id: round.id.clone(),
            round_uid: round.uid.to_string(),
            phase: round.phase.to_string(),
            failure_reason: round.failure.clone(),
            spec: (&round.spec).into(),
            workers_published: round.workers_published,
            workers_expected: round.workers_expected,
            workers: workers.collect(),
            capacity: round.capacity,
            encoding_digest: round.encoding_digest.map(|digest| digest.to_string()),
            members: members.collect(),
            reseal: round.reseal,
            started_ms: milliseconds(round.started),
            sealed_ms: round.sealed.map(milliseconds),
            ready_ms: round.ready.map(milliseconds),
            cluster_time_ms: milliseconds(round.cluster_time),
        }
    }
}

impl From<&RoundSpec> for SpecDocument {
    fn from(spec: &RoundSpec) -> Self {
        let (worker_count, workers) = match &spec.workers {
            Workers::Count(count) => (Some(*count), None),
            Workers::Named(names) => (None, Some(names.clone())),
        };
        let (max_value_bytes, fixed_value_bytes) = match spec.value_length {
            ValueLength::UpTo(bytes) => (Some(bytes), None),
            ValueLength::Exactly(bytes) => (None, Some(bytes)),
        };
        Self {
            worker_count,
            workers,
            max_pairs: spec.max_pairs,
            max_value_bytes,
            fixed_value_bytes,
            on_conflict: on_conflict(spec.on_conflict),
            deadline_ms: spec.deadline.map(milliseconds),
            on_deadline: on_deadline(spec.on_deadline),
            retention_ms: spec.retention.map(milliseconds),
            expected_lookups: spec.expected_lookups,
            downloads: downloads(spec.downloads),
        }
    }
}

/// A round, in a line of a table.
#[derive(Debug)]
pub(super) struct RoundRow {
    pub(super) id: String,
    pub(super) phase: String,
    workers_published: u32,
    workers_expected: u32,
    capacity: Option<u64>,
    values: String,
    uid: String,
    age: Duration,
}

impl From<&Round> for RoundRow {
    fn from(round: &Round) -> Self {
        Self {
            id: round.id.clone(),
            phase: round.phase.to_string(),
            workers_published: round.workers_published,
            workers_expected: round.workers_expected,
            capacity: round.capacity,
            values: value_length(round.spec.value_length),
            uid: round.uid.to_string(),
            age: round.age(),
        }
    }
}

impl RoundRow {
    /// An empty table of rounds.
    pub(super) fn table(wide: bool) -> Table {
        let more = if wide { &["VALUES", "UID"][..] } else { &[] };
        Table::new(["NAME", "PHASE", "WORKERS", "CAPACITY"], more.iter().copied(), "AGE")
    }

    /// Adds the line.
    pub(super) fn add_to(&self, table: &mut Table, wide: bool) {
        let cells = [
            self.id.clone(),
            self.phase.clone(),
            format!("{}/{}", self.workers_published, self.workers_expected),
            or_none(self.capacity),
        ];
        let more = if wide { vec![self.values.clone(), self.uid.clone()] } else { vec![] };
        table.row(cells, more, age(self.age));
    }
}

/// How long values are, such as `<=64B` or `8B`.
pub(super) fn value_length(length: ValueLength) -> String {
    match length {
        ValueLength::UpTo(bytes) => format!("<={bytes}B"),
        ValueLength::Exactly(bytes) => format!("{bytes}B"),
    }
}

pub(crate) fn encoding(status: EncodingStatus) -> &'static str {
    match status {
        EncodingStatus::Encoded => "encoded",
        EncodingStatus::Failed => "failed",
        // One that this version does not know is at least not done.
        _ => "pending",
    }
}

pub(crate) fn plaintext(plaintext: Plaintext) -> &'static str {
    match plaintext {
        Plaintext::Destroyed => "destroyed",
        _ => "held",
    }
}

pub(super) fn on_conflict(rule: OnConflict) -> &'static str {
    match rule {
        OnConflict::Reject => "reject",
        OnConflict::First => "first",
        OnConflict::Last => "last",
        _ => "unknown",
    }
}

pub(super) fn on_deadline(what: OnDeadline) -> &'static str {
    match what {
        OnDeadline::Fail => "fail",
        OnDeadline::Seal => "seal",
        _ => "unknown",
    }
}

pub(super) fn downloads(downloads: Downloads) -> &'static str {
    match downloads {
        Downloads::Allowed => "allowed",
        Downloads::Forbidden => "forbidden",
        _ => "unknown",
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, phase: &str, capacity: Option<u64>) -> RoundRow {
        RoundRow {
            id: id.to_owned(),
            phase: phase.to_owned(),
            workers_published: 3,
            workers_expected: 8,
            capacity,
            values: value_length(ValueLength::UpTo(64)),
            uid: "00112233445566778899aabbccddeeff".to_owned(),
            age: Duration::from_secs(200),
        }
    }

    fn render(wide: bool) -> String {
        let mut table = RoundRow::table(wide);
        row("levels/1", "Ready", Some(1_024)).add_to(&mut table, wide);
        row("r2", "Open", None).add_to(&mut table, wide);
        table.render()
    }

    #[test]
    fn rounds_are_listed_name_first_and_age_last() {
        let expected = "\
NAME       PHASE   WORKERS   CAPACITY   AGE
levels/1   Ready   3/8       1024       3m20s
r2         Open    3/8       <none>     3m20s
";
        assert_eq!(render(false), expected);
        let expected = "\
NAME       PHASE   WORKERS   CAPACITY   VALUES   UID                                AGE
levels/1   Ready   3/8       1024       <=64B    00112233445566778899aabbccddeeff   3m20s
r2         Open    3/8       <none>     <=64B    00112233445566778899aabbccddeeff   3m20s
";
        assert_eq!(render(true), expected);
    }

    #[test]
    fn a_spec_is_spelt_as_in_the_grpc_interface() {
        let spec = RoundSpec::for_named_workers(["a", "b"]).values_of(8).deadline(Duration::from_mins(10));
        let expected = serde_json::json!({
            "workerCount": null,
            "workers": ["a", "b"],
            "maxPairs": null,
            "maxValueBytes": null,
            "fixedValueBytes": 8,
            "onConflict": "reject",
            "deadlineMs": 600_000,
            "onDeadline": "fail",
            "retentionMs": null,
            "expectedLookups": 6,
            "downloads": "allowed",
        });
        assert_eq!(serde_json::to_value(SpecDocument::from(&spec)).expect("serialises"), expected);
        assert_eq!(SpecDocument::from(&RoundSpec::for_workers(2)).worker_count, Some(2));
    }
}

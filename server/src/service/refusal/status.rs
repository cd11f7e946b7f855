//! A refusal as a gRPC status.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt};

use super::{Reason, Refusal, RoundName};
use crate::state::{FieldViolation, Rejection, UserKey};

/// Domain of the reasons.
pub const DOMAIN: &str = "silhouette.dev";

/// What a `RetryInfo` advises: about the time of an election, so that the next attempt usually succeeds.
const RETRY_AFTER: Duration = Duration::from_millis(500);

type Metadata = Vec<(&'static str, String)>;

impl Refusal {
    /// The variables of its message, under their stable names.
    pub fn metadata(&self) -> Metadata {
        match self {
            Self::Rejected(rejection) => of_rejection(rejection),
            Self::RoundNotFound { round: RoundName::Id(id) }
            | Self::EncodingMismatch { id }
            | Self::DownloadsForbidden { id } => vec![("roundId", id.to_string())],
            Self::RoundNotFound { round: RoundName::Uid(uid) } => vec![("roundUid", uid.to_string())],
            Self::RoundNotReady { id, phase } => vec![("roundId", id.to_string()), ("phase", phase.to_string())],
            Self::RoundFailed { id, why } => vec![("roundId", id.to_string()), ("why", why.clone())],
            Self::RoundNotHeld { id, holders } => {
                vec![("roundId", id.to_string()), ("holders", holders.join(","))]
            }
            Self::QueryMalformed { id, expected, found } => vec![
                ("roundId", id.to_string()),
                ("expectedBytes", expected.to_string()),
                ("foundBytes", found.to_string()),
            ],
            Self::TooManyQueries { setting, limit } => {
                vec![("setting", format!("retrieval.{setting}")), ("limit", limit.to_string())]
            }
            Self::OffsetOutOfRange { offset, total } => {
                vec![("offset", offset.to_string()), ("totalBytes", total.to_string())]
            }
            Self::NotLeader { leader } | Self::OutcomeUnknown { leader } => {
                leader.iter().map(|leader| ("leader", leader.clone())).collect()
            }
            Self::WrongCluster { ours: cluster } | Self::AlreadyInitialised { cluster } => {
                vec![("clusterId", cluster.to_string())]
            }
            Self::ConfigurationChanged { index } | Self::ChangeInFlight { index } => {
                vec![("confIndex", index.to_string())]
            }
            Self::Unreadable { .. } => vec![("fields", String::new())],
            Self::LimitReached { limit, allowed } => {
                vec![("limit", allowed.to_string()), ("setting", limit.setting().to_owned())]
            }
            Self::MessageTooLarge { limit } => {
                vec![("limit", limit.to_string()), ("setting", "limits.message_bytes".to_owned())]
            }
            Self::StreamMalformed { .. }
            | Self::NoLeader
            | Self::Busy
            | Self::Draining
            | Self::StorageFailed
            | Self::Starting
            | Self::Uninitialised => Vec::new(),
            Self::Removed { member } | Self::Fenced { member } | Self::WrongMember { ours: member } => {
                vec![("memberId", member.to_string())]
            }
            Self::MemberActive { member, silence } => {
                vec![("memberId", member.to_string()), ("silentMs", silence.as_millis().to_string())]
            }
            Self::WrongInstance { ours } => vec![("instanceId", ours.to_string())],
        }
    }

    /// The bad fields of an invalid request.
    pub fn violations(&self) -> &[FieldViolation] {
        match self {
            Self::Rejected(Rejection::InvalidRequest { violations }) => violations,
            _ => &[],
        }
    }
}

fn of_rejection(rejection: &Rejection) -> Metadata {
    let encoded = |key: &UserKey| ("key", STANDARD.encode(key.expose()));
    match rejection {
        Rejection::RoundNotFound { uid } => vec![("roundUid", uid.to_string())],
        Rejection::RoundClosed { id, phase } => vec![("roundId", id.to_string()), ("phase", phase.to_string())],
        Rejection::RoundIdRetired { id } => vec![("roundId", id.to_string())],
        Rejection::RoundSpecDiffers { id, fields } => {
            vec![("roundId", id.to_string()), ("fields", fields.join(","))]
        }
        Rejection::RoundTooLarge { id, bytes, limit } | Rejection::MemoryBudgetExceeded { id, bytes, limit } => {
            vec![("roundId", id.to_string()), ("bytes", bytes.to_string()), ("limit", limit.to_string())]
        }
        Rejection::TooManyRounds { limit } | Rejection::TooManyOpenRounds { limit } => {
            vec![("limit", limit.to_string())]
        }
        Rejection::InvalidRequest { violations } => {
            let fields: Vec<&str> = violations.iter().map(|violation| violation.field).collect();
            vec![("fields", fields.join(","))]
        }
        Rejection::KeyEmpty { sequence, pair } => vec![
            ("sequence", sequence.to_string()),
            ("pair", pair.to_string()),
            ("bytes", "0".to_owned()),
            ("limit", "1".to_owned()),
        ],
        Rejection::KeyTooLong { sequence, pair, bytes, limit }
        | Rejection::ValueTooLong { sequence, pair, bytes, limit }
        | Rejection::ValueLength { sequence, pair, bytes, limit } => vec![
            ("sequence", sequence.to_string()),
            ("pair", pair.to_string()),
            ("bytes", bytes.to_string()),
            ("limit", limit.to_string()),
        ],
        Rejection::ChunkTooLarge { sequence, bytes, limit } => {
            vec![("sequence", sequence.to_string()), ("bytes", bytes.to_string()), ("limit", limit.to_string())]
        }
        Rejection::ChunkGap { next_sequence } => vec![("nextSequence", next_sequence.to_string())],
        Rejection::UploadSuperseded { worker }
        | Rejection::PublicationDiffers { worker }
        | Rejection::PublicationIncomplete { worker } => vec![("worker", worker.to_string())],
        Rejection::TooManyPairs { id, limit } => vec![("roundId", id.to_string()), ("limit", limit.to_string())],
        Rejection::DuplicateKey { key } => vec![encoded(key)],
        Rejection::KeyConflict { key, worker } => vec![encoded(key), ("worker", worker.to_string())],
        Rejection::WorkerNotExpected { worker, id } => {
            vec![("worker", worker.to_string()), ("roundId", id.to_string())]
        }
        Rejection::ClusterForming | Rejection::PlanOutdated { .. } => Vec::new(),
        Rejection::MemberNotFound { member }
        | Rejection::MemberRemoved { member }
        | Rejection::NotCaughtUp { member }
        | Rejection::MemberBudgetTooSmall { member, .. } => vec![("memberId", member.to_string())],
        Rejection::ChangeUnsafe { why } => vec![("why", why.clone())],
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let reason: Reason = refusal.reason();
        let metadata: HashMap<String, String> =
            refusal.metadata().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut details = ErrorDetails::with_error_info(reason.as_str(), DOMAIN, metadata);
        for violation in refusal.violations() {
            details.add_bad_request_violation(violation.field, &violation.sentence);
        }
        if reason.is_worth_waiting() {
            details.set_retry_info(Some(RETRY_AFTER));
        }
        Self::with_error_details(reason.code(), refusal.to_string(), details)
    }
}

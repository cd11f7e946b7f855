//! A round's spec, defaults filled in.

use silhouette_okvs::ValueLayout;
use silhouette_proto::v1::{self, round_spec};

use crate::{
    ids::WorkerName,
    state::{Downloads, Expected, OnConflict, OnDeadline, RoundSpec},
};

/// A spec as a message.
pub(in crate::service) fn spec(spec: &RoundSpec) -> v1::RoundSpec {
    v1::RoundSpec {
        expected: Some(match &spec.expected {
            Expected::Count(workers) => round_spec::Expected::WorkerCount(*workers),
            Expected::Names(names) => {
                let names = names.iter().map(WorkerName::to_string).collect();
                round_spec::Expected::Workers(v1::WorkerNames { names })
            }
        }),
        max_pairs: spec.max_pairs,
        value_length: Some(match spec.values {
            ValueLayout::Variable { max_bytes } => round_spec::ValueLength::MaxValueBytes(max_bytes),
            ValueLayout::Fixed { bytes } => round_spec::ValueLength::FixedValueBytes(bytes),
        }),
        on_conflict: match spec.on_conflict {
            OnConflict::Reject => v1::OnConflict::Reject,
            OnConflict::First => v1::OnConflict::First,
            OnConflict::Last => v1::OnConflict::Last,
        }
        .into(),
        deadline_ms: spec.deadline_ms.unwrap_or(0),
        on_deadline: match spec.on_deadline {
            OnDeadline::Fail => v1::OnDeadline::Fail,
            OnDeadline::Seal => v1::OnDeadline::Seal,
        }
        .into(),
        retention_ms: spec.retention_ms,
        expected_lookups: spec.expected_lookups,
        downloads: downloads(spec.downloads).into(),
    }
}

/// Whether an encoding may be downloaded.
pub(super) fn downloads(downloads: Downloads) -> v1::Downloads {
    match downloads {
        Downloads::Allowed => v1::Downloads::Allowed,
        Downloads::Forbidden => v1::Downloads::Forbidden,
    }
}

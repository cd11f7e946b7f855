//! The spec of a round, defaults filled in.

use std::collections::BTreeSet;

use silhouette_okvs::ValueLayout;
use silhouette_proto::v1::{self, round_spec};

use super::Fields;
use crate::{
    ids::WorkerName,
    state::{Downloads, Expected, Limits, OnConflict, OnDeadline, RoundSpec},
};

/// Reads a spec; what is wrong with it is noted in `fields`.
pub(super) fn spec(given: &v1::RoundSpec, limits: &Limits, fields: &mut Fields) -> Option<RoundSpec> {
    let expected = match &given.expected {
        Some(round_spec::Expected::WorkerCount(workers)) => Some(Expected::Count(*workers)),
        Some(round_spec::Expected::Workers(workers)) => names(&workers.names, fields),
        None => {
            fields.refuse("expected", "say for whom the round waits: worker_count, or workers by name");
            None
        }
    };
    let on_conflict = match v1::OnConflict::try_from(given.on_conflict) {
        Ok(v1::OnConflict::Unspecified | v1::OnConflict::Reject) => Some(OnConflict::Reject),
        Ok(v1::OnConflict::First) => Some(OnConflict::First),
        Ok(v1::OnConflict::Last) => Some(OnConflict::Last),
        Err(_) => unknown("on_conflict", fields),
    };
    let on_deadline = match v1::OnDeadline::try_from(given.on_deadline) {
        Ok(v1::OnDeadline::Unspecified | v1::OnDeadline::Fail) => Some(OnDeadline::Fail),
        Ok(v1::OnDeadline::Seal) => Some(OnDeadline::Seal),
        Err(_) => unknown("on_deadline", fields),
    };
    let downloads = match v1::Downloads::try_from(given.downloads) {
        Ok(v1::Downloads::Unspecified | v1::Downloads::Allowed) => Some(Downloads::Allowed),
        Ok(v1::Downloads::Forbidden) => Some(Downloads::Forbidden),
        Err(_) => unknown("downloads", fields),
    };
    // With defaults for what is bad, so that what the limits forbid is named in the same reply.
    let bad = expected.is_none() || on_conflict.is_none() || on_deadline.is_none() || downloads.is_none();
    let mut spec = RoundSpec::new(expected.unwrap_or(Expected::Count(1)), limits);
    spec.max_pairs = given.max_pairs;
    match given.value_length {
        Some(round_spec::ValueLength::MaxValueBytes(max_bytes)) => spec.values = ValueLayout::Variable { max_bytes },
        Some(round_spec::ValueLength::FixedValueBytes(bytes)) => spec.values = ValueLayout::Fixed { bytes },
        None => {}
    }
    spec.on_conflict = on_conflict.unwrap_or_default();
    spec.on_deadline = on_deadline.unwrap_or_default();
    spec.downloads = downloads.unwrap_or_default();
    spec.deadline_ms = (given.deadline_ms > 0).then_some(given.deadline_ms);
    if given.retention_ms > 0 {
        spec.retention_ms = given.retention_ms;
    }
    if given.expected_lookups > 0 {
        spec.expected_lookups = given.expected_lookups;
    }
    fields.violations.extend(spec.violations(limits));
    (!bad).then_some(spec)
}

fn unknown<T>(field: &'static str, fields: &mut Fields) -> Option<T> {
    fields.refuse(field, format!("{field} has a value that this server does not know"));
    None
}

fn names(given: &[String], fields: &mut Fields) -> Option<Expected> {
    let mut names = BTreeSet::new();
    for name in given {
        let name = fields.take("workers", name.parse::<WorkerName>())?;
        if !names.insert(name) {
            fields.refuse("workers", "a worker is named twice");
            return None;
        }
    }
    Some(Expected::Names(names))
}

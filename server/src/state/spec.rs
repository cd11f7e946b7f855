//! What a round is asked to be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use silhouette_okvs::ValueLayout;

use super::{Limits, rejection::FieldViolation};
use crate::ids::WorkerName;

/// Which workers must have published before a round seals by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// This many distinct workers, of any names.
    Count(u32),
    /// Exactly these workers.
    Names(BTreeSet<WorkerName>),
}

impl Expected {
    /// How many workers.
    pub fn workers(&self) -> u32 {
        match self {
            Self::Count(workers) => *workers,
            Self::Names(names) => names.len() as u32,
        }
    }
}

/// What happens when two workers publish the same key, in the order in which their publications are committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnConflict {
    /// The second publication's commit fails.
    #[default]
    Reject,
    /// The key has the value of the publication that was committed first.
    First,
    /// The key has the value of the publication that was committed last.
    Last,
}

impl OnConflict {
    /// Whether several publications may have the same key.
    pub fn allows_overlap(self) -> bool {
        match self {
            Self::Reject => false,
            Self::First | Self::Last => true,
        }
    }
}

/// What happens to an open round when its deadline passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnDeadline {
    /// It fails.
    #[default]
    Fail,
    /// It is sealed with the publications that are there.
    Seal,
}

/// Whether the masked encoding may be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Downloads {
    /// It may.
    #[default]
    Allowed,
    /// Values are read by private queries only.
    Forbidden,
}

/// What a round is asked to be, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundSpec {
    /// Which workers must have published before it seals by itself.
    pub expected: Expected,
    /// The most pairs, keys of several publications counted once; `None`: the limit, and the encoding's size follows
    /// from the true count, rounded up.
    pub max_pairs: Option<u64>,
    /// How long values may be.
    #[serde(with = "ValueLayoutFields")]
    pub values: ValueLayout,
    /// What happens when two workers publish the same key.
    pub on_conflict: OnConflict,
    /// Milliseconds of cluster time from start to deadline.
    pub deadline_ms: Option<u64>,
    /// What happens at the deadline.
    pub on_deadline: OnDeadline,
    /// Milliseconds of cluster time from Ready (or Failed) to Expired.
    pub retention_ms: u64,
    /// How many keys a client typically looks up.
    pub expected_lookups: u32,
    /// Whether the masked encoding may be downloaded.
    pub downloads: Downloads,
}

/// How [`ValueLayout`] is stored.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ValueLayout")]
enum ValueLayoutFields {
    Fixed { bytes: u32 },
    Variable { max_bytes: u32 },
}

/// Most lookups that a spec may expect of a client; more only ever mean a download.
const MAX_EXPECTED_LOOKUPS: u32 = 1 << 16;

impl RoundSpec {
    /// Longest value of a spec that states none, in bytes.
    pub const DEFAULT_VALUE_BYTES: u32 = 64;
    /// Lookups of a client of a spec that states none.
    pub const DEFAULT_EXPECTED_LOOKUPS: u32 = 6;

    /// A spec for these workers, with every default.
    pub fn new(expected: Expected, limits: &Limits) -> Self {
        Self {
            expected,
            max_pairs: None,
            values: ValueLayout::Variable { max_bytes: Self::DEFAULT_VALUE_BYTES },
            on_conflict: OnConflict::default(),
            deadline_ms: None,
            on_deadline: OnDeadline::default(),
            retention_ms: limits.default_retention_ms,
            expected_lookups: Self::DEFAULT_EXPECTED_LOOKUPS,
            downloads: Downloads::default(),
        }
    }

    /// The fields, by their names in the protocol, in which two specs differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let same_kind = matches!(
            (&self.expected, &other.expected),
            (Expected::Count(_), Expected::Count(_)) | (Expected::Names(_), Expected::Names(_))
        );
        let expected = match (&self.expected, same_kind) {
            (_, false) => "expected",
            (Expected::Count(_), true) => "worker_count",
            (Expected::Names(_), true) => "workers",
        };
        let values = match (self.values, other.values) {
            (ValueLayout::Fixed { .. }, ValueLayout::Fixed { .. }) => "fixed_value_bytes",
            (ValueLayout::Variable { .. }, ValueLayout::Variable { .. }) => "max_value_bytes",
            _ => "value_length",
        };
        [
            (expected, self.expected != other.expected),
            ("max_pairs", self.max_pairs != other.max_pairs),
            (values, self.values != other.values),
            ("on_conflict", self.on_conflict != other.on_conflict),
            ("deadline_ms", self.deadline_ms != other.deadline_ms),
            ("on_deadline", self.on_deadline != other.on_deadline),
            ("retention_ms", self.retention_ms != other.retention_ms),
            ("expected_lookups", self.expected_lookups != other.expected_lookups),
            ("downloads", self.downloads != other.downloads),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }

    /// Everything in it that the limits do not allow.
    pub fn violations(&self, limits: &Limits) -> Vec<FieldViolation> {
        let mut violations = Vec::new();
        let mut require = |holds: bool, field: &'static str, sentence: String| {
            if !holds {
                violations.push(FieldViolation { field, sentence });
            }
        };
        let workers = match &self.expected {
            Expected::Count(_) => "worker_count",
            Expected::Names(_) => "workers",
        };
        let values = match self.values {
            ValueLayout::Fixed { .. } => "fixed_value_bytes",
            ValueLayout::Variable { .. } => "max_value_bytes",
        };
        require(
            (1..=limits.max_workers).contains(&self.expected.workers()),
            workers,
            format!("a round needs 1 to {} workers", limits.max_workers),
        );
        require(
            self.max_pairs.is_none_or(|pairs| pairs <= limits.max_pairs),
            "max_pairs",
            format!("a round holds at most {} pairs", limits.max_pairs),
        );
        require(
            self.values.max_bytes() <= limits.max_value_bytes,
            values,
            format!("values may have at most {} bytes", limits.max_value_bytes),
        );
        require(
            self.retention_ms > 0,
            "retention_ms",
            "retention must not be 0 once defaults are filled in".to_owned(),
        );
        require(
            (1..=MAX_EXPECTED_LOOKUPS).contains(&self.expected_lookups),
            "expected_lookups",
            format!("expected lookups must be 1 to {MAX_EXPECTED_LOOKUPS}"),
        );
        violations
    }

    /// The most pairs that the round can hold, keys of several publications counted once.
    pub fn pair_limit(&self, limits: &Limits) -> u64 {
        self.max_pairs.unwrap_or(limits.max_pairs)
    }
}

//! What a round is asked to be.

use std::time::Duration;

use silhouette_proto::v1;

use crate::Error;

/// Which workers must have published before a round seals by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workers {
    /// So many workers, of any names.
    Count(u32),
    /// Exactly these; others are refused.
    Named(Vec<String>),
}

/// How long the values of a round are; public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueLength {
    /// From nothing to this many bytes.
    UpTo(u32),
    /// Exactly this many bytes; saves the length field of each row.
    Exactly(u32),
}

/// What happens when two workers publish the same key. A key twice in one publication is always an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnConflict {
    /// The later publication is refused whole.
    #[default]
    Reject,
    /// Both succeed; the key has the value of whoever committed first.
    First,
    /// Both succeed; the key has the value of whoever committed last.
    Last,
}

/// What happens to an open round at its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnDeadline {
    /// It fails.
    #[default]
    Fail,
    /// It is sealed with the publications that are there.
    Seal,
}

/// Whether a round's masked encoding may be downloaded whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Downloads {
    /// Clients download where it costs fewer bytes than queries.
    #[default]
    Allowed,
    /// Values are read by private queries only.
    Forbidden,
}

/// What a round shall be. Everything in it is public.
///
/// ```
/// use std::time::Duration;
/// use silhouette_client::RoundSpec;
///
/// let spec = RoundSpec::for_workers(8)
///     .max_pairs(100_000)
///     .values_of(8)
///     .deadline(Duration::from_mins(10))
///     .seal_at_deadline()
///     .expected_lookups(40);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoundSpec {
    /// Who must have published before it seals by itself.
    pub workers: Workers,
    /// The most pairs, a key that several workers publish counted once; `None`: the cluster's limit, and the encoding
    /// is as large as the pairs published need, rounded up.
    pub max_pairs: Option<u64>,
    /// How long values are; up to 64 bytes unless set.
    pub value_length: ValueLength,
    /// What happens when two workers publish the same key.
    pub on_conflict: OnConflict,
    /// Cluster time from start to deadline; `None`: there is no deadline.
    pub deadline: Option<Duration>,
    /// What happens at the deadline.
    pub on_deadline: OnDeadline,
    /// Cluster time from Ready to Expired; `None`: the cluster's default.
    pub retention: Option<Duration>,
    /// How many keys a client looks up, about. Lookups are padded to its next multiple.
    pub expected_lookups: u32,
    /// Whether the masked encoding may be downloaded.
    pub downloads: Downloads,
}

impl RoundSpec {
    /// Longest value of a spec that says nothing else, in bytes.
    pub const DEFAULT_VALUE_BYTES: u32 = 64;
    /// Lookups of a client of a spec that says nothing else.
    pub const DEFAULT_EXPECTED_LOOKUPS: u32 = 6;

    /// A round that waits for these workers, with every default.
    pub fn new(workers: Workers) -> Self {
        Self {
            workers,
            max_pairs: None,
            value_length: ValueLength::UpTo(Self::DEFAULT_VALUE_BYTES),
            on_conflict: OnConflict::default(),
            deadline: None,
            on_deadline: OnDeadline::default(),
            retention: None,
            expected_lookups: Self::DEFAULT_EXPECTED_LOOKUPS,
            downloads: Downloads::default(),
        }
    }

    /// A round that waits for so many workers, of any names.
    pub fn for_workers(count: u32) -> Self {
        Self::new(Workers::Count(count))
    }

    /// A round that waits for exactly these workers.
    pub fn for_named_workers(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::new(Workers::Named(names.into_iter().map(Into::into).collect()))
    }

    /// Sets the most pairs; the encoding's size then follows from it alone.
    #[must_use]
    pub fn max_pairs(mut self, pairs: u64) -> Self {
        self.max_pairs = Some(pairs);
        self
    }

    /// Values have up to this many bytes.
    #[must_use]
    pub fn values_up_to(mut self, bytes: u32) -> Self {
        self.value_length = ValueLength::UpTo(bytes);
        self
    }

    /// Values have exactly this many bytes.
    #[must_use]
    pub fn values_of(mut self, bytes: u32) -> Self {
        self.value_length = ValueLength::Exactly(bytes);
        self
    }

    /// Sets what happens when two workers publish the same key.
    #[must_use]
    pub fn on_conflict(mut self, rule: OnConflict) -> Self {
        self.on_conflict = rule;
        self
    }

    /// Sets the deadline, in cluster time from the start.
    #[must_use]
    pub fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Some(after);
        self
    }

    /// At the deadline the round is sealed with the publications that are there; otherwise it fails.
    #[must_use]
    pub fn seal_at_deadline(mut self) -> Self {
        self.on_deadline = OnDeadline::Seal;
        self
    }

    /// Sets how long the round is kept once it is Ready, in cluster time.
    #[must_use]
    pub fn retention(mut self, after_ready: Duration) -> Self {
        self.retention = Some(after_ready);
        self
    }

    /// Sets how many keys a client looks up, about.
    #[must_use]
    pub fn expected_lookups(mut self, keys: u32) -> Self {
        self.expected_lookups = keys;
        self
    }

    /// Values can be read by private queries only.
    #[must_use]
    pub fn forbid_downloads(mut self) -> Self {
        self.downloads = Downloads::Forbidden;
        self
    }

    pub(crate) fn to_wire(&self) -> v1::RoundSpec {
        use v1::round_spec::{Expected, ValueLength as WireLength};
        let expected = match &self.workers {
            Workers::Count(count) => Expected::WorkerCount(*count),
            Workers::Named(names) => Expected::Workers(v1::WorkerNames { names: names.clone() }),
        };
        let value_length = match self.value_length {
            ValueLength::UpTo(bytes) => WireLength::MaxValueBytes(bytes),
            ValueLength::Exactly(bytes) => WireLength::FixedValueBytes(bytes),
        };
        let on_conflict = match self.on_conflict {
            OnConflict::Reject => v1::OnConflict::Reject,
            OnConflict::First => v1::OnConflict::First,
            OnConflict::Last => v1::OnConflict::Last,
        };
        let on_deadline = match self.on_deadline {
            OnDeadline::Fail => v1::OnDeadline::Fail,
            OnDeadline::Seal => v1::OnDeadline::Seal,
        };
        let downloads = match self.downloads {
            Downloads::Allowed => v1::Downloads::Allowed,
            Downloads::Forbidden => v1::Downloads::Forbidden,
        };
        v1::RoundSpec {
            expected: Some(expected),
            max_pairs: self.max_pairs,
            value_length: Some(value_length),
            on_conflict: on_conflict.into(),
            deadline_ms: self.deadline.map_or(0, milliseconds),
            on_deadline: on_deadline.into(),
            retention_ms: self.retention.map_or(0, milliseconds),
            expected_lookups: self.expected_lookups,
            downloads: downloads.into(),
        }
    }

    pub(crate) fn from_wire(spec: v1::RoundSpec) -> Result<Self, Error> {
        use v1::round_spec::{Expected, ValueLength as WireLength};
        let workers = match spec.expected {
            Some(Expected::WorkerCount(count)) => Workers::Count(count),
            Some(Expected::Workers(workers)) => Workers::Named(workers.names),
            None => return Err(Error::inconsistent("the round's spec", "it expects no workers")),
        };
        let value_length = match spec.value_length {
            Some(WireLength::MaxValueBytes(bytes)) => ValueLength::UpTo(bytes),
            Some(WireLength::FixedValueBytes(bytes)) => ValueLength::Exactly(bytes),
            None => ValueLength::UpTo(Self::DEFAULT_VALUE_BYTES),
        };
        let on_conflict = match v1::OnConflict::try_from(spec.on_conflict) {
            Ok(v1::OnConflict::First) => OnConflict::First,
            Ok(v1::OnConflict::Last) => OnConflict::Last,
            _ => OnConflict::Reject,
        };
        let on_deadline = match v1::OnDeadline::try_from(spec.on_deadline) {
            Ok(v1::OnDeadline::Seal) => OnDeadline::Seal,
            _ => OnDeadline::Fail,
        };
        Ok(Self {
            workers,
            max_pairs: spec.max_pairs,
            value_length,
            on_conflict,
            deadline: duration(spec.deadline_ms),
            on_deadline,
            retention: duration(spec.retention_ms),
            expected_lookups: spec.expected_lookups,
            downloads: downloads_from_wire(spec.downloads),
        })
    }
}

pub(crate) fn downloads_from_wire(downloads: i32) -> Downloads {
    match v1::Downloads::try_from(downloads) {
        Ok(v1::Downloads::Forbidden) => Downloads::Forbidden,
        _ => Downloads::Allowed,
    }
}

/// Whole milliseconds, at least one: 0 means something else on the wire.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn duration(milliseconds: u64) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_survives_the_wire() {
        let specs = [
            RoundSpec::for_workers(3),
            RoundSpec::for_workers(3).on_conflict(OnConflict::First),
            RoundSpec::for_workers(3).on_conflict(OnConflict::Last),
            RoundSpec::for_named_workers(["a", "b"])
                .max_pairs(0)
                .values_of(8)
                .deadline(Duration::from_mins(1))
                .seal_at_deadline()
                .retention(Duration::from_hours(1))
                .expected_lookups(40)
                .forbid_downloads(),
        ];
        for spec in specs {
            assert_eq!(RoundSpec::from_wire(spec.to_wire()).expect("a spec"), spec);
        }
    }

    #[test]
    fn a_deadline_of_less_than_a_millisecond_is_still_one() {
        let spec = RoundSpec::for_workers(1).deadline(Duration::from_nanos(1));
        assert_eq!(spec.to_wire().deadline_ms, 1);
    }
}

//! A round as its cluster sees it.

use std::{fmt, time::Duration};

use silhouette_proto::v1;

use super::RoundSpec;
use crate::{Digest, Error, MemberId, RoundUid};

/// Where a round is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Workers publish.
    Open,
    /// Publication is closed; members encode.
    Sealed,
    /// A majority of voters holds the same encoding; values can be looked up.
    Ready,
    /// It ended without an encoding.
    Failed,
    /// Its retention has passed.
    Expired,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Open => "Open",
            Self::Sealed => "Sealed",
            Self::Ready => "Ready",
            Self::Failed => "Failed",
            Self::Expired => "Expired",
        })
    }
}

/// How far one member has come with a round's encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodingStatus {
    /// Not begun, or not finished.
    Pending,
    /// Reported the encoding's digest.
    Encoded,
    /// Reported that it could not encode.
    Failed,
}

/// Whether a member can still read the pairs of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Plaintext {
    /// It has not reported the key's destruction.
    Held,
    /// It reported that the key is destroyed.
    Destroyed,
}

/// How far one worker's publication has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerProgress {
    /// The worker's name.
    pub worker: String,
    /// Whether its publication is committed.
    pub published: bool,
    /// Chunks that are durable while it is not.
    pub staged_chunks: u64,
}

/// One member's own progress with a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberRound {
    /// The member.
    pub member: MemberId,
    /// How far it is with the encoding.
    pub encoding: EncodingStatus,
    /// Whether it can still read the pairs.
    pub plaintext: Plaintext,
}

/// A round.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Round {
    /// The name its users gave it.
    pub id: String,
    /// Tells it from any other that had the same id.
    pub uid: RoundUid,
    /// What it was asked to be, with defaults filled in.
    pub spec: RoundSpec,
    /// Where it is in its life.
    pub phase: Phase,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// Workers that have published.
    pub workers_published: u32,
    /// Workers that it waits for.
    pub workers_expected: u32,
    /// Each worker that has begun to publish; empty once the round is Ready.
    pub workers: Vec<WorkerProgress>,
    /// How many pairs the encoding has room for; `None` before sealing. The true count is never told.
    pub capacity: Option<u64>,
    /// The encoding's digest, once Ready.
    pub encoding_digest: Option<Digest>,
    /// Each member's own progress.
    pub members: Vec<MemberRound>,
    /// How often it was sealed again with fresh seeds.
    pub reseal: u32,
    /// Cluster time when it was started.
    pub started: Duration,
    /// Cluster time when it was sealed, if it was.
    pub sealed: Option<Duration>,
    /// Cluster time when it became Ready, if it did.
    pub ready: Option<Duration>,
    /// Cluster time at which this was true. It stands still without a leader.
    pub cluster_time: Duration,
}

impl Round {
    /// Cluster time since it was started.
    pub fn age(&self) -> Duration {
        self.cluster_time.saturating_sub(self.started)
    }

    pub(crate) fn from_response(round: Option<v1::Round>) -> Result<Self, Error> {
        Self::from_wire(round.ok_or_else(|| Error::inconsistent("the answer", "it holds no round"))?)
    }

    pub(crate) fn from_wire(round: v1::Round) -> Result<Self, Error> {
        let phase = match round.phase() {
            v1::Phase::Open => Phase::Open,
            v1::Phase::Sealed => Phase::Sealed,
            v1::Phase::Ready => Phase::Ready,
            v1::Phase::Failed => Phase::Failed,
            v1::Phase::Expired => Phase::Expired,
            v1::Phase::Unspecified => return Err(Error::inconsistent("the round", "it is in no phase")),
        };
        let encoding_digest = match round.encoding_digest.as_ref() {
            [] => None,
            bytes => Some(Digest::read(bytes, "the round")?),
        };
        let uid = read_uid(&round.round_uid)?;
        let time = |milliseconds: u64| (milliseconds > 0).then(|| Duration::from_millis(milliseconds));
        Ok(Self {
            id: round.round_id,
            uid,
            spec: RoundSpec::from_wire(round.spec.ok_or_else(|| Error::inconsistent("the round", "it has no spec"))?)?,
            phase,
            failure: Some(round.failure_reason).filter(|reason| !reason.is_empty()),
            workers_published: round.workers_published,
            workers_expected: round.workers_expected,
            workers: round.workers.into_iter().map(read_worker).collect(),
            capacity: (round.capacity > 0).then_some(round.capacity),
            encoding_digest,
            members: round.members.iter().filter_map(read_member).collect(),
            reseal: round.reseal,
            started: Duration::from_millis(round.started_ms),
            sealed: time(round.sealed_ms),
            ready: time(round.ready_ms),
            cluster_time: Duration::from_millis(round.cluster_time_ms),
        })
    }
}

/// Reads a round's uid off the wire.
pub(crate) fn read_uid(text: &str) -> Result<RoundUid, Error> {
    text.parse().map_err(|_| Error::inconsistent("the round", "its uid is not 32 hexadecimal digits"))
}

fn read_worker(worker: v1::WorkerStatus) -> WorkerProgress {
    WorkerProgress { worker: worker.worker, published: worker.published, staged_chunks: worker.staged_chunks }
}

fn read_member(member: &v1::MemberRoundStatus) -> Option<MemberRound> {
    Some(MemberRound {
        member: MemberId::new(member.member_id)?,
        encoding: match member.encoding() {
            v1::EncodingStatus::Encoded => EncodingStatus::Encoded,
            v1::EncodingStatus::Failed => EncodingStatus::Failed,
            v1::EncodingStatus::Pending | v1::EncodingStatus::Unspecified => EncodingStatus::Pending,
        },
        plaintext: match member.plaintext() {
            v1::Plaintext::Destroyed => Plaintext::Destroyed,
            v1::Plaintext::Held | v1::Plaintext::Unspecified => Plaintext::Held,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> v1::Round {
        v1::Round {
            round_id: "r1".to_owned(),
            round_uid: "00112233445566778899aabbccddeeff".to_owned(),
            spec: Some(RoundSpec::for_workers(2).to_wire()),
            phase: v1::Phase::Sealed.into(),
            workers_expected: 2,
            started_ms: 1_000,
            sealed_ms: 3_000,
            cluster_time_ms: 4_000,
            members: vec![v1::MemberRoundStatus { member_id: 7, encoding: 2, plaintext: 2 }],
            ..Default::default()
        }
    }

    #[test]
    fn a_round_is_read_off_the_wire() {
        let round = Round::from_wire(wire()).expect("a round");
        assert_eq!(round.phase, Phase::Sealed);
        assert_eq!(round.uid.to_string(), "00112233445566778899aabbccddeeff");
        assert_eq!(
            (round.failure.as_ref(), round.capacity, round.encoding_digest, round.ready),
            (None, None, None, None)
        );
        assert_eq!(round.sealed, Some(Duration::from_secs(3)));
        assert_eq!(round.age(), Duration::from_secs(3));
        assert_eq!(round.members[0].encoding, EncodingStatus::Encoded);
        assert_eq!(round.members[0].plaintext, Plaintext::Destroyed);
    }

    #[test]
    fn a_round_without_phase_uid_or_spec_is_refused() {
        let broken = [
            v1::Round { phase: 0, ..wire() },
            v1::Round { phase: 99, ..wire() },
            v1::Round { round_uid: "r1".to_owned(), ..wire() },
            v1::Round { spec: None, ..wire() },
            v1::Round { encoding_digest: vec![0; 31].into(), ..wire() },
        ];
        for round in broken {
            assert!(matches!(Round::from_wire(round), Err(Error::Inconsistent { .. })));
        }
    }
}

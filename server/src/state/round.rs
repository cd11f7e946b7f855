//! A round: what is public of it, what is secret, and where it is in its life.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::{
    ChunkKey, EncodingOutcome, EncodingParameters, Limits, OnConflict, Publication, Published, RoundSpec, SecretSeed,
    encoding_plan::EncodingPlan, index::KeyIndex,
};
use crate::ids::{ClusterTime, Digest, LogIndex, MemberId, RoundId, RoundUid, UploadId, WorkerName};

/// A round.
#[derive(Debug)]
pub struct Round {
    /// What may be told and stored openly.
    pub record: RoundRecord,
    /// What is sealed at rest and destroyed with the pairs; empty once shredded.
    pub secret: RoundSecret,
    /// Memory that it reserves on each member in its phase; follows from its record.
    pub(super) reserved: u64,
    /// Which keys were published, of an open round; follows from the chunks.
    pub(super) index: KeyIndex,
}

/// What may be told and stored openly of a round. Nothing in it follows from the pairs but their public capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundRecord {
    /// Distinguishes it from any other, ever.
    pub uid: RoundUid,
    /// Its name. Others may have it later.
    pub id: RoundId,
    /// What it was asked to be. An ended round keeps none of it but the count of workers.
    pub spec: RoundSpec,
    /// 0 for the cluster's first round, 1 for its second, ..
    pub order: u64,
    /// Log index of the last entry that changed it: the revision for watchers.
    pub revision: LogIndex,
    /// When it was started.
    pub started_at: ClusterTime,
    /// Where it is in its life.
    pub phase: Phase,
    /// Who has published, by which upload. Kept after the pairs are destroyed, so that a late retry of a commit hears
    /// that it succeeded.
    pub published: BTreeMap<WorkerName, UploadId>,
    /// What members have reported about the current sealing.
    pub reports: BTreeMap<MemberId, EncodingOutcome>,
    /// Whether members may, and shall, destroy its key.
    pub shredded: bool,
    /// Who has destroyed it.
    pub destroyed_by: BTreeSet<MemberId>,
}

/// What of a round is sealed at rest. Wiped with the pairs.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoundSecret {
    /// Each worker's publication.
    pub publications: BTreeMap<WorkerName, Publication>,
    /// The cell seed of the current sealing.
    pub cell_seed: Option<SecretSeed>,
}

impl RoundSecret {
    /// The stored chunks of round `uid`, whose secret this is: staged ones included, by worker and in sequence.
    pub(crate) fn chunk_keys(&self, uid: RoundUid) -> impl Iterator<Item = ChunkKey> {
        self.publications.iter().flat_map(move |(worker, publication)| {
            let (upload, chunks) = publication.chunks();
            ChunkKey::all(uid, worker, upload, chunks)
        })
    }
}

impl fmt::Debug for RoundSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RoundSecret(redacted)")
    }
}

/// Where a round is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Workers publish.
    Open,
    /// Publication is closed; members encode.
    Sealed(Sealing),
    /// A majority of voters has reported the same encoding.
    Ready(Held),
    /// It ended without an encoding.
    Failed {
        /// A sentence for its users.
        reason: String,
        /// When.
        at: ClusterTime,
    },
    /// Deleted or expired: only its name is still retired.
    Ended {
        /// Why.
        cause: EndCause,
        /// When.
        at: ClusterTime,
    },
}

/// Why a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndCause {
    /// A user deleted it.
    Deleted,
    /// Its retention passed.
    Expired,
}

/// A sealing whose encoding is not agreed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealing {
    /// How often it was sealed again.
    pub reseal: u32,
    /// What members encode.
    pub parameters: EncodingParameters,
    /// When publication closed.
    pub sealed_at: ClusterTime,
    /// Since when a majority of voters has reported, without agreement.
    pub disagreed_at: Option<ClusterTime>,
}

/// The agreed encoding of a Ready round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// How often it was sealed again.
    pub reseal: u32,
    /// What was encoded.
    pub parameters: EncodingParameters,
    /// When publication closed.
    pub sealed_at: ClusterTime,
    /// When it became Ready.
    pub ready_at: ClusterTime,
    /// Digest of the pairs, keyed by the cell seed: without the seed it tells nothing.
    pub input: Digest,
    /// Digest of the encoding's file.
    pub encoding: Digest,
    /// Digest of the hint.
    pub hint: Digest,
    /// Members that have reported to hold it, and not that they have lost it since.
    pub held_by: BTreeSet<MemberId>,
}

/// The name of a phase, without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhaseName {
    /// Workers publish.
    Open,
    /// Members encode.
    Sealed,
    /// It answers queries.
    Ready,
    /// It ended without an encoding.
    Failed,
    /// Deleted or expired.
    Ended,
}

impl PhaseName {
    /// In lower case, for sentences and metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sealed => "sealed",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Ended => "ended",
        }
    }
}

impl fmt::Display for PhaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Phase {
    /// Its name.
    pub const fn name(&self) -> PhaseName {
        match self {
            Self::Open => PhaseName::Open,
            Self::Sealed(_) => PhaseName::Sealed,
            Self::Ready(_) => PhaseName::Ready,
            Self::Failed { .. } => PhaseName::Failed,
            Self::Ended { .. } => PhaseName::Ended,
        }
    }
}

/// How far one member has come with the encoding of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodingProgress {
    /// Not begun, or still encoding or fetching.
    Pending,
    /// Has reported an encoding; of a Ready round: the agreed one.
    Encoded,
    /// Has reported that it could not encode.
    Failed,
}

impl Round {
    pub(super) fn open(
        uid: RoundUid,
        id: RoundId,
        spec: RoundSpec,
        order: u64,
        index: LogIndex,
        now: ClusterTime,
    ) -> Self {
        Self {
            record: RoundRecord {
                uid,
                id,
                spec,
                order,
                revision: index,
                started_at: now,
                phase: Phase::Open,
                published: BTreeMap::new(),
                reports: BTreeMap::new(),
                shredded: false,
                destroyed_by: BTreeSet::new(),
            },
            secret: RoundSecret::default(),
            reserved: 0,
            index: KeyIndex::default(),
        }
    }

    /// Its uid.
    pub fn uid(&self) -> RoundUid {
        self.record.uid
    }

    /// Its name.
    pub fn id(&self) -> &RoundId {
        &self.record.id
    }

    /// What it was asked to be.
    pub fn spec(&self) -> &RoundSpec {
        &self.record.spec
    }

    /// Where it is in its life.
    pub fn phase(&self) -> &Phase {
        &self.record.phase
    }

    /// The sealing that members are to encode.
    pub fn sealing(&self) -> Option<&Sealing> {
        match self.phase() {
            Phase::Sealed(sealing) => Some(sealing),
            _ => None,
        }
    }

    /// The agreed encoding.
    pub fn ready(&self) -> Option<&Held> {
        match self.phase() {
            Phase::Ready(held) => Some(held),
            _ => None,
        }
    }

    /// The parameters of the current or agreed encoding.
    pub fn parameters(&self) -> Option<&EncodingParameters> {
        match self.phase() {
            Phase::Sealed(sealing) => Some(&sealing.parameters),
            Phase::Ready(held) => Some(&held.parameters),
            Phase::Open | Phase::Failed { .. } | Phase::Ended { .. } => None,
        }
    }

    /// What members are to encode, the secret seed included: of a Sealed round, and of a Ready one until it is
    /// shredded.
    pub fn encoding_plan(&self) -> Option<EncodingPlan> {
        let parameters = self.parameters()?.clone();
        Some(EncodingPlan { parameters, cell_seed: self.secret.cell_seed.clone()? })
    }

    /// How often it was sealed again.
    pub fn reseal(&self) -> u32 {
        match self.phase() {
            Phase::Sealed(sealing) => sealing.reseal,
            Phase::Ready(held) => held.reseal,
            Phase::Open | Phase::Failed { .. } | Phase::Ended { .. } => 0,
        }
    }

    /// Whether it was deleted or has expired.
    pub fn is_ended(&self) -> bool {
        matches!(self.phase(), Phase::Ended { .. })
    }

    /// Whether its key is destroyed, or about to be, on every member.
    pub fn is_shredded(&self) -> bool {
        self.record.shredded
    }

    /// Whether everybody whom it waits for has published.
    pub fn is_complete(&self) -> bool {
        self.record.published.len() as u64 >= u64::from(self.spec().expected.workers())
    }

    /// How many pairs are to be encoded: one of each published key. **Secret**: for the plan of its sealing alone.
    pub fn pairs(&self) -> u64 {
        self.published().map(|(_, published)| published.pairs - published.repeated).sum()
    }

    /// The publications in it, by worker.
    pub(super) fn published(&self) -> impl Iterator<Item = (&WorkerName, &Published)> {
        self.secret.publications.iter().filter_map(|(worker, publication)| match publication {
            Publication::Published(published) => Some((worker, published)),
            Publication::Staged(_) => None,
        })
    }

    /// The chunks of its publications. Where several have the same key, the first pair of it is the one to encode.
    pub fn published_chunks(&self) -> Vec<ChunkKey> {
        let mut published: Vec<_> = self.published().collect();
        published.sort_unstable_by_key(|(_, published)| published.order);
        match self.spec().on_conflict {
            OnConflict::Reject | OnConflict::First => {}
            OnConflict::Last => published.reverse(),
        }
        published
            .into_iter()
            .flat_map(|(worker, published)| ChunkKey::all(self.uid(), worker, published.upload, published.chunks))
            .collect()
    }

    /// Where `worker`'s `upload` is to go on: the first chunk that is not stored yet. `None` if it begins anew.
    pub fn next_sequence(&self, worker: &WorkerName, upload: UploadId) -> Option<u64> {
        let (staged, chunks) = self.secret.publications.get(worker)?.chunks();
        (staged == upload).then_some(chunks)
    }

    /// Chunks stored of each worker that has begun and not yet published.
    pub fn staged_chunks(&self) -> impl Iterator<Item = (&WorkerName, u64)> {
        self.secret.publications.iter().filter_map(|(worker, publication)| match publication {
            Publication::Staged(staged) => Some((worker, staged.next_sequence)),
            Publication::Published(_) => None,
        })
    }

    /// Its stored chunks, staged ones included, by worker and in sequence.
    pub fn chunk_keys(&self) -> Vec<ChunkKey> {
        self.secret.chunk_keys(self.uid()).collect()
    }

    /// How far `member` has come with its encoding.
    pub fn encoding_progress(&self, member: MemberId) -> EncodingProgress {
        if let Some(held) = self.ready()
            && held.held_by.contains(&member)
        {
            return EncodingProgress::Encoded;
        }
        match self.record.reports.get(&member) {
            Some(EncodingOutcome::Failed) => EncodingProgress::Failed,
            // Another encoding than the agreed one does not count: the member fetches the agreed one.
            Some(EncodingOutcome::Encoded { .. }) if self.ready().is_none() => EncodingProgress::Encoded,
            _ => EncodingProgress::Pending,
        }
    }

    /// Whether `member` has reported that it destroyed the key to the pairs.
    pub fn is_destroyed_by(&self, member: MemberId) -> bool {
        self.record.destroyed_by.contains(&member)
    }

    /// When its deadline is, of an open round.
    pub fn deadline(&self) -> Option<ClusterTime> {
        match self.phase() {
            Phase::Open => self.spec().deadline_ms.map(|after| self.record.started_at.after(after)),
            _ => None,
        }
    }

    /// When its retention ends, of a Ready or Failed round.
    pub fn retained_until(&self) -> Option<ClusterTime> {
        let since = match self.phase() {
            Phase::Ready(held) => held.ready_at,
            Phase::Failed { at, .. } => *at,
            Phase::Open | Phase::Sealed(_) | Phase::Ended { .. } => return None,
        };
        Some(since.after(self.spec().retention_ms))
    }

    /// When its name is free again, of a deleted or expired round.
    pub fn retired_until(&self, limits: &Limits) -> Option<ClusterTime> {
        match self.phase() {
            Phase::Ended { at, .. } => Some(at.after(limits.tombstone_ms)),
            _ => None,
        }
    }
}

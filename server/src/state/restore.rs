//! The state from what is stored, and to and from snapshots.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    ChunkKey, ClusterRecord, Phase, Publication, Round, RoundRecord, RoundSecret, State, chunk::decode_pairs,
    index::KeyIndex,
};
use crate::ids::RoundUid;

/// Why stored records give no state. Each means a damaged or incomplete store.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// A snapshot cannot be read.
    #[error("the snapshot cannot be read: {0}")]
    Malformed(String),
    /// A snapshot is of a later program.
    #[error("the snapshot has format {found}, this program reads {}", SNAPSHOT_FORMAT)]
    Format {
        /// Its format.
        found: u32,
    },
    /// A round that is not shredded has no secret.
    #[error("the secret of round {uid} is missing")]
    SecretMissing {
        /// The round.
        uid: RoundUid,
    },
    /// A live chunk is missing.
    #[error("chunk {sequence} of a publication of round {uid} is missing")]
    ChunkMissing {
        /// The round.
        uid: RoundUid,
        /// Which chunk.
        sequence: u64,
    },
    /// A live chunk cannot be read, or repeats a key.
    #[error("chunk {sequence} of a publication of round {uid} is damaged")]
    ChunkDamaged {
        /// The round.
        uid: RoundUid,
        /// Which chunk.
        sequence: u64,
    },
}

impl RestoreError {
    /// The round that it is about, if it is one's.
    pub fn round(&self) -> Option<RoundUid> {
        match self {
            Self::Malformed(_) | Self::Format { .. } => None,
            Self::SecretMissing { uid } | Self::ChunkMissing { uid, .. } | Self::ChunkDamaged { uid, .. } => Some(*uid),
        }
    }
}

/// Version of [`Snapshot`].
const SNAPSHOT_FORMAT: u32 = 1;

/// A state but its chunks.
#[derive(Serialize)]
struct SnapshotRef<'a> {
    format: u32,
    cluster: &'a ClusterRecord,
    rounds: Vec<(&'a RoundRecord, Option<&'a RoundSecret>)>,
}

/// [`SnapshotRef`], read back.
#[derive(Deserialize)]
struct Snapshot {
    format: u32,
    cluster: ClusterRecord,
    rounds: Vec<(RoundRecord, Option<RoundSecret>)>,
}

impl State {
    /// The state but its rounds, to be stored.
    pub fn cluster_record(&self) -> &ClusterRecord {
        &self.cluster
    }

    /// The state from its records. Every live chunk ([`State::chunk_keys`]) must be among `chunks`, in any order;
    /// others are ignored.
    pub fn restore(
        cluster: ClusterRecord,
        rounds: Vec<(RoundRecord, Option<RoundSecret>)>,
        chunks: impl Iterator<Item = (ChunkKey, Bytes)>,
    ) -> Result<Self, RestoreError> {
        let (state, damage) = Self::restore_readable(cluster, rounds, chunks)?;
        damage.into_iter().next().map_or(Ok(state), Err)
    }

    /// As [`State::restore`], of records whose chunks are not all there or readable. Says of which rounds they are not:
    /// conflicts in these are not found, so the state is only good for taking part in the cluster's agreement.
    pub fn restore_readable(
        cluster: ClusterRecord,
        rounds: Vec<(RoundRecord, Option<RoundSecret>)>,
        chunks: impl Iterator<Item = (ChunkKey, Bytes)>,
    ) -> Result<(Self, Vec<RestoreError>), RestoreError> {
        let mut state = Self::of(cluster);
        for (record, secret) in rounds {
            let uid = record.uid;
            let secret = match secret {
                Some(secret) => secret,
                None if record.shredded => RoundSecret::default(),
                None => return Err(RestoreError::SecretMissing { uid }),
            };
            let mut round = Round { record, secret, reserved: 0, index: KeyIndex::default() };
            round.reserve(&state.cluster.limits);
            state.lookup.note(&round, &state.cluster.limits);
            state.rounds.insert(uid, round);
        }
        let damage = state.take_chunks(chunks);
        Ok((state, damage))
    }

    /// Checks that every live chunk is there and indexes those of open rounds. Returns what is wrong of each round.
    fn take_chunks(&mut self, chunks: impl Iterator<Item = (ChunkKey, Bytes)>) -> Vec<RestoreError> {
        let mut missing: BTreeMap<ChunkKey, bool> = BTreeMap::new();
        for round in self.rounds.values() {
            let open = matches!(round.phase(), Phase::Open);
            missing.extend(round.chunk_keys().into_iter().map(|key| (key, open)));
        }
        let mut bodies = BTreeMap::new();
        for (key, body) in chunks {
            if missing.remove(&key) == Some(true) {
                bodies.insert(key, body);
            }
        }
        let mut damage = BTreeMap::new();
        for key in missing.keys() {
            let error = RestoreError::ChunkMissing { uid: key.uid(), sequence: key.sequence() };
            damage.entry(key.uid()).or_insert(error);
        }
        for (uid, round) in self.rounds.iter_mut().filter(|(_, round)| matches!(round.phase(), Phase::Open)) {
            match round.index_of(&mut bodies) {
                Ok(index) => round.index = index,
                Err(error) => {
                    damage.entry(*uid).or_insert(error);
                }
            }
        }
        damage.into_values().collect()
    }

    /// All records, secrets included, as one message; chunks apart.
    #[expect(clippy::missing_panics_doc, reason = "records hold nothing that does not serialise")]
    pub fn to_snapshot(&self) -> Vec<u8> {
        let rounds = self.rounds.values();
        let snapshot = SnapshotRef {
            format: SNAPSHOT_FORMAT,
            cluster: &self.cluster,
            rounds: rounds.map(|round| (&round.record, (!round.is_shredded()).then_some(&round.secret))).collect(),
        };
        rmp_serde::to_vec_named(&snapshot).expect("records hold nothing that does not serialise")
    }

    /// The live chunks: all that a snapshot needs beside [`State::to_snapshot`].
    pub fn chunk_keys(&self) -> Vec<ChunkKey> {
        self.rounds().flat_map(Round::chunk_keys).collect()
    }

    /// The state from a snapshot and the chunks that belong to it.
    pub fn from_snapshot(bytes: &[u8], chunks: impl Iterator<Item = (ChunkKey, Bytes)>) -> Result<Self, RestoreError> {
        let snapshot: Snapshot =
            rmp_serde::from_slice(bytes).map_err(|error| RestoreError::Malformed(error.to_string()))?;
        if snapshot.format != SNAPSHOT_FORMAT {
            return Err(RestoreError::Format { found: snapshot.format });
        }
        Self::restore(snapshot.cluster, snapshot.rounds, chunks)
    }
}

impl Round {
    /// The key index of an open round, from the bodies of its chunks, which it takes.
    fn index_of(&self, bodies: &mut BTreeMap<ChunkKey, Bytes>) -> Result<KeyIndex, RestoreError> {
        let mut index = KeyIndex::default();
        let uid = self.uid();
        for (worker, publication) in &self.secret.publications {
            let (upload, chunks) = publication.chunks();
            for (sequence, key) in (0..).zip(ChunkKey::all(uid, worker, upload, chunks)) {
                let body = bodies.remove(&key).ok_or(RestoreError::ChunkMissing { uid, sequence })?;
                let pairs = decode_pairs(body.clone()).map_err(|_| RestoreError::ChunkDamaged { uid, sequence })?;
                let staging = index.stage(worker, sequence == 0, body, &pairs);
                staging.map_err(|_| RestoreError::ChunkDamaged { uid, sequence })?;
            }
            if matches!(publication, Publication::Published(_)) {
                index.publish(worker);
            }
        }
        Ok(index)
    }
}

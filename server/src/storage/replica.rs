//! The replicated state on disk: a cluster record, a record and a sealed secret a round, sealed chunks, and the index
//! through which all of it was applied.

use std::{cell::RefCell, collections::BTreeSet};

use bytes::Bytes;
use prost011::Message as _;
use raft::prelude::{HardState, SnapshotMetadata};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{
    StorageError, Store,
    database::{Batch, Database, Family},
    log::RaftLog,
};
use crate::{
    fence::Fence,
    ids::{ClusterId, LogIndex, RoundUid, Term},
    state::{ChunkKey, ClusterRecord, Round, RoundRecord, RoundSecret, State},
};

/// Key of the cluster record.
const CLUSTER: &[u8] = b"cluster";

/// Key of the applied index, its term and the configuration then.
const APPLIED: &[u8] = b"applied";

/// Prefix of the keys of rounds' records.
const ROUND: &[u8] = b"round/";

/// Prefix of the keys of rounds' secrets.
const SECRET: &[u8] = b"secret/";

/// First byte of a round's record, so that recovery need not understand the rest.
const LIVE: u8 = 0;
const SHREDDED: u8 = 1;

/// Changes of the replicated state that are written together.
pub(crate) struct StateBatch<'a> {
    store: &'a Store,
    batch: Batch<'a>,
}

impl StateBatch<'_> {
    /// Stores a chunk.
    pub(crate) fn put_chunk(&mut self, key: &ChunkKey, pairs: &[u8]) -> Result<(), StorageError> {
        let bytes = key.to_bytes();
        let sealed = self.store.keyring().ensure(key.uid())?.seal(&chunk_place(&bytes), pairs)?;
        self.batch.put(Family::Chunks, &bytes, &sealed);
        Ok(())
    }

    /// Removes a chunk.
    pub(crate) fn delete_chunk(&mut self, key: &ChunkKey) {
        self.batch.delete(Family::Chunks, &key.to_bytes());
    }

    /// Removes all chunks of a round.
    pub(crate) fn delete_chunks(&mut self, uid: RoundUid) {
        delete_chunks(&mut self.batch, uid);
    }

    /// Stores a round's record and, unless it was shredded, its sealed secret.
    pub(crate) fn save_round(&mut self, uid: RoundUid, round: &Round) -> Result<(), StorageError> {
        let shredded = round.is_shredded();
        let mut record = vec![if shredded { SHREDDED } else { LIVE }];
        record.extend_from_slice(&encode("round", &round.record)?);
        self.batch.put(Family::Rounds, &[ROUND, &uid.0].concat(), &record);
        let place = [SECRET, &uid.0].concat();
        if shredded {
            self.batch.delete(Family::Rounds, &place);
        } else {
            let secret = Zeroizing::new(encode("round secret", &round.secret)?);
            let sealed = self.store.keyring().ensure(uid)?.seal(&place, &secret)?;
            self.batch.put(Family::Rounds, &place, &sealed);
        }
        Ok(())
    }

    /// Removes a round's record and secret.
    pub(crate) fn remove_round(&mut self, uid: RoundUid) {
        self.batch.delete(Family::Rounds, &[ROUND, &uid.0].concat());
        self.batch.delete(Family::Rounds, &[SECRET, &uid.0].concat());
    }

    /// Writes it all with the cluster record and the index through which it was applied. Durable with the next synced
    /// write; the log is compacted only by such a one, so nothing is lost in between.
    pub(crate) fn write(mut self, state: &State, applied: &SnapshotMetadata) -> Result<(), StorageError> {
        put_cluster(&mut self.batch, state, applied)?;
        self.batch.write()
    }
}

/// The replicated state as it was stored.
pub(crate) struct Loaded {
    /// The state.
    pub(crate) state: State,
    /// Index, term and configuration through which it was applied.
    pub(crate) applied: SnapshotMetadata,
    /// Why the member does not have all pairs that the state names, if so.
    pub(crate) damage: Option<Fence>,
}

impl Store {
    /// Changes of the replicated state, to be filled and written.
    pub(crate) fn state_batch(&self) -> StateBatch<'_> {
        StateBatch { store: self, batch: self.database().batch() }
    }

    /// Reads the replicated state and what was applied to it; removes chunks that no round names. Chunks that are
    /// damaged are no failure: a member without them still counts in its cluster, where it is fenced.
    pub(crate) fn load_state(&self, cluster: &ClusterId) -> Result<Loaded, StorageError> {
        let database = self.database();
        let Some(applied) = database.get(Family::Rounds, APPLIED)? else {
            let state = State::empty(cluster.clone());
            return Ok(Loaded { state, applied: SnapshotMetadata::default(), damage: None });
        };
        let applied = SnapshotMetadata::decode(&applied[..]).map_err(StorageError::damaged("applied index"))?;
        let missing = || StorageError::Damaged { record: "cluster record", why: "it is missing".to_owned() };
        let record = decode("cluster record", &database.get(Family::Rounds, CLUSTER)?.ok_or_else(missing)?)?;
        let mut rounds = Vec::new();
        for (uid, shredded, record) in round_records(database)? {
            let record: RoundRecord = decode("round", &record)?;
            rounds.push((record, if shredded { None } else { self.round_secret(uid)? }));
        }
        let (state, damage) = self.restore_state(record, rounds)?;
        if state.cluster_id() != cluster {
            let [found, wanted] = [state.cluster_id(), cluster].map(|cluster| format!("cluster {cluster}"));
            return Err(StorageError::OtherIdentity { found, wanted });
        }
        self.remove_stray_chunks(&state)?;
        Ok(Loaded { state, applied, damage })
    }

    /// The state of records and of those of their chunks that can be read.
    fn restore_state(
        &self,
        record: ClusterRecord,
        rounds: Vec<(RoundRecord, Option<RoundSecret>)>,
    ) -> Result<(State, Option<Fence>), StorageError> {
        let keys = rounds.iter().flat_map(|(record, secret)| secret.iter().map(|secret| (record.uid, secret)));
        let keys = keys.flat_map(|(uid, secret)| secret.chunk_keys(uid)).collect();
        let (mut failure, mut why) = (None, None);
        let readable = self.chunks(keys).map_while(|chunk| match chunk {
            Ok(chunk) => Some(Some(chunk)),
            Err(error) if error.is_damage() => {
                why.get_or_insert_with(|| error.to_string());
                Some(None)
            }
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let restored = State::restore_readable(record, rounds, readable.flatten());
        if let Some(error) = failure {
            return Err(error);
        }
        let (state, damage) = restored.map_err(|error| StorageError::State(error.to_string()))?;
        let damage = damage.iter().find_map(|error| Some((error.round()?, error)));
        let damage = damage
            .map(|(round, error)| Fence::PairsUnreadable { round, why: why.unwrap_or_else(|| error.to_string()) });
        Ok((state, damage))
    }

    /// Replaces the whole replicated state and empties the log, in one synced write.
    pub(crate) fn install_state(
        &self,
        state: &State,
        applied: &SnapshotMetadata,
        hard_state: Option<&HardState>,
    ) -> Result<(), StorageError> {
        let mut contents = self.state_batch();
        contents.batch.delete_range(Family::Rounds, b"", &[0xff]);
        for round in state.rounds() {
            contents.save_round(round.record.uid, round)?;
        }
        let (index, term) = (LogIndex(applied.index), Term(applied.term));
        let mut batch = contents.batch;
        put_cluster(&mut batch, state, applied)?;
        RaftLog::put_reset(&mut batch, index, term, hard_state);
        batch.write_synced()?;
        self.log().reset(index, term);
        self.remove_stray_chunks(state)
    }

    /// Removes state, log and hard state, as an interrupted bootstrap leaves them: before any round, and of a cluster
    /// that never was.
    pub(crate) fn forget_bootstrap(&self) -> Result<(), StorageError> {
        let mut batch = self.database().batch();
        batch.delete_range(Family::Rounds, b"", &[0xff]);
        RaftLog::put_reset(&mut batch, LogIndex(0), Term(0), Some(&HardState::default()));
        batch.write_synced()?;
        self.log().reset(LogIndex(0), Term(0));
        Ok(())
    }

    /// Writes chunks of a snapshot that is not installed yet. They count for nothing before it is, and are removed at
    /// the next start otherwise.
    pub fn stage_chunks(&self, chunks: &[(ChunkKey, Bytes)]) -> Result<(), StorageError> {
        let mut contents = self.state_batch();
        for (key, pairs) in chunks {
            contents.put_chunk(key, pairs)?;
        }
        contents.batch.write()
    }

    /// Reads and opens chunks.
    pub(crate) fn chunks(
        &self,
        keys: Vec<ChunkKey>,
    ) -> impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>> + '_ {
        keys.into_iter().map(|key| {
            let bytes = key.to_bytes();
            let uid = key.uid();
            let sealed = self.database().get(Family::Chunks, &bytes)?;
            let sealed = sealed.ok_or(StorageError::ChunkMissing { uid, sequence: key.sequence() })?;
            let opened = self.keyring().get(uid).and_then(|round_key| round_key.open(&chunk_place(&bytes), &sealed));
            let pairs = opened.ok_or(StorageError::Sealed { record: "chunk", uid })?;
            Ok((key, pairs.into()))
        })
    }

    fn round_secret(&self, uid: RoundUid) -> Result<Option<RoundSecret>, StorageError> {
        let place = [SECRET, &uid.0].concat();
        let Some(sealed) = self.database().get(Family::Rounds, &place)? else { return Ok(None) };
        let opened = self.keyring().get(uid).and_then(|key| key.open(&place, &sealed));
        let secret = Zeroizing::new(opened.ok_or(StorageError::Sealed { record: "secret", uid })?);
        decode("round secret", &secret).map(Some)
    }

    /// Removes chunks that the state does not name: staged for a snapshot that was never installed, or of rounds that
    /// are gone. Where a damaged file hides their names they stay: they are sealed, and their keys are gone or will be.
    fn remove_stray_chunks(&self, state: &State) -> Result<(), StorageError> {
        let stored = match self.database().keys(Family::Chunks, b"") {
            Err(error) if error.is_damage() => {
                tracing::warn!(%error, "chunks that no round needs cannot be removed");
                return Ok(());
            }
            stored => stored?,
        };
        let live: BTreeSet<[u8; ChunkKey::BYTES]> = state.chunk_keys().iter().map(ChunkKey::to_bytes).collect();
        let mut batch = self.database().batch();
        for key in stored {
            if !<&[u8; ChunkKey::BYTES]>::try_from(&*key).is_ok_and(|key| live.contains(key)) {
                batch.delete(Family::Chunks, &key);
            }
        }
        batch.write()
    }
}

/// Uid, whether shredded, and encoded record of every stored round.
pub(super) fn round_records(database: &Database) -> Result<Vec<(RoundUid, bool, Vec<u8>)>, StorageError> {
    let mut rounds = Vec::new();
    for record in database.scan(Family::Rounds, ROUND) {
        let (key, value) = record?;
        let Some(uid) = key.strip_prefix(ROUND) else { break };
        let uid = RoundUid::try_from(uid).map_err(StorageError::damaged("round"))?;
        let damaged = || StorageError::Damaged { record: "round", why: "it is empty".to_owned() };
        let (&mark, record) = value.split_first().ok_or_else(damaged)?;
        rounds.push((uid, mark == SHREDDED, record.to_vec()));
    }
    Ok(rounds)
}

/// Index through which the state was applied; 0 before the first.
pub(super) fn applied_index(database: &Database) -> Result<LogIndex, StorageError> {
    match database.get(Family::Rounds, APPLIED)? {
        Some(bytes) => {
            let applied = SnapshotMetadata::decode(&bytes[..]).map_err(StorageError::damaged("applied index"))?;
            Ok(LogIndex(applied.index))
        }
        None => Ok(LogIndex(0)),
    }
}

/// Adds to a batch: no chunks of a round.
pub(super) fn delete_chunks(batch: &mut Batch<'_>, uid: RoundUid) {
    let (from, to) = chunk_range(uid);
    batch.delete_range(Family::Chunks, &from, &to);
}

/// Gives back the space of a round's deleted chunks.
pub(super) fn compact_chunks(database: &Database, uid: RoundUid) {
    let (from, to) = chunk_range(uid);
    database.compact(Family::Chunks, &from, &to);
}

/// A range of keys that holds exactly the chunks of a round: one byte longer than any of its keys at its end.
fn chunk_range(uid: RoundUid) -> (Vec<u8>, Vec<u8>) {
    let mut to = uid.0.to_vec();
    to.resize(ChunkKey::BYTES + 1, 0xff);
    (uid.0.to_vec(), to)
}

/// The chunks that can be read; the first failure ends them and is kept.
pub(crate) fn readable<'a>(
    chunks: impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>> + 'a,
    failed: &'a RefCell<Option<StorageError>>,
) -> impl Iterator<Item = (ChunkKey, Bytes)> + 'a {
    chunks.map_while(|chunk| chunk.map_err(|error| *failed.borrow_mut() = Some(error)).ok())
}

fn put_cluster(batch: &mut Batch<'_>, state: &State, applied: &SnapshotMetadata) -> Result<(), StorageError> {
    batch.put(Family::Rounds, CLUSTER, &encode("cluster record", &state.cluster_record())?);
    batch.put(Family::Rounds, APPLIED, &applied.encode_to_vec());
    Ok(())
}

fn chunk_place(key: &[u8]) -> Vec<u8> {
    [b"chunk", key].concat()
}

fn encode<T: Serialize>(record: &'static str, value: &T) -> Result<Vec<u8>, StorageError> {
    rmp_serde::to_vec_named(value).map_err(StorageError::damaged(record))
}

fn decode<T: DeserializeOwned>(record: &'static str, bytes: &[u8]) -> Result<T, StorageError> {
    rmp_serde::from_slice(bytes).map_err(StorageError::damaged(record))
}

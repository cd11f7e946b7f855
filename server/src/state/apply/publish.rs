//! Publishing: chunks are staged, then committed as one publication.

use bytes::Bytes;
use silhouette_proto::content_digest;

use super::Changes;
use crate::{
    ids::{ClusterTime, Digest, RoundUid, UploadId, WorkerName},
    state::{
        ChunkKey, Effect, Expected, FieldViolation, Limits, OnConflict, Phase, Publication, Published, Rejection,
        Reply, Round, Staged, State,
        admission::byte_limit,
        chunk::{charge, check_pairs, decode_pairs},
        index::Conflict,
        publication::MAX_SUPERSEDED,
    },
};

/// [`Command::AppendChunk`](crate::state::Command::AppendChunk) of a round.
pub(super) struct Chunk {
    pub(super) worker: WorkerName,
    pub(super) upload: UploadId,
    pub(super) sequence: u64,
    pub(super) encoded: Bytes,
}

/// [`Command::CommitPublication`](crate::state::Command::CommitPublication) of a round.
pub(super) struct Commit {
    pub(super) worker: WorkerName,
    pub(super) upload: UploadId,
    pub(super) chunks: u64,
    pub(super) pairs: u64,
    pub(super) digest: Digest,
}

impl State {
    pub(super) fn append_chunk(
        &mut self,
        uid: RoundUid,
        chunk: Chunk,
        changes: &mut Changes,
    ) -> Result<Reply, Rejection> {
        let (limits, now) = (self.cluster.limits.clone(), self.cluster.clock);
        let round = self.live_round_mut(uid)?;
        let Chunk { worker, upload, sequence, encoded } = chunk;
        if round.has_published(&worker, upload) {
            // Sent again by a process that cannot know. Nothing is stored; its commit will be compared.
            return Ok(Reply::Chunk { next_sequence: sequence.saturating_add(1) });
        }
        round.check_open_to(&worker, &limits)?;
        let before = match round.place(&worker, upload, sequence)? {
            Place::Duplicate { next_sequence } => return Ok(Reply::Chunk { next_sequence }),
            Place::Next(staged) => staged,
        };

        let pairs = decode_pairs(encoded.clone()).map_err(|_| malformed(sequence))?;
        check_pairs(&pairs, encoded.len(), sequence, round.spec(), &limits)?;
        let anew = before.next_sequence == 0;
        let replaced = round.staged(&worker).filter(|_| anew).map(|staged| (staged.upload, staged.next_sequence));
        let staged = Staged {
            next_sequence: sequence + 1,
            pairs: before.pairs + pairs.len() as u64,
            charged_bytes: before.charged_bytes + charge(encoded.len(), pairs.len()),
            active_at: now,
            ..before
        };
        round.check_room(&worker, &staged, round.most_repeated(&staged), &limits)?;
        let staging = round.index.stage(&worker, anew, encoded.clone(), &pairs);
        staging.map_err(|key| Rejection::DuplicateKey { key })?;

        if let Some((upload, chunks)) = replaced {
            changes.push(Effect::DropChunks { keys: ChunkKey::all(uid, &worker, upload, chunks).collect() });
        }
        changes.push(Effect::PutChunk { key: ChunkKey::new(uid, &worker, upload, sequence), pairs: encoded });
        let next_sequence = staged.next_sequence;
        round.secret.publications.insert(worker, Publication::Staged(staged));
        self.save(uid, changes);
        Ok(Reply::Chunk { next_sequence })
    }

    pub(super) fn commit_publication(
        &mut self,
        uid: RoundUid,
        commit: Commit,
        changes: &mut Changes,
    ) -> Result<Reply, Rejection> {
        let limits = self.cluster.limits.clone();
        let round = self.live_round_mut(uid)?;
        if round.has_published(&commit.worker, commit.upload) {
            return round.compare(commit);
        }
        round.check_open_to(&commit.worker, &limits)?;
        let staged = round.check_commit(&commit)?;
        let worker = commit.worker.clone();
        let repeated = match round.check_keys(&worker, &staged, &limits) {
            Ok(repeated) => repeated,
            Err(rejection) => {
                // No retry of this upload can succeed.
                self.unstage(uid, &worker, changes);
                return Err(rejection);
            }
        };

        let abandoned = round.staged(&worker).filter(|staging| staging.upload != commit.upload);
        if let Some(Staged { upload, next_sequence, .. }) = abandoned {
            changes.push(Effect::DropChunks { keys: ChunkKey::all(uid, &worker, *upload, *next_sequence).collect() });
            round.index.unstage(&worker);
        }
        let published = Published {
            upload: commit.upload,
            chunks: commit.chunks,
            pairs: commit.pairs,
            repeated,
            charged_bytes: staged.charged_bytes,
            digest: commit.digest,
            order: round.record.published.len() as u64,
        };
        round.index.publish(&worker);
        round.record.published.insert(worker.clone(), commit.upload);
        round.secret.publications.insert(worker, Publication::Published(published));
        self.save(uid, changes);
        Ok(Reply::Published { already: false })
    }

    pub(super) fn abort_publication(
        &mut self,
        uid: RoundUid,
        worker: &WorkerName,
        upload: UploadId,
        idle_since: ClusterTime,
        changes: &mut Changes,
    ) -> Reply {
        let idle = self.live_round(uid).and_then(|round| round.staged(worker));
        if idle.is_some_and(|staged| staged.upload == upload && staged.active_at <= idle_since) {
            self.unstage(uid, worker, changes);
        }
        Reply::Done
    }

    /// Drops what `worker` has staged.
    fn unstage(&mut self, uid: RoundUid, worker: &WorkerName, changes: &mut Changes) {
        let Ok(round) = self.live_round_mut(uid) else { return };
        round.index.unstage(worker);
        if let Some(publication) = round.secret.publications.remove(worker) {
            let (upload, chunks) = publication.chunks();
            changes.push(Effect::DropChunks { keys: ChunkKey::all(uid, worker, upload, chunks).collect() });
            self.save(uid, changes);
        }
    }
}

/// Where a chunk belongs.
enum Place {
    /// It is stored already.
    Duplicate { next_sequence: u64 },
    /// It comes next after what is staged, which is nothing if it begins anew.
    Next(Staged),
}

impl Round {
    fn staged(&self, worker: &WorkerName) -> Option<&Staged> {
        match self.secret.publications.get(worker)? {
            Publication::Staged(staged) => Some(staged),
            Publication::Published(_) => None,
        }
    }

    /// Whether `worker` has published, as far as `upload` may be compared with it: until the pairs are destroyed any
    /// upload may, after that only the very one.
    fn has_published(&self, worker: &WorkerName, upload: UploadId) -> bool {
        matches!(self.phase(), Phase::Open | Phase::Sealed(_) | Phase::Ready(_))
            && self.record.published.get(worker).is_some_and(|stored| !self.is_shredded() || *stored == upload)
    }

    /// Answers the commit of a worker that has published.
    fn compare(&self, commit: Commit) -> Result<Reply, Rejection> {
        match self.secret.publications.get(&commit.worker) {
            Some(Publication::Published(published)) if published.digest != commit.digest => {
                Err(Rejection::PublicationDiffers { worker: commit.worker })
            }
            _ => Ok(Reply::Published { already: true }),
        }
    }

    /// Refuses to publish once the round is closed, or for a worker that it does not wait for.
    fn check_open_to(&self, worker: &WorkerName, limits: &Limits) -> Result<(), Rejection> {
        if !matches!(self.phase(), Phase::Open) {
            return Err(Rejection::RoundClosed { id: self.id().clone(), phase: self.phase().name() });
        }
        let publications = &self.secret.publications;
        let expected = match &self.spec().expected {
            Expected::Names(names) => names.contains(worker),
            Expected::Count(_) if self.is_complete() => false,
            // More may begin than can finish, but not without end.
            Expected::Count(_) => publications.contains_key(worker) || publications.len() < limits.max_workers as usize,
        };
        if !expected {
            return Err(Rejection::WorkerNotExpected { worker: worker.clone(), id: self.id().clone() });
        }
        Ok(())
    }

    /// Where chunk `sequence` of `upload` belongs.
    fn place(&self, worker: &WorkerName, upload: UploadId, sequence: u64) -> Result<Place, Rejection> {
        let staged = match self.staged(worker) {
            Some(staged) if staged.upload == upload => {
                let next_sequence = staged.next_sequence;
                return match sequence {
                    _ if sequence < next_sequence => Ok(Place::Duplicate { next_sequence }),
                    _ if sequence > next_sequence => Err(Rejection::ChunkGap { next_sequence }),
                    _ => Ok(Place::Next(staged.clone())),
                };
            }
            other => other,
        };
        self.check_not_superseded(worker, upload)?;
        if sequence > 0 {
            return Err(Rejection::ChunkGap { next_sequence: 0 });
        }
        let mut superseded = staged.map_or_else(Vec::new, |staged| [&staged.superseded[..], &[staged.upload]].concat());
        superseded.drain(..superseded.len().saturating_sub(MAX_SUPERSEDED));
        Ok(Place::Next(Staged::nothing(upload, superseded)))
    }

    fn check_not_superseded(&self, worker: &WorkerName, upload: UploadId) -> Result<(), Rejection> {
        match self.staged(worker) {
            Some(staged) if staged.superseded.contains(&upload) => {
                Err(Rejection::UploadSuperseded { worker: worker.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Checks that a commit describes what is staged, which it returns.
    fn check_commit(&self, commit: &Commit) -> Result<Staged, Rejection> {
        let staged = match self.staged(&commit.worker) {
            Some(staged) if staged.upload == commit.upload => staged.clone(),
            _ => {
                self.check_not_superseded(&commit.worker, commit.upload)?;
                Staged::nothing(commit.upload, Vec::new())
            }
        };
        if staged.next_sequence < commit.chunks {
            return Err(Rejection::ChunkGap { next_sequence: staged.next_sequence });
        }
        let digest = match staged.next_sequence {
            0 => Digest(content_digest(&mut [])),
            _ => self.index.staged_digest(&commit.worker),
        };
        if (staged.next_sequence, staged.pairs, digest) != (commit.chunks, commit.pairs, commit.digest) {
            return Err(Rejection::PublicationIncomplete { worker: commit.worker.clone() });
        }
        Ok(staged)
    }

    /// Checks the keys of a publication against those that are published. Returns how many are among them.
    fn check_keys(&self, worker: &WorkerName, staged: &Staged, limits: &Limits) -> Result<u64, Rejection> {
        let repeated = match self.spec().on_conflict {
            // The index may still have what an abandoned upload staged, of which an empty publication is none.
            _ if staged.next_sequence == 0 => 0,
            OnConflict::First | OnConflict::Last => self.index.repeated(worker),
            OnConflict::Reject => match self.index.conflict(worker) {
                Some(Conflict { key, worker }) => return Err(Rejection::KeyConflict { key, worker }),
                None => 0,
            },
        };
        self.check_room(worker, staged, repeated, limits)?;
        Ok(repeated)
    }

    /// How many of the keys staged can turn out to be published when they are committed.
    fn most_repeated(&self, staged: &Staged) -> u64 {
        if self.spec().on_conflict.allows_overlap() { staged.pairs.min(self.pairs()) } else { 0 }
    }

    /// Checks that the round has room for all that `worker` has staged, `repeated` keys of which it has already.
    fn check_room(
        &self,
        worker: &WorkerName,
        staged: &Staged,
        repeated: u64,
        limits: &Limits,
    ) -> Result<(), Rejection> {
        let limit = self.spec().pair_limit(limits);
        if self.pairs() + staged.pairs - repeated > limit {
            return Err(Rejection::TooManyPairs { id: self.id().clone(), limit });
        }
        let others = self.secret.publications.iter().filter(|(other, _)| *other != worker);
        let bytes = others.map(|(_, publication)| publication.charged_bytes()).sum::<u64>() + staged.charged_bytes;
        let limit = byte_limit(self.spec(), limits);
        if bytes > limit {
            return Err(Rejection::RoundTooLarge { id: self.id().clone(), bytes, limit });
        }
        Ok(())
    }
}

impl Staged {
    fn nothing(upload: UploadId, superseded: Vec<UploadId>) -> Self {
        Self { upload, next_sequence: 0, pairs: 0, charged_bytes: 0, active_at: ClusterTime(0), superseded }
    }
}

fn malformed(sequence: u64) -> Rejection {
    let sentence = format!("chunk {sequence} is not an encoded PublishChunk");
    Rejection::InvalidRequest { violations: vec![FieldViolation { field: "chunk", sentence }] }
}

//! Requests about rounds.

use std::str::FromStr;

use silhouette_proto::v1;

use super::{
    super::refusal::{Refusal, RoundName},
    Fields,
    spec::spec,
};
use crate::{
    ids::{Digest, RoundId, RoundUid, UploadId, WorkerName},
    state::{Limits, RoundSpec},
    telemetry::note_round,
};

/// The uid of a round that a request is about, which is noted on its call.
fn uid_of(text: &str) -> Result<RoundUid, <RoundUid as FromStr>::Err> {
    let uid = text.parse()?;
    note_round(uid);
    Ok(uid)
}

/// A round to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Starting {
    /// Its name.
    pub(crate) id: RoundId,
    /// What it shall be, defaults filled in.
    pub(crate) spec: RoundSpec,
}

impl Starting {
    pub(crate) fn read(request: &v1::StartRoundRequest, limits: &Limits) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let id = fields.take("round_id", request.round_id.parse::<RoundId>());
        let spec = if let Some(given) = &request.spec {
            spec(given, limits, &mut fields)
        } else {
            fields.refuse("spec", "a spec is required; it must say for whom the round waits");
            None
        };
        fields.finish(id.zip(spec).map(|(id, spec)| Self { id, spec }))
    }
}

/// Whose publication a stream or a batch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// The round.
    pub(crate) uid: RoundUid,
    /// Who publishes.
    pub(crate) worker: WorkerName,
    /// Which attempt.
    pub(crate) upload: UploadId,
}

impl Header {
    pub(crate) fn read(header: &v1::PublishHeader) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let uid = fields.take("round_uid", uid_of(&header.round_uid));
        let worker = fields.take("worker", header.worker.parse::<WorkerName>());
        let upload = fields.take("upload_id", UploadId::try_from(header.upload_id.as_ref()));
        let whole = uid.zip(worker).zip(upload).map(|((uid, worker), upload)| Self { uid, worker, upload });
        fields.finish(whole)
    }

    /// Of a batch, which names no upload.
    pub(crate) fn of_batch(batch: &v1::PublishBatchRequest, upload: UploadId) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let uid = fields.take("round_uid", uid_of(&batch.round_uid));
        let worker = fields.take("worker", batch.worker.parse::<WorkerName>());
        fields.finish(uid.zip(worker).map(|(uid, worker)| Self { uid, worker, upload }))
    }
}

/// How a publication ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// How many chunks it has.
    pub(crate) chunks: u64,
    /// How many pairs it has.
    pub(crate) pairs: u64,
    /// Its content digest.
    pub(crate) digest: Digest,
}

impl Commit {
    pub(crate) fn read(commit: &v1::PublishCommit) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let digest = fields.take("digest", Digest::try_from(commit.digest.as_ref()));
        fields.finish(digest.map(|digest| Self { chunks: commit.chunks, pairs: commit.pairs, digest }))
    }
}

/// A round's encoding as a query, a hint or a download names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoundQuery {
    /// The round.
    pub(crate) uid: RoundUid,
    /// Its encoding.
    pub(crate) encoding: Digest,
}

impl RoundQuery {
    pub(crate) fn read(uid: &str, encoding: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let uid = fields.take("round_uid", uid_of(uid));
        let encoding = fields.take("encoding_digest", Digest::try_from(encoding));
        fields.finish(uid.zip(encoding).map(|(uid, encoding)| Self { uid, encoding }))
    }
}

/// The uid of a request that has nothing else.
pub(crate) fn uid(text: &str) -> Result<RoundUid, Refusal> {
    uid_of(text).map_err(|error| Refusal::field("round_uid", error.to_string()))
}

/// A round by name or uid; `None` if the request has neither.
pub(crate) fn round_name(given: Option<Result<&str, &str>>) -> Result<RoundName, Refusal> {
    match given {
        Some(Ok(id)) => {
            id.parse::<RoundId>().map(RoundName::Id).map_err(|error| Refusal::field("round_id", error.to_string()))
        }
        Some(Err(text)) => uid(text).map(RoundName::Uid),
        None => Err(Refusal::field("round", "name a round: round_id or round_uid")),
    }
}

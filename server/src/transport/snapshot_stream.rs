//! A snapshot on its way out: the state in parts, the chunks as they are read, the digest.

use std::sync::Arc;

use bytes::Bytes;
use silhouette_proto::v1::{FetchSnapshotResponse, SnapshotChunk, SnapshotEnd, fetch_snapshot_response::Part};
use tokio::sync::mpsc;
use tonic::Status;

use super::snapshot_digest::SnapshotDigest;
use crate::{consensus::Prepared, ids::RoundUid, service::refusal::Refusal, state::ChunkKey, storage::StorageError};

/// Bytes of one part of the state.
const PART_BYTES: usize = 1 << 20;

/// The parts of a snapshot, the last one included.
///
/// Reads `chunks` while the receiver takes what was read before; its own thread may block.
pub(super) fn send(
    prepared: &Arc<Prepared>,
    chunks: impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>>,
    receiver: &mpsc::Sender<Result<FetchSnapshotResponse, Status>>,
) {
    let sent = send_parts(prepared, chunks, |part| {
        receiver.blocking_send(Ok(FetchSnapshotResponse { part: Some(part) })).map_err(|_| Broken::Receiver)
    });
    if let Err(Broken::Source(error)) = sent {
        tracing::info!(index = prepared.metadata.index, %error, "a snapshot cannot be sent whole");
        // The receiver may be gone as well: then nobody minds.
        receiver.blocking_send(Err(gone(&error))).ok();
    }
}

/// Why a snapshot was not sent whole.
enum Broken {
    /// Nobody takes it any more.
    Receiver,
    /// A chunk cannot be read, since its round was shredded or deleted meanwhile.
    Source(StorageError),
}

fn send_parts(
    prepared: &Prepared,
    chunks: impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>>,
    mut send: impl FnMut(Part) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut digest = SnapshotDigest::new();
    for part in prepared.state.chunks(PART_BYTES) {
        digest.update_state(part);
        send(Part::State(Bytes::copy_from_slice(part)))?;
    }
    let mut count = 0;
    for chunk in chunks {
        let (key, pairs) = chunk.map_err(Broken::Source)?;
        digest.update_chunk(&key, &pairs);
        count += 1;
        send(Part::Chunk(SnapshotChunk { key: Bytes::copy_from_slice(&key.to_bytes()), pairs }))?;
    }
    let digest = Bytes::copy_from_slice(&digest.finish().0);
    send(Part::End(SnapshotEnd { chunks: count, digest }))
}

fn gone(error: &StorageError) -> Status {
    let round: Option<RoundUid> = match error {
        StorageError::ChunkMissing { uid, .. } | StorageError::Sealed { uid, .. } => Some(*uid),
        _ => None,
    };
    match round {
        Some(_) => Refusal::field("snapshot_id", "names a snapshot whose chunks are gone; ask for another").into(),
        None => Refusal::StorageFailed.into(),
    }
}

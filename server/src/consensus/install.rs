//! Fetching a snapshot: its state in parts, its chunks straight to disk under fresh keys, its digest last. Nothing of
//! it counts before it is whole.

use std::{cell::RefCell, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt as _;
use raft::prelude::Message;
use silhouette_proto::v1::{FetchSnapshotResponse, SnapshotEnd, fetch_snapshot_response::Part};
use tokio::{task::JoinError, time::error::Elapsed};
use tonic::Status;
use zeroize::Zeroizing;

use super::{
    network::{Network, SnapshotParts},
    snapshots::SnapshotId,
};
use crate::{
    ids::{LogIndex, MemberId},
    state::{ChunkKey, RestoreError, State},
    storage::{StorageError, Store, readable},
    transport::snapshot_digest::SnapshotDigest,
};

/// Bytes of chunks written to disk at a time.
const STAGED_BYTES: usize = 4 << 20;

/// A snapshot whose chunks are on disk.
pub(super) struct Fetched {
    /// What the leader said.
    pub(super) announcement: Message,
    /// What it announced.
    pub(super) state: Box<State>,
}

/// Why a snapshot was not fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the leader broke off: {0}")]
    Refused(#[from] Status),
    #[error("the leader sent nothing for too long")]
    Idle(#[from] Elapsed),
    #[error("the snapshot is not whole: {0}")]
    Incomplete(&'static str),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    State(#[from] RestoreError),
    #[error("this member is stopping")]
    Stopping(#[from] JoinError),
}

/// Fetches what `announcement` announces. Parts may be `idle` apart.
pub(super) async fn fetch(
    network: &dyn Network,
    store: Arc<Store>,
    announcement: Message,
    idle: Duration,
) -> Result<Fetched, FetchError> {
    let snapshot = announcement.get_snapshot();
    let index = LogIndex(snapshot.get_metadata().index);
    let id = SnapshotId::try_from(&snapshot.data[..]).map_err(|_| FetchError::Incomplete("it has no identity"))?;
    let parts = network.fetch_snapshot(MemberId(announcement.from), index, id);
    let parts = tokio::time::timeout(idle, parts).await??;
    let staged = stage(parts, Arc::clone(&store), idle).await?;
    let state = tokio::task::spawn_blocking(move || staged.into_state(&store)).await??;
    Ok(Fetched { announcement, state: Box::new(state) })
}

/// What has arrived of a snapshot.
struct Staged {
    state: Zeroizing<Vec<u8>>,
    chunks: Vec<ChunkKey>,
}

impl Staged {
    fn into_state(self, store: &Store) -> Result<State, FetchError> {
        let failed = RefCell::new(None);
        let state = State::from_snapshot(&self.state, readable(store.chunks(self.chunks), &failed));
        match failed.into_inner() {
            Some(error) => Err(error.into()),
            None => Ok(state?),
        }
    }
}

/// Receives all parts, writes the chunks to disk, and compares the digest.
async fn stage(mut parts: SnapshotParts, store: Arc<Store>, idle: Duration) -> Result<Staged, FetchError> {
    let mut staged = Staged { state: Zeroizing::new(Vec::new()), chunks: Vec::new() };
    let mut digest = SnapshotDigest::new();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    loop {
        let response = tokio::time::timeout(idle, parts.next()).await?;
        let FetchSnapshotResponse { part } = response.ok_or(FetchError::Incomplete("its end is missing"))??;
        match part.ok_or(FetchError::Incomplete("a part is empty"))? {
            Part::State(part) => {
                digest.update_state(&part);
                staged.state.extend_from_slice(&part);
            }
            Part::Chunk(chunk) => {
                let key = <&[u8; ChunkKey::BYTES]>::try_from(&chunk.key[..])
                    .map_err(|_| FetchError::Incomplete("a chunk's key has another length"))?;
                let key = ChunkKey::from_bytes(key);
                digest.update_chunk(&key, &chunk.pairs);
                staged.chunks.push(key);
                bytes += chunk.pairs.len();
                batch.push((key, chunk.pairs));
                if bytes >= STAGED_BYTES {
                    write(&store, std::mem::take(&mut batch)).await?;
                    bytes = 0;
                }
            }
            Part::End(SnapshotEnd { chunks, digest: sent }) => {
                if chunks != staged.chunks.len() as u64 {
                    return Err(FetchError::Incomplete("chunks are missing"));
                }
                if sent[..] != digest.finish().0[..] {
                    return Err(FetchError::Incomplete("its digest differs"));
                }
                write(&store, batch).await?;
                return Ok(staged);
            }
        }
    }
}

async fn write(store: &Arc<Store>, chunks: Vec<(ChunkKey, Bytes)>) -> Result<(), FetchError> {
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || store.stage_chunks(&chunks)).await??;
    Ok(())
}

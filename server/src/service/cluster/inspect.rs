//! `InspectState`: a digest of the replicated state, to compare members by.

use silhouette_proto::v1;

use crate::{
    ids::{Digest, LogIndex},
    node::Member,
    service::{agreement::worker_failed, refusal::Refusal},
};

/// How often the state is looked at before the caller is asked to repeat.
const ATTEMPTS: usize = 256;

/// Takes the digest at one applied index.
pub(super) async fn inspect(member: Member, key: [u8; 32]) -> Result<v1::InspectStateResponse, Refusal> {
    let mut applied = member.consensus.applied();
    for _ in 0..ATTEMPTS {
        applied.mark_unchanged();
        let here = member.clone();
        let inspecting = tokio::task::spawn_blocking(move || inspect_at_rest(&here, &key));
        if let Some((applied_index, digest)) = inspecting.await.map_err(|error| worker_failed(&error))?? {
            let digest = digest.0.to_vec().into();
            return Ok(v1::InspectStateResponse { applied_index: applied_index.0, digest });
        }
        // The sender is gone once the member has stopped.
        applied.changed().await.map_err(|_| Refusal::Draining)?;
    }
    Err(Refusal::Busy)
}

/// Takes the digest if the state is that of the announced index; `None` in the middle of a batch of entries, which is
/// applied to the state first, then stored with its chunks, and then announced. Blocks, and lets entries wait
/// meanwhile.
fn inspect_at_rest(member: &Member, key: &[u8; 32]) -> Result<Option<(LogIndex, Digest)>, Refusal> {
    let state = member.consensus.state();
    let applied = *member.consensus.applied().borrow();
    if state.last_applied() > applied {
        return Ok(None);
    }
    let mut failure = None;
    let chunks = member.consensus.chunks(state.chunk_keys());
    let digest = state.inspect(key, chunks.map_while(|chunk| chunk.map_err(|error| failure = Some(error)).ok()));
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(Some((applied, digest))),
    }
}

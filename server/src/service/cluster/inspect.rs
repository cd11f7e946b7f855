//! `InspectState`: a digest of the replicated state, to compare members by.

use silhouette_proto::v1;

use crate::{
    ids::{Digest, LogIndex},
    node::Member,
    service::{agreement::worker_failed, refusal::Refusal},
    storage::StorageError,
};

/// How often the digest is taken anew when entries are applied meanwhile.
const ATTEMPTS: usize = 16;

/// Takes the digest at one applied index.
pub(super) async fn inspect(member: Member, key: [u8; 32]) -> Result<v1::InspectStateResponse, Refusal> {
    let inspecting = tokio::task::spawn_blocking(move || inspect_at_rest(&member, &key));
    let (applied, digest) = inspecting.await.map_err(|error| worker_failed(&error))??;
    Ok(v1::InspectStateResponse { applied_index: applied.0, digest: digest.0.to_vec().into() })
}

/// Blocks. Entries wait to be applied while the digest is taken, so that chunks and state belong together; the index is
/// read before and after, since it may be announced a little later than the state is changed.
fn inspect_at_rest(member: &Member, key: &[u8; 32]) -> Result<(LogIndex, Digest), Refusal> {
    let applied = member.consensus.applied();
    for _ in 0..ATTEMPTS {
        let before = *applied.borrow();
        let digest = {
            let state = member.consensus.state();
            let mut failure = None;
            let chunks = member
                .consensus
                .chunks(state.chunk_keys())
                .map_while(|chunk| chunk.map_err(|error: StorageError| failure = Some(error)).ok());
            let digest = state.inspect(key, chunks);
            match failure {
                Some(error) => return Err(error.into()),
                None => digest,
            }
        };
        if *applied.borrow() == before {
            return Ok((before, digest));
        }
    }
    Err(Refusal::Busy)
}

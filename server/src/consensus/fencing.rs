//! When a member is fenced: see [`Fence`].

use std::collections::BTreeSet;

use crate::{
    fence::Fence,
    ids::{MemberId, RoundUid},
    state::{EncodingOutcome, State},
    storage::Store,
};

/// Fences a member, unless it is the only voter: then there is nobody who has the pairs, nor anybody who could replace
/// it. Its round fails, and what it holds besides was checked against digests.
pub(super) fn raise(store: &Store, alone: bool, fence: Fence) {
    if alone {
        tracing::error!(%fence, "pairs of the only voter are damaged; their round will fail");
    } else {
        store.raise_fence(fence);
    }
}

/// Whether `member` is the only voter.
pub(super) fn is_alone(state: &State, member: MemberId) -> bool {
    state.configuration().raft.voters == BTreeSet::from([member])
}

/// Whether a round is still to be encoded as of that sealing, or was, and its pairs are not shredded.
pub(super) fn needs_pairs(state: &State, uid: RoundUid, reseal: u32) -> bool {
    state.live_round(uid).is_some_and(|round| round.reseal() == reseal && round.encoding_plan().is_some())
}

/// Whether reports make it likely that `member` is fenced: of a Ready round it has encoded other pairs, or none. It
/// would not take over leadership.
pub(super) fn seems_fenced(state: &State, member: MemberId) -> bool {
    state.live_rounds().any(|round| {
        let (Some(held), Some(reported)) = (round.ready(), round.record.reports.get(&member)) else { return false };
        match reported {
            EncodingOutcome::Encoded { input, .. } => *input != held.input,
            EncodingOutcome::Failed => true,
        }
    })
}

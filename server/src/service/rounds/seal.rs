//! `SealRound` and `DeleteRound`: ends of publication and of a round, at a user's word.

use silhouette_proto::v1;

use super::read;
use crate::{
    ids::RoundUid,
    node::Member,
    sealing,
    service::{
        refusal::{Refusal, RoundName},
        validate::uid,
    },
    state::{Command, Phase, State},
};

/// Closes an open round with the publications that are there. A round that is closed already stays as it is.
pub(super) async fn seal(member: Member, request: v1::SealRoundRequest) -> Result<v1::SealRoundResponse, Refusal> {
    let uid = uid(&request.round_uid)?;
    member.settle().await?;
    let open = is_open(&member.consensus.state(), uid)?;
    if open {
        let sealed = sealing::seal(&member.consensus, uid, 0).await;
        sealed.map_err(|error| member.refusal_of_sealing(error))?;
    }
    let round = read::by_uid(&member.consensus.state(), uid)?;
    Ok(v1::SealRoundResponse { round: Some(round) })
}

/// Whether a round is still to be sealed; refused if it has failed and never can be.
fn is_open(state: &State, uid: RoundUid) -> Result<bool, Refusal> {
    let round = read::find(state, &RoundName::Uid(uid))?;
    match round.phase() {
        Phase::Open => Ok(true),
        Phase::Failed { reason, .. } => Err(Refusal::RoundFailed { id: round.id().clone(), why: reason.clone() }),
        Phase::Sealed(_) | Phase::Ready(_) | Phase::Ended { .. } => Ok(false),
    }
}

/// Removes a round in any phase.
pub(super) async fn delete(
    member: Member,
    request: v1::DeleteRoundRequest,
) -> Result<v1::DeleteRoundResponse, Refusal> {
    let uid = uid(&request.round_uid)?;
    member.propose(Command::DeleteRound { uid }).await?;
    Ok(v1::DeleteRoundResponse {})
}

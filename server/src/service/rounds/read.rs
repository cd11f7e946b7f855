//! `GetRound` and `ListRounds`: linearizable, at any node.

use silhouette_proto::v1::{self, get_round_request};

use crate::{
    ids::RoundUid,
    node::Member,
    service::{
        refusal::{Refusal, RoundName},
        validate::round_name,
        wire,
    },
    state::{Round, State},
};

/// One round.
pub(super) async fn get(member: &Member, request: &v1::GetRoundRequest) -> Result<v1::GetRoundResponse, Refusal> {
    let name = round_name(request.round.as_ref().map(|round| match round {
        get_round_request::Round::RoundId(id) => Ok(id.as_str()),
        get_round_request::Round::RoundUid(uid) => Err(uid.as_str()),
    }))?;
    member.read_index().await?;
    let state = member.consensus.state();
    let round = wire::round(&state, find(&state, &name)?);
    Ok(v1::GetRoundResponse { round: Some(round) })
}

/// All rounds, in the order in which they were started.
pub(super) async fn list(member: &Member) -> Result<v1::ListRoundsResponse, Refusal> {
    member.read_index().await?;
    let state = member.consensus.state();
    Ok(v1::ListRoundsResponse { rounds: state.live_rounds().map(|round| wire::round(&state, round)).collect() })
}

/// A round as messages describe it.
pub(super) fn by_uid(state: &State, uid: RoundUid) -> Result<v1::Round, Refusal> {
    find(state, &RoundName::Uid(uid)).map(|round| wire::round(state, round))
}

/// A round that was neither deleted nor expired.
pub(super) fn find<'a>(state: &'a State, name: &RoundName) -> Result<&'a Round, Refusal> {
    let round = match name {
        RoundName::Id(id) => state.round_by_id(id),
        RoundName::Uid(uid) => state.live_round(*uid),
    };
    round.ok_or_else(|| Refusal::RoundNotFound { round: name.clone() })
}

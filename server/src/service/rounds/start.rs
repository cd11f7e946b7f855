//! `StartRound`.

use silhouette_proto::v1;

use super::read;
use crate::{
    ids::RoundUid,
    node::Member,
    service::{
        agreement::{random, unexpected},
        refusal::Refusal,
        validate::Starting,
    },
    state::{Command, Rejection, Reply, State},
    telemetry::note_round,
};

/// Opens a round, or returns the one that was started with the same spec.
pub(super) async fn start(member: &Member, request: &v1::StartRoundRequest) -> Result<v1::StartRoundResponse, Refusal> {
    // A round that is there is answered without an entry, and without the key that each member makes for an entry's
    // uid.
    member.read_index().await?;
    let (starting, started) = {
        let state = member.consensus.state();
        let starting = Starting::read(request, state.limits())?;
        let started = started(&state, &starting)?;
        (starting, started)
    };
    let uid = match started {
        Some(uid) => uid,
        None => propose(member, starting).await?,
    };
    note_round(uid);
    let round = read::by_uid(&member.consensus.state(), uid)?;
    Ok(v1::StartRoundResponse { round: Some(round) })
}

/// The round that was started with this name and spec, if any. The state machine decides likewise.
fn started(state: &State, starting: &Starting) -> Result<Option<RoundUid>, Refusal> {
    let Some(round) = state.round_by_id(&starting.id) else { return Ok(None) };
    let fields = round.spec().differences(&starting.spec);
    if fields.is_empty() {
        return Ok(Some(round.uid()));
    }
    Err(Rejection::RoundSpecDiffers { id: starting.id.clone(), fields }.into())
}

async fn propose(member: &Member, starting: Starting) -> Result<RoundUid, Refusal> {
    let uid = RoundUid(random()?);
    let Starting { id, spec } = starting;
    match member.propose(Command::StartRound { uid, id, spec }).await? {
        Reply::Round { uid } => Ok(uid),
        other => Err(unexpected(&other)),
    }
}

//! Whether a round can be read here, and if not, where or why not.

use crate::{
    ids::{MemberId, RoundId, RoundUid},
    service::refusal::{AddressBook, Refusal, RoundName},
    state::{Downloads, Phase, State},
};

/// A round that is served here.
#[derive(Debug)]
pub(super) struct Served<T> {
    /// Its name.
    pub(super) id: RoundId,
    /// What answers.
    pub(super) held: T,
    /// How many keys a client typically looks up.
    pub(super) expected_lookups: u32,
    /// Whether the encoding may be downloaded.
    pub(super) downloads: Downloads,
}

/// Looks for a round in `state`, and for what `held` has of it on this member, `here`.
pub(super) fn look<T>(
    state: &State,
    here: MemberId,
    name: &RoundName,
    held: impl FnOnce(RoundUid) -> Option<T>,
) -> Result<Served<T>, Refusal> {
    let round = match name {
        RoundName::Id(id) => state.round_by_id(id),
        RoundName::Uid(uid) => state.live_round(*uid),
    };
    let round = round.ok_or_else(|| Refusal::RoundNotFound { round: name.clone() })?;
    let id = round.id().clone();
    let agreed = match round.phase() {
        Phase::Ready(agreed) => agreed,
        Phase::Failed { reason, .. } => return Err(Refusal::RoundFailed { id, why: reason.clone() }),
        phase @ (Phase::Open | Phase::Sealed(_) | Phase::Ended { .. }) => {
            return Err(Refusal::RoundNotReady { id, phase: phase.name() });
        }
    };
    let Some(held) = held(round.uid()) else {
        let others = agreed.held_by.iter().filter(|holder| **holder != here);
        let holders = others.filter_map(|holder| state.client_address(*holder)).collect();
        return Err(Refusal::RoundNotHeld { id, holders });
    };
    let spec = round.spec();
    Ok(Served { id, held, expected_lookups: spec.expected_lookups, downloads: spec.downloads })
}

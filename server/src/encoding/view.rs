//! The state as the decision about encodings sees it.

use super::work::{Files, PhaseView, RoundView, View};
use crate::{
    ids::{MemberId, RoundUid},
    state::{Held, MemberState, Phase, Round, State},
};

/// What the state says to `member`, which is `fenced` or not; `has_key` tells whether a round's key is still here.
pub(super) fn view(state: &State, member: MemberId, fenced: bool, has_key: impl Fn(RoundUid) -> bool) -> View {
    let rounds = state.live_rounds().filter_map(|round| round_view(state, round, member, &has_key)).collect();
    let destroyed = state
        .rounds()
        .filter(|round| round.is_shredded() && !round.is_destroyed_by(member) && !has_key(round.uid()))
        .map(Round::uid)
        .collect();
    View { member, counts: state.configuration().raft.contains(member), fenced, rounds, destroyed }
}

fn round_view(state: &State, round: &Round, member: MemberId, has_key: impl Fn(RoundUid) -> bool) -> Option<RoundView> {
    let phase = match round.phase() {
        Phase::Sealed(sealing) => {
            let readable = round.encoding_plan().is_some() && has_key(round.uid());
            PhaseView::Sealed { sealed_at: sealing.sealed_at, readable }
        }
        Phase::Ready(held) => PhaseView::Ready {
            agreed: Files { encoding: held.encoding, hint: held.hint },
            input: held.input,
            listed: held.held_by.contains(&member),
            sources: sources(state, held, member),
        },
        Phase::Open | Phase::Failed { .. } | Phase::Ended { .. } => return None,
    };
    let reported = round.record.reports.get(&member).copied();
    Some(RoundView { uid: round.uid(), order: round.record.order, reseal: round.reseal(), reported, phase })
}

/// Whom to ask for an encoding: holders, then all others, since a report may be on its way.
fn sources(state: &State, held: &Held, member: MemberId) -> Vec<MemberId> {
    let present = state.members().filter(|record| record.state != MemberState::Removed && record.id != member);
    let (holders, others): (Vec<_>, Vec<_>) = present.map(|record| record.id).partition(|id| held.held_by.contains(id));
    holders.into_iter().chain(others).collect()
}

//! Whether a worker may publish, and where it goes on. Pure.

use crate::{
    service::{
        refusal::{Refusal, RoundName},
        rounds::read,
        validate::Header,
    },
    state::{Limits, Phase, RoundSpec, State},
};

/// What becomes of a worker's chunks and commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service::rounds) enum Standing {
    /// It has not published: chunks are staged, the commit publishes them.
    Publishing,
    /// It has published: nothing is staged, and the commit is compared with what is there.
    Published,
    /// This very upload was published and its content destroyed since: there is nothing to compare with.
    Forgotten,
}

/// What a publication needs to know of its round.
#[derive(Debug, Clone)]
pub(in crate::service::rounds) struct Admitted {
    /// What becomes of chunks and commit.
    pub(in crate::service::rounds) standing: Standing,
    /// The first chunk that is not stored.
    pub(super) next_sequence: u64,
    /// The round's spec, for the lengths of values.
    pub(super) spec: RoundSpec,
    /// The cluster's limits, for all other lengths.
    pub(in crate::service::rounds) limits: Limits,
}

/// Lets a worker publish, unless the round takes no publications of it.
///
/// The state machine decides again as entries are applied. This keeps pairs out of the log that could only be refused,
/// above all those of a round whose key is destroyed.
pub(in crate::service::rounds) fn admit(state: &State, header: &Header) -> Result<Admitted, Refusal> {
    let round = read::find(state, &RoundName::Uid(header.uid))?;
    let published = round.record.published.get(&header.worker);
    let standing = match (round.phase(), published) {
        (Phase::Open, None) => Standing::Publishing,
        (Phase::Open | Phase::Sealed(_) | Phase::Ready(_), Some(_)) if !round.is_shredded() => Standing::Published,
        (Phase::Ready(_), Some(upload)) if *upload == header.upload => Standing::Forgotten,
        (phase, _) => return Err(Refusal::closed(round.id(), phase.name())),
    };
    Ok(Admitted {
        standing,
        next_sequence: round.next_sequence(&header.worker, header.upload).unwrap_or(0),
        spec: round.spec().clone(),
        limits: state.limits().clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{RoundUid, UploadId},
        service::{
            refusal::Reason,
            scenario::{Scenario, worker},
        },
        state::Command,
    };

    const FIRST: UploadId = UploadId([1; 16]);
    const LATER: UploadId = UploadId([2; 16]);

    fn standing(scenario: &Scenario, uid: RoundUid, upload: UploadId) -> Result<Standing, Reason> {
        let admitted = admit(&scenario.state, &Header { uid, worker: worker(), upload });
        admitted.map(|admitted| admitted.standing).map_err(|refusal| refusal.reason())
    }

    #[test]
    fn a_worker_publishes_while_the_round_is_open() {
        let mut scenario = Scenario::new();
        let uid = scenario.open(1);
        assert_eq!(standing(&scenario, uid, FIRST), Ok(Standing::Publishing));
        assert_eq!(standing(&scenario, RoundUid([9; 16]), FIRST), Err(Reason::RoundNotFound));
        scenario.seal(uid);
        assert_eq!(standing(&scenario, uid, FIRST), Err(Reason::RoundClosed));
    }

    #[test]
    fn what_is_published_is_compared_until_it_is_destroyed() {
        let mut scenario = Scenario::new();
        let uid = scenario.open(1);
        scenario.publish(uid, FIRST);
        assert_eq!(standing(&scenario, uid, LATER), Ok(Standing::Published));
        scenario.ready(uid);
        assert_eq!(standing(&scenario, uid, LATER), Ok(Standing::Published));
        scenario.apply(Command::Shred { uid });
        assert_eq!(standing(&scenario, uid, FIRST), Ok(Standing::Forgotten));
        assert_eq!(standing(&scenario, uid, LATER), Err(Reason::RoundClosed));
        scenario.apply(Command::DeleteRound { uid });
        assert_eq!(standing(&scenario, uid, FIRST), Err(Reason::RoundNotFound));
    }

    #[test]
    fn a_failed_round_takes_nothing() {
        let mut scenario = Scenario::new();
        let uid = scenario.failed(1, FIRST, "its deadline passed");
        assert_eq!(standing(&scenario, uid, FIRST), Err(Reason::RoundClosed));
    }
}

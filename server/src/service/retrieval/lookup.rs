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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::UploadId,
        service::{refusal::Reason, scenario::Scenario},
        state::Command,
    };

    const HERE: MemberId = MemberId(1);

    fn asked(scenario: &Scenario, name: &RoundName, held: Option<u8>) -> Result<Served<u8>, Refusal> {
        look(&scenario.state, HERE, name, |_| held)
    }

    #[test]
    fn a_round_is_served_once_it_is_ready_under_both_of_its_names() {
        let mut scenario = Scenario::new();
        let uid = scenario.open(1);
        let names = [RoundName::Uid(uid), RoundName::Id("r1".parse().expect("an id"))];
        let reasons = |scenario: &Scenario| {
            names
                .clone()
                .map(|name| asked(scenario, &name, Some(7)).map(|served| served.held).map_err(|no| no.reason()))
        };
        assert_eq!(reasons(&scenario), [Err(Reason::RoundNotReady); 2]);
        scenario.seal(uid);
        assert_eq!(reasons(&scenario), [Err(Reason::RoundNotReady); 2]);

        let uid = scenario.open(2);
        scenario.ready(uid);
        let served = asked(&scenario, &RoundName::Uid(uid), Some(7)).expect("it is served");
        assert_eq!((served.held, served.expected_lookups, served.downloads), (7, 6, Downloads::Allowed));
        scenario.apply(Command::DeleteRound { uid });
        let gone = asked(&scenario, &RoundName::Uid(uid), Some(7)).expect_err("it is deleted");
        assert_eq!(gone.reason(), Reason::RoundNotFound);
    }

    #[test]
    fn a_node_without_the_encoding_names_others_that_hold_it() {
        let mut scenario = Scenario::new();
        let uid = scenario.open(1);
        scenario.ready(uid);
        let id: RoundId = "r1".parse().expect("an id");
        let holders = |here| look(&scenario.state, here, &RoundName::Uid(uid), |_| None::<u8>).expect_err("not held");
        let none = Vec::new();
        assert_eq!(holders(HERE), Refusal::RoundNotHeld { id: id.clone(), holders: none }, "it does not name itself");
        assert_eq!(holders(MemberId(2)), Refusal::RoundNotHeld { id, holders: vec!["a:1".to_owned()] });
    }

    #[test]
    fn a_failed_round_says_why() {
        let mut scenario = Scenario::new();
        let why = "its deadline passed".to_owned();
        let uid = scenario.failed(1, UploadId([1; 16]), &why);
        let refused = asked(&scenario, &RoundName::Uid(uid), None).expect_err("it failed");
        assert_eq!(refused, Refusal::RoundFailed { id: "r1".parse().expect("an id"), why });
    }
}

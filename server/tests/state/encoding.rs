//! Sealing, reports, Ready.

use std::collections::{BTreeMap, BTreeSet};

use silhouette_server::{
    ids::MemberId,
    readiness::ServedRound,
    state::{
        Command, Due, EncodingOutcome, EncodingPlan, EncodingProgress, ExpectedPhase, LeaderView, MemberAction, Phase,
        PhaseName, RaftConfiguration, Rejection, Reply,
    },
};

use crate::machine::{Machine, encoded, spec, uid, voters};

/// A cluster of three with a sealed round.
fn sealed() -> Machine {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    machine.publish(1, "worker", 1, &[("key", "value")]).unwrap();
    assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: 0 }]);
    machine.seal(1, 0).unwrap();
    machine
}

fn progress(machine: &Machine, member: u64) -> EncodingProgress {
    machine.round(uid(1)).unwrap().encoding_progress(MemberId(member))
}

#[test]
fn a_round_seals_when_the_last_expected_worker_has_published() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(2)).unwrap();
    machine.publish(1, "a", 1, &[]).unwrap();
    assert_eq!(machine.due(), []);
    machine.publish(1, "b", 1, &[]).unwrap();
    assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: 0 }]);
    assert!(machine.next_deadline().unwrap() <= machine.now);
}

#[test]
fn sealing_twice_keeps_the_first_seeds() {
    let mut machine = sealed();
    machine.unchanged(|machine| {
        for reseal in [0, 2] {
            let plan = machine.seal_plan(uid(1), [9; 32], [9; 32]).unwrap();
            assert_eq!(machine.apply(Command::Seal { uid: uid(1), reseal, plan }), Ok(Reply::Done));
        }
    });
    assert_eq!(machine.round(uid(1)).unwrap().encoding_plan().unwrap().parameters.hash_seed, [0; 32]);
}

#[test]
fn a_plan_that_does_not_fit_any_more_is_refused() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(2)).unwrap();
    let good = machine.seal_plan(uid(1), [1; 32], [2; 32]).unwrap();
    let mut refused = |change: fn(&mut EncodingPlan)| {
        let mut plan = good.clone();
        change(&mut plan);
        machine.unchanged(|machine| {
            let refused = machine.apply(Command::Seal { uid: uid(1), reseal: 0, plan });
            assert!(matches!(refused, Err(Rejection::PlanOutdated { .. })), "{refused:?}");
        });
    };
    refused(|plan| plan.parameters.encoding_version += 1);
    refused(|plan| plan.parameters.capacity += 1);
    refused(|plan| plan.parameters.shards = 0);
    refused(|plan| plan.parameters.sigma = 8);
    refused(|plan| plan.parameters.hint_bits = 3);

    // A commit between plan and proposal changes the capacity: 1,024 pairs no longer suffice.
    let names: Vec<String> = (0..1_025).map(|n| format!("k{n}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    machine.publish(1, "a", 1, &pairs).unwrap();
    let outdated = machine.apply(Command::Seal { uid: uid(1), reseal: 0, plan: good });
    assert!(matches!(outdated, Err(Rejection::PlanOutdated { .. })));
    assert_eq!(machine.seal(1, 0), Ok(Reply::Done));
    assert_eq!(machine.round(uid(1)).unwrap().parameters().unwrap().capacity, 1_117);
}

#[test]
fn a_round_that_is_being_encoded_is_not_served_yet() {
    let mut machine = sealed();
    let nothing = BTreeSet::new();
    assert_eq!(ServedRound::all(&machine, &nothing), BTreeMap::new());
    for member in [1, 2] {
        machine.report(1, 0, member, encoded(7));
    }
    let of = |held: &BTreeSet<_>| ServedRound::all(&machine, held).values().map(|round| round.held).collect::<Vec<_>>();
    assert_eq!((of(&nothing), of(&[uid(1)].into())), (vec![false], vec![true]));
}

#[test]
fn a_majority_of_equal_reports_makes_a_round_ready() {
    let mut machine = sealed();
    machine.report(1, 0, 2, encoded(7));
    assert_eq!(machine.phase(1), PhaseName::Sealed);
    machine.report(1, 0, 2, encoded(7));
    assert_eq!(machine.phase(1), PhaseName::Sealed, "a report counts once");
    machine.report(1, 0, 3, encoded(8));
    assert_eq!(machine.phase(1), PhaseName::Sealed, "another encoding does not count");
    assert_eq!(progress(&machine, 3), EncodingProgress::Encoded);
    machine.report(1, 0, 1, encoded(7));
    let held = machine.round(uid(1)).unwrap().ready().unwrap();
    assert_eq!(held.held_by, [MemberId(1), MemberId(2)].into());
    assert_eq!(held.ready_at, machine.now);
    assert_eq!(progress(&machine, 3), EncodingProgress::Pending, "it has to fetch the agreed one");

    machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(3) }).unwrap();
    assert_eq!(progress(&machine, 3), EncodingProgress::Encoded);
    machine.apply(Command::ReportLost { uid: uid(1), member: MemberId(3) }).unwrap();
    assert_eq!(progress(&machine, 3), EncodingProgress::Pending, "it has to fetch it again");
}

#[test]
fn a_late_report_of_the_agreed_encoding_counts_as_holding_it() {
    let mut machine = sealed();
    for member in [1, 2, 3] {
        machine.report(1, 0, member, encoded(7));
    }
    assert_eq!(machine.round(uid(1)).unwrap().ready().unwrap().held_by.len(), 3);
}

#[test]
fn reports_of_others_and_of_the_past_change_nothing() {
    let mut machine = sealed();
    machine.report(1, 0, 1, encoded(7));
    machine.unchanged(|machine| {
        machine.report(1, 0, 9, encoded(7));
        machine.report(1, 1, 2, encoded(7));
        machine.report(9, 0, 2, encoded(7));
        machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(2) }).unwrap();
        machine.apply(Command::ReportDestroyed { uid: uid(1), member: MemberId(2) }).unwrap();
    });
}

#[test]
fn learners_have_no_say() {
    let mut machine = sealed();
    machine.add_learner(4);
    machine.report(1, 0, 1, encoded(7));
    machine.report(1, 0, 4, encoded(7));
    assert_eq!(machine.phase(1), PhaseName::Sealed);
    machine.report(1, 0, 3, encoded(7));
    assert_eq!(machine.round(uid(1)).unwrap().ready().unwrap().held_by.len(), 3, "but hold it");
}

#[test]
fn while_two_configurations_are_in_force_both_must_agree() {
    let mut machine = sealed();
    machine.add_learner(4);
    let joint = RaftConfiguration { outgoing_voters: voters(&[1, 2, 3]).voters, ..voters(&[1, 2, 4]) };
    machine.change(&[(4, MemberAction::Promote), (3, MemberAction::Remove)], joint);
    machine.report(1, 0, 1, encoded(7));
    machine.report(1, 0, 4, encoded(7));
    assert_eq!(machine.phase(1), PhaseName::Sealed, "a majority of the new one alone");
    machine.report(1, 0, 3, encoded(7));
    assert_eq!(machine.phase(1), PhaseName::Ready);
    machine.change(&[], voters(&[1, 2, 4]));
    assert_eq!(machine.round(uid(1)).unwrap().ready().unwrap().held_by, [MemberId(1), MemberId(4)].into());
}

#[test]
fn a_membership_change_can_complete_a_majority() {
    let mut machine = sealed();
    machine.report(1, 0, 1, encoded(7));
    machine.change(&[(2, MemberAction::Remove), (3, MemberAction::Remove)], voters(&[1]));
    assert_eq!(machine.phase(1), PhaseName::Ready);
}

#[test]
fn a_round_that_nothing_can_win_is_sealed_again_with_fresh_seeds() {
    let mut machine = sealed();
    machine.report(1, 0, 1, EncodingOutcome::Failed);
    assert_eq!(progress(&machine, 1), EncodingProgress::Failed);
    assert_eq!(machine.due(), []);
    machine.report(1, 0, 2, EncodingOutcome::Failed);
    assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: 1 }]);
    machine.seal(1, 1).unwrap();
    let round = machine.round(uid(1)).unwrap();
    assert_eq!((round.reseal(), round.parameters().unwrap().hash_seed), (1, [1; 32]));
    assert_eq!(round.encoding_plan().unwrap().cell_seed.expose(), &[0x81; 32]);
    assert_eq!(progress(&machine, 1), EncodingProgress::Pending, "reports of the old sealing are forgotten");
    machine.unchanged(|machine| machine.report(1, 0, 3, encoded(7)));
}

#[test]
fn disagreement_is_waited_out_for_a_minute() {
    let mut machine = sealed();
    machine.report(1, 0, 1, encoded(7));
    machine.wait(1_000_000);
    assert_eq!(machine.due(), [], "a minority may take its time");
    machine.report(1, 0, 2, encoded(8));
    machine.wait(59_999);
    assert_eq!(machine.due(), []);
    assert_eq!(machine.next_deadline(), Some(machine.now.after(1)));
    machine.wait(1);
    assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: 1 }]);
    machine.report(1, 0, 3, encoded(8));
    assert_eq!(machine.phase(1), PhaseName::Ready, "the last one may still decide");
}

#[test]
fn a_sealing_or_failure_that_has_been_overtaken_by_agreement_to_wait_changes_nothing() {
    let mut machine = sealed();
    machine.unchanged(|machine| {
        assert_eq!(machine.seal(1, 1), Ok(Reply::Done), "nobody has reported");
        let expected = ExpectedPhase::Sealed { reseal: 0 };
        let fail = Command::Fail { uid: uid(1), expected, reason: "early".to_owned() };
        assert_eq!(machine.apply(fail), Ok(Reply::Done));
    });
    machine.report(1, 0, 1, EncodingOutcome::Failed);
    machine.report(1, 0, 2, EncodingOutcome::Failed);
    assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: 1 }]);
    // Two voters more, who may still agree with the third.
    for id in [4, 5] {
        machine.add_learner(id);
    }
    machine.change(&[(4, MemberAction::Promote), (5, MemberAction::Promote)], voters(&[1, 2, 3, 4, 5]));
    machine.unchanged(|machine| assert_eq!(machine.seal(1, 1), Ok(Reply::Done)));
}

#[test]
fn after_three_reseals_the_round_fails() {
    let mut machine = sealed();
    for reseal in 0..3 {
        machine.report(1, reseal, 1, EncodingOutcome::Failed);
        machine.report(1, reseal, 3, EncodingOutcome::Failed);
        assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: reseal + 1 }]);
        machine.seal(1, reseal + 1).unwrap();
    }
    machine.report(1, 3, 1, EncodingOutcome::Failed);
    machine.report(1, 3, 3, EncodingOutcome::Failed);
    machine.unchanged(|machine| assert_eq!(machine.seal(1, 4), Ok(Reply::Done), "no fourth time"));
    let [Due::Command(fail)] = &machine.due()[..] else { panic!("{:?}", machine.due()) };
    machine.apply(fail.clone()).unwrap();
    let Phase::Failed { reason, .. } = machine.round(uid(1)).unwrap().phase() else { panic!() };
    assert_eq!(reason, "its members could not agree on an encoding in 4 sealings");
    assert!(machine.chunks().is_empty());
}

#[test]
fn a_fail_that_expects_another_phase_changes_nothing() {
    let mut machine = sealed();
    machine.unchanged(|machine| {
        for expected in [ExpectedPhase::Open, ExpectedPhase::Sealed { reseal: 1 }] {
            let fail = Command::Fail { uid: uid(1), expected, reason: "late".to_owned() };
            assert_eq!(machine.apply(fail), Ok(Reply::Done));
        }
    });
}

#[test]
fn the_pairs_are_kept_until_every_active_voter_holds_the_encoding() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    let shred = Due::Command(Command::Shred { uid: uid(1) });
    let view = |ids: &[u64]| LeaderView { active_voters: ids.iter().map(|id| MemberId(*id)).collect() };
    assert_eq!(machine.state_due(&view(&[1, 2, 3])), []);
    assert_eq!(machine.state_due(&view(&[])), [], "who hears from nobody knows nothing");
    assert_eq!(machine.state_due(&view(&[1, 2])), std::slice::from_ref(&shred), "one that is down does not hold it up");
    machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(3) }).unwrap();
    assert_eq!(machine.state_due(&view(&[1, 2, 3])), [shred]);
}

#[test]
fn the_pairs_are_kept_for_a_minute_at_most() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    machine.wait(59_999);
    assert_eq!(machine.due(), []);
    assert_eq!(machine.next_deadline(), Some(machine.now.after(1)));
    machine.wait(1);
    assert_eq!(machine.due(), [Due::Command(Command::Shred { uid: uid(1) })]);
}

#[test]
fn the_encoding_is_as_old_as_the_oldest_program() {
    let mut machine = Machine::cluster();
    assert_eq!(machine.encoding_version(), Some(1));
    for (id, version) in [(1, 3), (2, 2), (3, 4)] {
        let record =
            silhouette_server::state::MemberRecord { encoding_version: version, ..crate::machine::member_record(id) };
        machine.apply(Command::RegisterMember { record }).unwrap();
    }
    assert_eq!(machine.encoding_version(), Some(2));
}

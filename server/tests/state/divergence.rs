//! Members that encoded other pairs than the majority.

use silhouette_server::{
    ids::{Digest, MemberId},
    state::{Command, EncodingOutcome, PhaseName, Round},
};

use crate::machine::{Machine, encoded, spec, uid};

/// The encoding of other pairs than those of [`encoded`].
fn of_other_pairs() -> EncodingOutcome {
    EncodingOutcome::Encoded { input: Digest([9; 32]), encoding: Digest([9; 32]), hint: Digest([9; 32]) }
}

/// How many rounds show that the member has encoded other pairs than those that were agreed on. All members apply the
/// same entries, so everything that it holds is in doubt: it is fenced by that.
fn differing(machine: &Machine, member: u64) -> usize {
    let differs = |round: &&Round| {
        let reported = round.record.reports.get(&MemberId(member));
        round.ready().zip(reported).is_some_and(|(held, outcome)| outcome.is_of_other_pairs(held.input))
    };
    machine.live_rounds().filter(differs).count()
}

/// A round that member 3 encoded with other pairs, while members 1 and 2 agree.
fn diverged() -> Machine {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    machine.publish(1, "worker", 1, &[("key", "value")]).unwrap();
    machine.seal(1, 0).unwrap();
    machine.report(1, 0, 3, of_other_pairs());
    machine.report(1, 0, 1, encoded(1));
    assert_eq!(differing(&machine, 3), 0, "before anything is agreed, nobody differs from it");
    machine.report(1, 0, 2, encoded(1));
    assert_eq!(machine.phase(1), PhaseName::Ready);
    machine
}

#[test]
fn a_member_that_encoded_other_pairs_is_known_until_the_round_ends() {
    let mut machine = diverged();
    assert_eq!([1, 2, 3, 9].map(|member| differing(&machine, member)), [0, 0, 1, 0]);
    machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(3) }).unwrap();
    assert_eq!(differing(&machine, 3), 1, "fetching the agreed encoding does not mend its pairs");
    machine.apply(Command::Shred { uid: uid(1) }).unwrap();
    machine.restart();
    assert_eq!(differing(&machine, 3), 1, "nor does destroying them");
    machine.apply(Command::DeleteRound { uid: uid(1) }).unwrap();
    assert_eq!(differing(&machine, 3), 0);
}

#[test]
fn another_encoding_of_the_same_pairs_or_none_is_no_other_input() {
    for outcome in [encoded(2), EncodingOutcome::Failed] {
        let mut machine = Machine::cluster();
        machine.make_ready(1, spec(1));
        machine.report(1, 0, 3, outcome);
        assert_eq!(differing(&machine, 3), 0);
    }
}

#[test]
fn a_member_that_reports_other_pairs_late_is_known_too() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    machine.report(1, 0, 3, of_other_pairs());
    assert_eq!(differing(&machine, 3), 1);
}

#[test]
fn sealing_again_forgets_who_differed() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    machine.seal(1, 0).unwrap();
    machine.report(1, 0, 3, of_other_pairs());
    machine.report(1, 0, 1, EncodingOutcome::Failed);
    machine.report(1, 0, 2, EncodingOutcome::Failed);
    machine.seal(1, 1).unwrap();
    for member in [1, 2] {
        machine.report(1, 1, member, encoded(1));
    }
    assert_eq!((machine.phase(1), differing(&machine, 3)), (PhaseName::Ready, 0));
}

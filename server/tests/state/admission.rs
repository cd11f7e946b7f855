//! How many rounds there may be, and how much memory they may need.

use silhouette_okvs::ValueLayout;
use silhouette_server::{
    ids::MemberId,
    state::{Command, Limits, MemberAction, MemberRecord, PhaseName, Rejection, RoundSpec},
};

use crate::machine::{Machine, encoded, limits, member_record, round_id, spec, uid};

/// Lets voter 2 offer so much.
fn offer(machine: &mut Machine, memory_budget_bytes: u64) {
    let record = MemberRecord { memory_budget_bytes, ..member_record(2) };
    machine.apply(Command::RegisterMember { record }).unwrap();
}

#[test]
fn a_round_is_admitted_against_the_least_budget_of_the_voters() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    let bytes = machine.reserved_bytes();
    assert!(bytes > 0);
    offer(&mut machine, 2 * bytes - 1);
    machine.unchanged(|machine| {
        let refused = machine.start(2, spec(1));
        assert_eq!(refused, Err(Rejection::MemoryBudgetExceeded { id: round_id(2), bytes, limit: bytes - 1 }));
    });
    offer(&mut machine, 2 * bytes);
    assert!(machine.start(2, spec(1)).is_ok());
}

#[test]
fn what_a_round_reserves_follows_from_its_maxima() {
    let reserved = |spec: RoundSpec| {
        let mut machine = Machine::cluster();
        machine.start(1, spec).unwrap();
        machine.reserved_bytes()
    };
    let unset = reserved(spec(1));
    let largest = reserved(RoundSpec { max_pairs: Some(2_000), ..spec(1) });
    assert!(largest <= unset && unset < largest * 11 / 10, "unset means the limit, rounded up");
    assert!(reserved(RoundSpec { max_pairs: Some(1_500), ..spec(1) }) < unset);
    assert!(reserved(RoundSpec { values: ValueLayout::Fixed { bytes: 4 }, ..spec(1) }) < unset);
}

#[test]
fn a_ready_round_gives_back_what_it_does_not_use() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    let ready = machine.reserved_bytes();
    machine.start(2, spec(1)).unwrap();
    let open = machine.reserved_bytes() - ready;
    assert!(ready > 0 && ready < open / 2, "{ready} of {open}");
    let before = machine.reserved_bytes();
    machine.restart();
    assert_eq!(machine.reserved_bytes(), before);
    machine.apply(Command::DeleteRound { uid: uid(1) }).unwrap();
    machine.apply(Command::DeleteRound { uid: uid(2) }).unwrap();
    assert_eq!(machine.reserved_bytes(), 0);
}

#[test]
fn there_are_no_more_open_rounds_than_there_may_be() {
    let mut machine = Machine::cluster();
    for n in 1..=6 {
        machine.start(n, spec(1)).unwrap();
    }
    machine.unchanged(|machine| assert_eq!(machine.start(7, spec(1)), Err(Rejection::TooManyOpenRounds { limit: 6 })));
    machine.apply(Command::DeleteRound { uid: uid(3) }).unwrap();
    assert!(machine.start(7, spec(1)).is_ok());
}

#[test]
fn there_are_no_more_rounds_than_there_may_be() {
    let mut machine = Machine::cluster_with(Limits { max_rounds: 3, ..limits() });
    for n in 1..=3 {
        machine.make_ready(n, spec(1));
    }
    machine.unchanged(|machine| assert_eq!(machine.start(4, spec(1)), Err(Rejection::TooManyRounds { limit: 3 })));
}

#[test]
fn a_voter_that_comes_back_with_less_than_is_reserved_admits_no_round_and_loses_none() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    let reserved = machine.reserved_bytes();
    offer(&mut machine, reserved / 2);
    assert_eq!(machine.memory_budget_bytes(), Some(reserved / 2), "what it says is true, so it counts");
    let refused = machine.unchanged(|machine| machine.start(2, spec(1)));
    assert_eq!(refused, Err(Rejection::MemoryBudgetExceeded { id: round_id(2), bytes: reserved, limit: 0 }));
    machine.publish(1, "worker", 1, &[("key", "value")]).unwrap();
    machine.seal(1, 0).unwrap();
    machine.report(1, 0, 1, encoded(1));
    machine.report(1, 0, 2, encoded(1));
    assert_eq!(machine.phase(1), PhaseName::Ready, "what was admitted goes on");
    let used = machine.reserved_bytes();
    assert!(used < reserved / 2);
    offer(&mut machine, used + reserved);
    assert!(machine.start(2, spec(1)).is_ok());
}

#[test]
fn learners_have_no_say_in_the_budget_until_they_vote() {
    let mut machine = Machine::cluster();
    machine.add_learner(4);
    let record = MemberRecord { memory_budget_bytes: 1, ..member_record(4) };
    machine.apply(Command::RegisterMember { record }).unwrap();
    assert!(machine.start(1, spec(1)).is_ok());
    let promote = machine.membership_change(&[(4, MemberAction::Promote)]);
    let needed = machine.reserved_bytes();
    let refused = Rejection::MemberBudgetTooSmall { member: MemberId(4), budget: 1, needed };
    assert_eq!(machine.check_membership(&promote), Err(refused));
}

#[test]
fn a_round_needs_no_more_than_is_left_to_the_byte() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    machine.start(2, spec(1)).unwrap();
    let reserved = machine.reserved_bytes();
    let mut machine = Machine::cluster();
    offer(&mut machine, reserved);
    assert!(machine.start(1, spec(1)).is_ok() && machine.start(2, spec(1)).is_ok());
    assert_eq!(machine.reserved_bytes(), reserved);
    machine.apply(Command::DeleteRound { uid: uid(2) }).unwrap();
    offer(&mut machine, reserved - 1);
    let (bytes, limit) = (reserved / 2, reserved / 2 - 1);
    assert_eq!(machine.start(3, spec(1)), Err(Rejection::MemoryBudgetExceeded { id: round_id(3), bytes, limit }));
}

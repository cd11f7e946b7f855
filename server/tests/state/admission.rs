//! How many rounds there may be, and how much memory they may need.

use silhouette_okvs::ValueLayout;
use silhouette_server::state::{Command, Limits, MemberRecord, Rejection, RoundSpec};

use crate::machine::{Machine, limits, member_record, round_id, spec, uid};

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
        assert_eq!(refused, Err(Rejection::RoundTooLarge { id: round_id(2), bytes, limit: bytes - 1 }));
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
    machine.unchanged(|machine| assert_eq!(machine.start(7, spec(1)), Err(Rejection::TooManyRounds { limit: 6 })));
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

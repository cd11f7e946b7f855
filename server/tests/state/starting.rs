//! Starting rounds.

use std::collections::BTreeSet;

use silhouette_okvs::ValueLayout;
use silhouette_server::state::{Command, Downloads, Expected, FieldViolation, OnDeadline, Rejection, Reply, RoundSpec};

use crate::machine::{Machine, limits, member_record, round_id, spec, uid, worker};

#[test]
fn starting_a_round_again_returns_it_and_changes_nothing() {
    let mut machine = Machine::cluster();
    assert_eq!(machine.start(1, spec(2)), Ok(Reply::Round { uid: uid(1) }));
    machine.unchanged(|machine| {
        let again = Command::StartRound { uid: uid(9), id: round_id(1), spec: spec(2) };
        assert_eq!(machine.apply(again), Ok(Reply::Round { uid: uid(1) }), "the uid of the first, not of the second");
    });
}

#[test]
fn another_spec_is_refused_and_every_difference_named() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(2)).unwrap();
    let other = RoundSpec {
        expected: Expected::Names(BTreeSet::from([worker("a"), worker("b")])),
        max_pairs: Some(5),
        values: ValueLayout::Fixed { bytes: 8 },
        deadline_ms: Some(1),
        on_deadline: OnDeadline::Seal,
        retention_ms: 1,
        expected_lookups: 1,
        downloads: Downloads::Forbidden,
        ..spec(2)
    };
    let fields = vec![
        "expected",
        "max_pairs",
        "value_length",
        "deadline_ms",
        "on_deadline",
        "retention_ms",
        "expected_lookups",
        "downloads",
    ];
    machine.unchanged(|machine| {
        assert_eq!(machine.start(1, other), Err(Rejection::RoundSpecDiffers { id: round_id(1), fields }));
        let fields = vec!["worker_count"];
        assert_eq!(machine.start(1, spec(3)), Err(Rejection::RoundSpecDiffers { id: round_id(1), fields }));
    });
}

#[test]
fn rounds_wait_until_the_cluster_has_formed_once() {
    let mut machine = Machine::bootstrap(3, limits());
    assert_eq!(machine.start(1, spec(1)), Err(Rejection::ClusterForming));
    let mut machine = Machine::cluster();
    machine.change(&[(3, silhouette_server::state::MemberAction::Remove)], crate::machine::voters(&[1, 2]));
    assert!(machine.start(1, spec(1)).is_ok(), "a formed cluster stays formed");
}

#[test]
fn rounds_wait_until_every_voter_has_registered() {
    let mut machine = Machine::bootstrap(1, limits());
    let record =
        silhouette_server::state::MemberRecord { encoding_version: 0, memory_budget_bytes: 0, ..member_record(1) };
    machine.apply(Command::RegisterMember { record }).unwrap();
    assert_eq!(machine.start(1, spec(1)), Err(Rejection::ClusterForming));
    machine.apply(Command::RegisterMember { record: member_record(1) }).unwrap();
    assert!(machine.start(1, spec(1)).is_ok());
}

#[test]
fn a_spec_beyond_the_limits_is_refused_with_every_bad_field() {
    let mut machine = Machine::cluster();
    let bad = RoundSpec {
        max_pairs: Some(2_001),
        values: ValueLayout::Variable { max_bytes: 101 },
        retention_ms: 0,
        expected_lookups: 0,
        ..spec(0)
    };
    let Err(Rejection::InvalidRequest { violations }) = machine.unchanged(|machine| machine.start(1, bad)) else {
        panic!("accepted");
    };
    let fields: Vec<&str> = violations.iter().map(|FieldViolation { field, .. }| *field).collect();
    assert_eq!(fields, ["worker_count", "max_pairs", "max_value_bytes", "retention_ms", "expected_lookups"]);
}

#[test]
fn rounds_are_listed_in_the_order_in_which_they_were_started() {
    let mut machine = Machine::cluster();
    for n in [3, 1, 2] {
        machine.start(n, spec(1)).unwrap();
    }
    let listed: Vec<_> = machine.live_rounds().map(silhouette_server::state::Round::uid).collect();
    assert_eq!(listed, [uid(3), uid(1), uid(2)]);
}

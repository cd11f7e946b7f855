//! Members and their configuration.

use silhouette_server::{
    ids::{InstanceId, MemberId},
    state::{Command, MemberAction, MemberRecord, MemberState, RaftConfiguration, Rejection, Reply, Round, State},
};

use crate::machine::{Machine, limits, member_record, spec, uid, voters};

fn allocate(instance: u8, replaces: Option<u64>) -> Command {
    let instance = InstanceId([instance; 16]);
    Command::AllocateMember { instance, record: member_record(99), replaces: replaces.map(MemberId) }
}

fn check(machine: &Machine, parts: &[(u64, MemberAction)]) -> Result<(), Rejection> {
    machine.check_membership(&machine.membership_change(parts))
}

fn state_of(machine: &Machine, id: u64) -> MemberState {
    machine.member(MemberId(id)).unwrap().state
}

#[test]
fn a_member_id_is_given_once_and_to_one_instance() {
    let mut machine = Machine::cluster();
    assert_eq!(machine.apply(allocate(40, None)), Ok(Reply::Member { id: MemberId(4) }));
    machine.unchanged(|machine| assert_eq!(machine.apply(allocate(40, None)), Ok(Reply::Member { id: MemberId(4) })));
    machine.change(&[(4, MemberAction::Remove)], voters(&[1, 2, 3]));
    assert_eq!(state_of(&machine, 4), MemberState::Removed, "an allocation can be given up");
    assert_eq!(machine.apply(allocate(41, Some(3))), Ok(Reply::Member { id: MemberId(5) }), "ids are never used again");
    assert_eq!(machine.member(MemberId(5)).unwrap().replaces, Some(MemberId(3)));
    machine.unchanged(|machine| {
        assert_eq!(machine.apply(allocate(40, None)), Err(Rejection::MemberRemoved { member: MemberId(4) }));
        assert_eq!(machine.apply(allocate(42, Some(9))), Err(Rejection::MemberNotFound { member: MemberId(9) }));
        assert_eq!(machine.apply(allocate(42, Some(4))), Err(Rejection::MemberRemoved { member: MemberId(4) }));
    });
}

#[test]
fn registering_changes_what_a_member_offers_and_not_who_it_is() {
    let mut machine = Machine::cluster();
    let record = MemberRecord {
        memory_budget_bytes: 5,
        client_address: "elsewhere:1".to_owned(),
        replaces: Some(MemberId(1)),
        state: MemberState::Removed,
        ..member_record(2)
    };
    assert_eq!(machine.apply(Command::RegisterMember { record }), Ok(Reply::Member { id: MemberId(2) }));
    let member = machine.member(MemberId(2)).unwrap();
    assert_eq!((member.memory_budget_bytes, member.client_address.as_str()), (5, "elsewhere:1"));
    assert_eq!((member.replaces, member.state), (None, MemberState::Voter));
    machine.unchanged(|machine| {
        let stranger = MemberRecord { instance: InstanceId([77; 16]), ..member_record(2) };
        let refused = machine.apply(Command::RegisterMember { record: stranger });
        assert_eq!(refused, Err(Rejection::MemberNotFound { member: MemberId(2) }));
        let unknown = machine.apply(Command::RegisterMember { record: member_record(9) });
        assert_eq!(unknown, Err(Rejection::MemberNotFound { member: MemberId(9) }));
    });
}

#[test]
fn a_cluster_has_formed_once_it_had_its_first_members() {
    let mut machine = Machine::bootstrap(3, limits());
    assert!(!machine.formed());
    machine.add_learner(2);
    machine.add_learner(3);
    assert_eq!(state_of(&machine, 2), MemberState::Learner);
    let joint = RaftConfiguration { outgoing_voters: voters(&[1]).voters, ..voters(&[1, 2, 3]) };
    machine.change(&[(2, MemberAction::Promote), (3, MemberAction::Promote)], joint);
    assert!(!machine.formed(), "not while two configurations are in force");
    let before = machine.configuration().index;
    machine.change(&[], voters(&[1, 2, 3]));
    assert!(machine.formed() && machine.configuration().index > before);
    assert!(Machine::bootstrap(1, limits()).formed());
}

#[test]
fn a_member_that_leaves_is_removed_when_the_old_configuration_is() {
    let mut machine = Machine::cluster();
    machine.add_learner(4);
    let joint = RaftConfiguration { outgoing_voters: voters(&[1, 2, 3]).voters, ..voters(&[1, 2, 4]) };
    machine.change(&[(4, MemberAction::Promote), (3, MemberAction::Remove)], joint);
    assert_eq!(state_of(&machine, 3), MemberState::Voter, "it still votes");
    machine.change(&[], voters(&[1, 2, 4]));
    assert_eq!((state_of(&machine, 3), state_of(&machine, 4)), (MemberState::Removed, MemberState::Voter));
}

#[test]
fn a_learner_is_promoted_only_when_it_holds_every_ready_encoding() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    machine.add_learner(4);
    let promote = [(4, MemberAction::Promote)];
    assert_eq!(check(&machine, &promote), Err(Rejection::NotCaughtUp { member: MemberId(4) }));
    machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(4) }).unwrap();
    assert_eq!(check(&machine, &promote), Ok(()));
}

#[test]
fn a_learner_is_promoted_only_when_it_has_registered_and_has_room() {
    let mut machine = Machine::cluster();
    machine.add_learner(4);
    machine.start(1, spec(1)).unwrap();
    let promote = [(4, MemberAction::Promote)];
    assert_eq!(check(&machine, &promote), Ok(()));
    let needed = machine.reserved_bytes();
    let mut register = |encoding_version, memory_budget_bytes| {
        let record = MemberRecord { encoding_version, memory_budget_bytes, ..member_record(4) };
        machine.apply(Command::RegisterMember { record }).unwrap();
        check(&machine, &promote)
    };
    assert_eq!(register(0, 0), Err(Rejection::NotCaughtUp { member: MemberId(4) }));
    let budget = needed - 1;
    assert_eq!(register(1, budget), Err(Rejection::MemberBudgetTooSmall { member: MemberId(4), budget, needed }));
    assert_eq!(register(1, needed), Ok(()));
}

#[test]
fn a_member_is_removed_only_if_every_ready_encoding_keeps_a_majority() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    // Voters 1 and 2 hold it.
    assert_eq!(check(&machine, &[(3, MemberAction::Remove)]), Ok(()));
    assert!(matches!(check(&machine, &[(2, MemberAction::Remove)]), Err(Rejection::ChangeUnsafe { .. })));
    machine.add_learner(4);
    machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(4) }).unwrap();
    assert_eq!(check(&machine, &[(2, MemberAction::Remove), (4, MemberAction::Promote)]), Ok(()));
}

/// Three voters and learner 4. Round 1 is held by voter 1, was lost by voter 2, and is held by the learner.
fn one_of_two_has_lost_it() -> Machine {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    machine.add_learner(4);
    machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(4) }).unwrap();
    assert_eq!(machine.rounds_at_risk().count(), 0);
    machine.apply(Command::ReportLost { uid: uid(1), member: MemberId(2) }).unwrap();
    machine
}

#[test]
fn who_has_lost_an_encoding_is_no_holder_any_more() {
    let mut machine = one_of_two_has_lost_it();
    assert_eq!(machine.rounds_at_risk().map(Round::uid).collect::<Vec<_>>(), [uid(1)], "learners do not count");
    assert_eq!([1, 2, 3, 4].map(|member| machine.missing_rounds(MemberId(member)).count()), [0, 1, 1, 0]);
    assert_eq!([1, 2, 4].map(|member| machine.may_be_promoted(MemberId(member))), [true, false, true]);
    machine.unchanged(|machine| {
        for (round, member) in [(1, 2), (1, 3), (1, 9), (9, 1)] {
            machine.apply(Command::ReportLost { uid: uid(round), member: MemberId(member) }).unwrap();
        }
    });
    machine.restart();
    assert_eq!(machine.rounds_at_risk().count(), 1);
    machine.apply(Command::ReportHeld { uid: uid(1), member: MemberId(2) }).unwrap();
    assert_eq!(machine.rounds_at_risk().count(), 0, "it has fetched it again");
}

#[test]
fn while_two_configurations_are_in_force_both_must_hold_a_round() {
    let mut machine = one_of_two_has_lost_it();
    let joint = RaftConfiguration { outgoing_voters: voters(&[1, 2, 3]).voters, ..voters(&[1, 3, 4]) };
    machine.change(&[(4, MemberAction::Promote), (2, MemberAction::Remove)], joint);
    assert_eq!(machine.rounds_at_risk().count(), 1, "of the old voters only one holds it");
    machine.change(&[], voters(&[1, 3, 4]));
    assert_eq!(machine.rounds_at_risk().count(), 0);
}

#[test]
fn of_a_round_that_too_few_hold_no_holder_is_removed_and_who_has_lost_it_is_replaced() {
    let mut machine = one_of_two_has_lost_it();
    assert!(matches!(check(&machine, &[(1, MemberAction::Remove)]), Err(Rejection::ChangeUnsafe { .. })));
    let replaced = [(2, MemberAction::Remove), (4, MemberAction::Promote)];
    assert_eq!(check(&machine, &replaced), Ok(()));
    assert_eq!(
        check(&machine, &[(2, MemberAction::Remove), (3, MemberAction::Remove)]),
        Ok(()),
        "all that stay hold it"
    );
    machine.apply(Command::ReportLost { uid: uid(1), member: MemberId(1) }).unwrap();
    assert_eq!(check(&machine, &replaced), Ok(()), "one holder is too few, and more than none");
}

#[test]
fn a_change_must_find_its_members_where_it_expects_them() {
    let mut machine = Machine::cluster();
    machine.apply(allocate(40, None)).unwrap();
    machine.add_learner(5);
    machine
        .change(&[(3, MemberAction::Remove)], RaftConfiguration { learners: [MemberId(5)].into(), ..voters(&[1, 2]) });
    assert_eq!(check(&machine, &[(4, MemberAction::AddLearner)]), Ok(()));
    assert_eq!(check(&machine, &[(4, MemberAction::Promote)]), Err(Rejection::NotCaughtUp { member: MemberId(4) }));
    assert!(matches!(check(&machine, &[(5, MemberAction::AddLearner)]), Err(Rejection::ChangeUnsafe { .. })));
    assert!(matches!(check(&machine, &[(1, MemberAction::Promote)]), Err(Rejection::ChangeUnsafe { .. })));
    for action in [MemberAction::AddLearner, MemberAction::Promote, MemberAction::Remove] {
        assert_eq!(check(&machine, &[(9, action)]), Err(Rejection::MemberNotFound { member: MemberId(9) }));
        assert_eq!(check(&machine, &[(3, action)]), Err(Rejection::MemberRemoved { member: MemberId(3) }));
    }
}

#[test]
fn a_joined_member_starts_with_nothing() {
    let empty = State::empty("test".parse().unwrap());
    assert_eq!((empty.members().count(), empty.rounds().count(), empty.formed()), (0, 0, false));
    assert_eq!((empty.encoding_version(), empty.memory_budget_bytes()), (None, None));
}

/// Allocates a number for a disk of its own.
fn allocate_many(machine: &mut Machine, disks: std::ops::Range<u16>) {
    for disk in disks {
        let mut instance = [0xee; 16];
        instance[..2].copy_from_slice(&disk.to_be_bytes());
        let allocate =
            Command::AllocateMember { instance: InstanceId(instance), record: member_record(99), replaces: None };
        machine.apply(allocate).unwrap();
    }
}

#[test]
fn attempts_to_join_do_not_grow_the_state_without_end() {
    let mut machine = Machine::cluster();
    allocate_many(&mut machine, 0..64);
    assert_eq!((state_of(&machine, 4), state_of(&machine, 67)), (MemberState::Joining, MemberState::Joining));
    allocate_many(&mut machine, 64..65);
    assert_eq!((state_of(&machine, 4), state_of(&machine, 5)), (MemberState::Removed, MemberState::Joining));
    assert_eq!(
        check(&machine, &[(4, MemberAction::AddLearner)]),
        Err(Rejection::MemberRemoved { member: MemberId(4) })
    );
    allocate_many(&mut machine, 65..1_000);
    assert_eq!(machine.members().count(), 3 + 64 + 64);
    machine.pass_on();
    assert_eq!(machine.members().count(), 3 + 64 + 64);
}

#[test]
fn a_member_that_was_removed_long_ago_is_still_known_to_be_removed() {
    let mut machine = Machine::cluster();
    machine.change(&[(3, MemberAction::Remove)], voters(&[1, 2]));
    allocate_many(&mut machine, 0..200);
    assert!(machine.member(MemberId(3)).is_none(), "its record is forgotten");
    assert_eq!(machine.member_state(MemberId(3)), Some(MemberState::Removed));
    assert_eq!(machine.member_state(MemberId(204)), None);
    machine.unchanged(|machine| {
        let removed = Err(Rejection::MemberRemoved { member: MemberId(3) });
        assert_eq!(machine.apply(Command::RegisterMember { record: member_record(3) }), removed);
        assert_eq!(check(machine, &[(3, MemberAction::Promote)]), removed.map(drop));
        let unknown = Err(Rejection::MemberNotFound { member: MemberId(204) });
        assert_eq!(machine.apply(Command::RegisterMember { record: member_record(204) }), unknown);
    });
}

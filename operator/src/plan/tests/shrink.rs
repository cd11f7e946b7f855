//! Fewer voters.

use crate::{
    fixture::{Demo, set},
    ids::{ConfigurationIndex, MemberId, Ordinal},
    observed::{Answer, Role},
    plan::{Action, MemberChange},
};

fn five_to_three() -> Demo {
    let mut demo = Demo::settled(5);
    demo.desired.replicas = 3;
    demo
}

/// What [`five_to_three`] is after two members were removed.
fn after_the_removal() -> Demo {
    let mut demo = five_to_three();
    for place in [3, 4] {
        let (id, cluster) = (MemberId(u64::from(place) + 1), Demo::id());
        demo.cluster().members.retain(|member| member.id != id);
        demo.slot(place).answer = Answer::Removed { cluster, member: id };
        demo.pod(place).ready = false;
    }
    demo
}

#[test]
fn the_highest_two_are_removed_in_one_change() {
    let expected = Action::ChangeMembers {
        cluster: "c1".into(),
        index: ConfigurationIndex(7),
        changes: vec![(MemberId(5), MemberChange::Remove), (MemberId(4), MemberChange::Remove)],
    };
    let plan = five_to_three().plan();
    let next = plan.next().expect("a step");
    assert_eq!(next.action, expected);
    assert_eq!(next.reason, "3 replicas are asked for, without demo-4 and demo-3");
}

#[test]
fn a_leader_that_is_to_leave_hands_over_first() {
    let mut demo = five_to_three();
    demo.cluster().leader = Some(MemberId(5));
    assert_eq!(demo.next(), "transfer-leadership demo-0: the leader is one of demo-4 and demo-3, which are to leave");
    assert_eq!(
        demo.line("change-members/members"),
        "change-members members: blocked, member 5 leads; it hands over before it is removed"
    );
}

#[test]
fn voters_leave_only_when_all_that_are_wanted_are_sound() {
    let mut demo = five_to_three();
    demo.silence(2);
    assert!(
        demo.line("change-members/members").starts_with(
            "change-members members: blocked, 4 of 5 voters answer and are heard of by the leader, 2 of 3 would"
        ),
        "{:?}",
        demo.lines()
    );
}

#[test]
fn lost_voters_leave_before_those_that_a_quorum_can_count_on() {
    let mut demo = Demo::settled(5);
    demo.desired.replicas = 1;
    demo.silence(2);
    let plan = demo.plan();
    let Some(Action::ChangeMembers { changes, .. }) = plan.next().map(|step| &step.action) else {
        panic!("members are removed")
    };
    assert_eq!(*changes, [(MemberId(2), MemberChange::Remove), (MemberId(5), MemberChange::Remove)]);
}

#[test]
fn a_round_that_too_few_hold_keeps_voters_from_leaving() {
    let mut demo = five_to_three();
    demo.cluster().rounds_at_risk = 2;
    assert_eq!(
        demo.lines(),
        ["change-members members: blocked, 2 rounds are not held by a quorum; members are fetching them"]
    );
}

#[test]
fn a_removal_and_a_promotion_may_be_one_change() {
    // Of five, one place is held by a learner: four vote, and only an odd number may be left.
    let mut demo = five_to_three();
    demo.cluster().members.retain(|member| member.id != MemberId(3));
    demo.add_member(2, 6, Role::Learner);
    let plan = demo.plan();
    let Some(Action::ChangeMembers { changes, .. }) = plan.next().map(|step| &step.action) else {
        panic!("members change: {:?}", demo.lines())
    };
    assert_eq!(
        *changes,
        [
            (MemberId(6), MemberChange::Promote),
            (MemberId(5), MemberChange::Remove),
            (MemberId(4), MemberChange::Remove)
        ]
    );
}

#[test]
fn the_budget_is_lowered_after_the_removal_and_once_removed_pods_are_counted_no_more() {
    let mut demo = after_the_removal();
    demo.pod(4).ready = true;
    assert_eq!(
        demo.line("release-budget/poddisruptionbudget"),
        "release-budget poddisruptionbudget: blocked, demo-4 is still counted as Ready and does not vote"
    );
    demo.pod(4).ready = false;
    assert_eq!(demo.next(), "release-budget poddisruptionbudget: 3 vote");
    demo.observed.budget.as_mut().expect("it is there").released = true;
    assert_eq!(demo.next(), "apply poddisruptionbudget: 3 vote");
}

#[test]
fn pods_leave_then_claims_are_released_then_deleted() {
    let mut demo = after_the_removal();
    demo.set_budget(3);
    assert_eq!(demo.next(), "release-places statefulset: 5 pods exist, 3 are needed");
    demo.observed.set.as_mut().expect("it is there").released = true;
    assert_eq!(demo.next(), "apply statefulset: 5 pods exist, 3 are needed");
    demo.observed.set = Some(set(3));
    for place in [3, 4] {
        (demo.slot(place).pod, demo.slot(place).answer) = (None, Answer::Silent);
    }
    assert_eq!(demo.next(), "release-claim demo-3: its member was removed, and a new one must find an empty disk");
    demo.claim(3).released = true;
    assert_eq!(demo.next(), "delete-claim demo-3: its member was removed, and a new one must find an empty disk");
    assert!(demo.plan().next().expect("a step").action.needs_second_look());
    demo.claim(3).terminating = true;
    assert!(demo.next().starts_with("release-claim demo-4"));
}

#[test]
fn a_place_that_may_be_a_members_is_not_left_out() {
    let mut demo = five_to_three();
    demo.lose_leader();
    assert_eq!(demo.lines(), [""; 0]);
    demo.observed.set.as_mut().expect("it is there").is_outdated = true;
    let plan = demo.plan();
    let Some(Action::ApplySet { replicas, .. }) = plan.next().map(|step| &step.action) else {
        panic!("a new template")
    };
    assert_eq!(*replicas, 5);
}

#[test]
fn a_set_that_was_scaled_by_hand_below_its_members_covers_them_again() {
    let mut demo = Demo::settled(3);
    demo.observed.set = Some(set(1));
    assert_eq!(demo.next(), "apply statefulset: 1 pods exist, 3 are needed");
}

#[test]
fn the_claim_of_a_place_that_was_scaled_away_by_hand_is_not_deleted() {
    let mut demo = Demo::settled(3);
    demo.observed.set = Some(set(2));
    demo.lose_node(2);
    demo.observed.slots.get_mut(&Ordinal(2)).expect("it is there").pod = None;
    assert_eq!(
        demo.line("release-claim/demo-2"),
        "release-claim demo-2: blocked, it may hold the data of member 3, which is in the cluster"
    );
}

#[test]
fn leadership_goes_to_a_voter_that_keeps_its_disk_although_it_leaves_later() {
    let mut demo = Demo::settled(5);
    demo.desired.replicas = 1;
    demo.claim(0).terminating = true;
    demo.cluster().leader = Some(MemberId(5));
    assert_eq!(demo.next(), "transfer-leadership demo-1: the leader is one of demo-4 and demo-3, which are to leave");
}

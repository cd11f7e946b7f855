//! More voters.

use crate::{
    fixture::Demo,
    ids::{ConfigurationIndex, InstanceId, MemberId, Ordinal},
    observed::{Answer, MemberSeen, Role},
    plan::{Action, MemberChange},
};

/// One voter where three are asked for, with empty disks in the two new places.
fn one_of_three() -> Demo {
    let mut demo = Demo::settled(1);
    demo.desired.replicas = 3;
    demo.observed.set.as_mut().expect("it is there").replicas = 3;
    demo.add_blank(1);
    demo.add_blank(2);
    demo
}

/// As [`one_of_three`], with learners that have caught up in the new places.
fn with_learners() -> Demo {
    let mut demo = one_of_three();
    demo.add_member(1, 2, Role::Learner);
    demo.add_member(2, 3, Role::Learner);
    demo
}

#[test]
fn pods_come_first() {
    let mut demo = Demo::settled(1);
    demo.desired.replicas = 3;
    assert_eq!(demo.next(), "apply statefulset: 1 pods exist, 3 are needed");
}

#[test]
fn the_claim_of_a_removed_member_goes_before_its_place_is_used_again() {
    let mut demo = Demo::settled(1);
    demo.desired.replicas = 3;
    demo.add_blank(2);
    demo.slot(2).pod = None;
    demo.slot(2).answer = Answer::Silent;
    assert_eq!(
        demo.line("apply/statefulset"),
        "apply statefulset: blocked, the claim of demo-2 is still there; it goes before its place is used again"
    );
    assert!(demo.next().starts_with("release-claim demo-2: its member was removed"));
}

#[test]
fn without_a_leader_a_pod_may_be_what_is_missing_for_one() {
    let mut demo = Demo::settled(3);
    demo.lose_leader();
    demo.observed.set.as_mut().expect("it is there").replicas = 2;
    demo.slot(2).pod = None;
    assert_eq!(demo.next(), "apply statefulset: 2 pods exist, 3 are needed");
}

#[test]
fn an_empty_disk_is_given_a_number_told_its_number_and_added() {
    let mut demo = one_of_three();
    assert_eq!(demo.next(), "allocate demo-1: its disk is empty, and it has no number yet");

    let joining = MemberSeen {
        id: MemberId(2),
        instance: InstanceId::from("empty-1"),
        ordinal: Ordinal(1),
        role: Role::Joining,
        replaces: None,
        active: false,
        silent: false,
        caught_up: false,
    };
    demo.cluster().members.push(joining);
    assert_eq!(demo.next(), "join demo-1: its empty disk was given number 2");

    demo.cluster().members.pop();
    demo.add_member(1, 2, Role::Joining);
    assert_eq!(demo.next(), "change-members members: demo-1 waits as member 2 to be added");
}

#[test]
fn a_disk_whose_claim_is_going_is_not_given_a_number() {
    let mut demo = one_of_three();
    demo.claim(1).terminating = true;
    assert!(demo.lines().iter().all(|line| !line.starts_with("allocate demo-1")), "{:?}", demo.lines());
}

#[test]
fn all_learners_are_promoted_together_after_the_budget_was_raised() {
    let mut demo = with_learners();
    assert_eq!(demo.next(), "apply poddisruptionbudget: 3 are about to vote");
    demo.set_budget(3);
    let expected = Action::ChangeMembers {
        cluster: "c1".into(),
        index: ConfigurationIndex(7),
        changes: vec![(MemberId(2), MemberChange::Promote), (MemberId(3), MemberChange::Promote)],
    };
    assert_eq!(demo.plan().next().map(|step| &step.action), Some(&expected));
}

#[test]
fn a_budget_that_its_controller_has_not_seen_is_waited_for() {
    let mut demo = with_learners();
    demo.set_budget(3);
    demo.observed.budget.as_mut().expect("it is there").is_observed = false;
    assert_eq!(
        demo.lines(),
        ["change-members members: blocked, the budget for 3 voters, 2 Ready pods, is not in force yet"]
    );
}

#[test]
fn a_learner_that_lags_is_waited_for() {
    let mut demo = with_learners();
    demo.set_budget(3);
    demo.member(3).caught_up = false;
    assert_eq!(
        demo.lines(),
        [
            "change-members members: blocked, demo-2 has not caught up; learners vote once they answer, and hold the log \
             and every round"
        ]
    );
}

#[test]
fn a_learner_whose_disk_is_going_is_not_promoted() {
    let mut demo = with_learners();
    demo.set_budget(3);
    demo.claim(2).released = true;
    let promotion = "change-members members: blocked, the claim of demo-2 is going; a new disk takes its place";
    assert!(demo.lines().iter().any(|line| line == promotion), "{:?}", demo.lines());
}

#[test]
fn a_learner_that_is_silent_is_not_promoted_although_it_had_caught_up() {
    let mut demo = with_learners();
    demo.set_budget(3);
    demo.silence(3);
    assert!(demo.lines()[0].starts_with("change-members members: blocked, demo-2 has not caught up"));
}

#[test]
fn nobody_votes_at_a_place_that_is_about_to_be_left_out() {
    let mut demo = with_learners();
    demo.set_budget(3);
    demo.observed.set.as_mut().expect("it is there").released = true;
    assert_eq!(
        demo.line("change-members/members"),
        "change-members members: blocked, the StatefulSet leaves out demo-1, or is about to; it covers voters first"
    );
    assert_eq!(demo.next(), "apply statefulset: 3 pods exist, 3 are needed", "which takes the mark away");
}

#[test]
fn nobody_votes_while_the_budget_is_about_to_be_lowered() {
    let mut demo = with_learners();
    demo.set_budget(3);
    demo.observed.budget.as_mut().expect("it is there").released = true;
    assert!(demo.line("change-members/members").contains("is not in force yet"));
    assert_eq!(demo.next(), "apply poddisruptionbudget: it was about to be lowered, and is needed");
}

#[test]
fn one_learner_of_two_is_not_promoted_alone() {
    let mut demo = one_of_three();
    demo.add_member(1, 2, Role::Learner);
    demo.set_budget(3);
    assert_eq!(demo.lines(), ["allocate demo-2: its disk is empty, and it has no number yet"]);
}

#[test]
fn while_a_change_is_under_way_no_other_is_begun() {
    let mut demo = with_learners();
    demo.set_budget(3);
    demo.cluster().joint = true;
    assert_eq!(
        demo.lines(),
        ["change-members members: blocked, a change of members is not finished; it finishes by itself"]
    );
}

//! Voters whose disk is gone.

use crate::{
    fixture::Demo,
    ids::{ConfigurationIndex, MemberId},
    observed::{Answer, Role},
    plan::{Action, MemberChange},
};

#[test]
fn an_empty_disk_in_a_voters_place_becomes_a_member_that_replaces_it() {
    let mut demo = Demo::settled(3);
    demo.wipe(2);
    assert_eq!(demo.next(), "allocate demo-2: its disk is empty, and member 3 was here");
    let plan = demo.plan();
    let Some(Action::Allocate { replaces, .. }) = plan.next().map(|step| &step.action) else { panic!("a number") };
    assert_eq!(*replaces, Some(MemberId(3)));
}

#[test]
fn a_voter_that_was_heard_of_lately_is_not_replaced() {
    let mut demo = Demo::settled(3);
    demo.wipe(2);
    demo.member(3).silent = false;
    assert_eq!(
        demo.lines(),
        ["allocate demo-2: blocked, member 3 was heard of lately; it is replaced after 30 s of silence"]
    );
}

#[test]
fn the_successor_is_promoted_and_the_lost_voter_removed_in_one_change() {
    let mut demo = Demo::settled(3);
    demo.wipe(2);
    demo.add_member(2, 4, Role::Learner);
    demo.member(4).replaces = Some(MemberId(3));
    let expected = Action::ChangeMembers {
        cluster: "c1".into(),
        index: ConfigurationIndex(7),
        changes: vec![(MemberId(4), MemberChange::Promote), (MemberId(3), MemberChange::Remove)],
    };
    assert_eq!(demo.plan().next().map(|step| &step.action), Some(&expected));
    demo.member(4).caught_up = false;
    assert!(demo.lines()[0].contains("demo-2 has not caught up"));
}

#[test]
fn a_learner_whose_disk_was_wiped_is_removed_and_its_place_taken() {
    let mut demo = Demo::settled(3);
    demo.cluster().members.retain(|member| member.id != MemberId(3));
    demo.add_member(2, 4, Role::Learner);
    demo.wipe(2);
    assert_eq!(demo.next(), "change-members members: learner 4 is not wanted at demo-2 any more");
}

#[test]
fn the_disk_of_a_removed_member_in_a_wanted_place_goes() {
    let mut demo = Demo::settled(3);
    demo.cluster().members.retain(|member| member.id != MemberId(3));
    let cluster = Demo::id();
    demo.slot(2).answer = Answer::Removed { cluster, member: MemberId(3) };
    demo.pod(2).ready = false;
    assert_eq!(demo.next(), "release-claim demo-2: its disk is that of member 3, which was removed");
    demo.claim(2).released = true;
    assert_eq!(demo.next(), "delete-claim demo-2: it was released");
    demo.claim(2).terminating = true;
    assert_eq!(demo.next(), "delete-pod demo-2: its claim goes once its pod is gone");
}

#[test]
fn a_lost_node_alone_replaces_nobody() {
    let mut demo = Demo::settled(3);
    demo.lose_node(2);
    assert_eq!(demo.lines(), [""; 0]);
}

#[test]
fn a_member_that_people_gave_up_loses_its_claim_and_then_its_pod() {
    let mut demo = Demo::settled(3);
    demo.lose_node(2);
    demo.desired.replace_member = Some(MemberId(3));
    assert_eq!(demo.next(), "release-claim demo-2: silhouette.dev/replace-member says that member 3 is lost");
    demo.claim(2).released = true;
    assert!(demo.next().starts_with("delete-claim demo-2"));
    demo.claim(2).terminating = true;
    assert_eq!(demo.next(), "delete-pod demo-2: it keeps the claim of member 3, which is lost, from going");
}

#[test]
fn a_member_that_answers_is_not_given_up_whatever_people_say() {
    let mut demo = Demo::settled(3);
    demo.desired.replace_member = Some(MemberId(3));
    assert_eq!(
        demo.lines(),
        ["release-claim demo-2: blocked, it may hold the data of member 3, which is in the cluster"]
    );
}

#[test]
fn a_member_is_not_given_up_without_a_majority_that_is_sound_without_it() {
    let mut demo = Demo::settled(3);
    demo.lose_node(2);
    demo.silence(2);
    demo.desired.replace_member = Some(MemberId(3));
    assert_eq!(
        demo.lines(),
        ["release-claim demo-2: blocked, it may hold the data of member 3, which is in the cluster"]
    );
}

#[test]
fn a_claim_that_was_released_is_taken_back_when_its_member_takes_part() {
    let mut demo = Demo::settled(3);
    demo.claim(1).released = true;
    assert_eq!(demo.next(), "annotate demo-1: its claim holds the data of member 2 of cluster c1");
}

#[test]
fn without_a_leader_no_claim_goes() {
    let mut demo = Demo::settled(3);
    demo.desired.replace_member = Some(MemberId(3));
    demo.silence(3);
    demo.lose_leader();
    assert_eq!(demo.next(), "nothing");
}

#[test]
fn a_claim_that_was_released_is_taken_back_when_people_give_its_member_up_no_more() {
    let mut demo = Demo::settled(3);
    demo.lose_node(2);
    demo.claim(2).released = true;
    assert_eq!(demo.next(), "annotate demo-2: its claim holds the data of member 3 of cluster c1");
    demo.desired.replace_member = Some(MemberId(3));
    assert!(demo.next().starts_with("delete-claim demo-2"));
}

#[test]
fn the_pod_of_a_voter_whose_claim_people_deleted_leaves_within_the_budget() {
    let mut demo = Demo::settled(3);
    demo.claim(2).terminating = true;
    assert_eq!(
        demo.next(),
        "evict demo-2: its claim is being deleted, and a new disk takes its place once the pod is gone"
    );
    demo.cluster().leader = Some(MemberId(3));
    assert_eq!(demo.next(), "transfer-leadership demo-0: demo-2 leads, and its claim is being deleted");
}

#[test]
fn the_last_disk_keeps_its_pod_although_its_claim_is_being_deleted() {
    let mut demo = Demo::settled(1);
    demo.claim(0).terminating = true;
    demo.outdate([0]);
    assert_eq!(demo.next(), "nothing");
    assert_eq!(
        demo.lines()[0],
        "evict demo-0: blocked, its claim is being deleted, and the disk goes with the pod; no majority of other voters has \
         its data: ask for more replicas first"
    );
}

#[test]
fn voters_do_not_leave_while_the_claim_of_one_that_stays_is_being_deleted() {
    let mut demo = Demo::settled(3);
    demo.desired.replicas = 1;
    demo.claim(0).terminating = true;
    assert!(demo.line("change-members/members").contains("a majority must, on disks that stay"));
}

#[test]
fn a_member_is_not_given_up_while_the_claim_of_another_is_being_deleted() {
    let mut demo = Demo::settled(3);
    demo.lose_node(2);
    demo.claim(1).terminating = true;
    demo.desired.replace_member = Some(MemberId(3));
    assert!(demo.line("release-claim/demo-2").contains("blocked, it may hold the data of member 3"));
}

#[test]
fn a_note_of_another_cluster_says_nothing() {
    let mut demo = Demo::settled(1);
    demo.desired.replicas = 3;
    demo.desired.start_again_without = Some("c0".into());
    demo.add_blank(2);
    demo.slot(2).pod = None;
    demo.slot(2).answer = Answer::Silent;
    (demo.claim(2).cluster, demo.claim(2).member) = (Some("c0".into()), Some(MemberId(1)));
    assert!(demo.next().starts_with("release-claim demo-2"), "{:?}", demo.lines());
}

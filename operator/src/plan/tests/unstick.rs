//! A bad change must not block its own repair.

use crate::{
    fixture::Demo,
    observed::{Answer, Container},
};

fn not_running() -> Container {
    Container::NotRunning { reason: "ImagePullBackOff".to_owned() }
}

/// One follower got an image that does not exist; then it was taken back.
fn bad_image_taken_back() -> Demo {
    let mut demo = Demo::settled(3);
    demo.silence(3);
    demo.outdate([2]);
    demo.pod(2).container = not_running();
    demo
}

#[test]
fn a_pod_with_a_bad_image_that_was_taken_back_is_made_again() {
    assert_eq!(
        bad_image_taken_back().next(),
        "delete-pod demo-2: it does not run (ImagePullBackOff) and is of an older template"
    );
}

#[test]
fn a_pod_that_does_not_run_with_the_present_template_is_left_alone() {
    let mut demo = bad_image_taken_back();
    demo.pod(2).revision = crate::fixture::PRESENT.into();
    assert_eq!(demo.lines(), [""; 0]);
}

#[test]
fn a_voter_that_its_leader_still_counts_is_not_deleted() {
    let mut demo = bad_image_taken_back();
    demo.member(3).active = true;
    assert_eq!(
        demo.line("delete-pod/demo-2"),
        "delete-pod demo-2: blocked, it may be running a voter that counts; it is deleted once it does not run and the \
         leader counts it out"
    );
}

#[test]
fn a_pod_that_the_budget_still_counts_on_is_not_deleted() {
    let mut demo = bad_image_taken_back();
    demo.pod(2).ready = true;
    assert_eq!(
        demo.line("delete-pod/demo-2"),
        "delete-pod demo-2: blocked, it is shown as Ready, so the budget counts on it; it is deleted once it is not"
    );
}

#[test]
fn while_one_takes_anothers_place_both_count() {
    let mut demo = bad_image_taken_back();
    demo.add_member(2, 4, crate::observed::Role::Voter);
    demo.outdate([2]);
    (demo.pod(2).container, demo.pod(2).ready) = (not_running(), false);
    demo.slot(2).answer = Answer::Silent;
    assert!(demo.line("delete-pod/demo-2").contains("blocked, it may be running a voter that counts"));
}

#[test]
fn a_node_that_does_not_report_says_nothing_of_its_container() {
    let mut demo = bad_image_taken_back();
    demo.pod(2).container = Container::Unknown;
    assert!(demo.lines().iter().all(|line| !line.starts_with("delete-pod")), "{:?}", demo.lines());
}

#[test]
fn when_nothing_works_for_long_old_pods_are_deleted_without_a_leader() {
    let mut demo = Demo::settled(3);
    demo.lose_leader();
    demo.outdate(0..3);
    for place in 0..3 {
        (demo.pod(place).ready, demo.pod(place).stuck) = (false, true);
    }
    assert_eq!(
        demo.next(),
        "delete-pod demo-0: no pod is Ready, no voter sees a leader, and it is of an older template"
    );
    demo.pod(1).stuck = false;
    assert_eq!(demo.next(), "nothing", "silence of a pod alone is no evidence");
}

//! Founding a cluster.

use crate::{
    fixture::Demo,
    observed::{Answer, Container},
    plan::Action,
};

#[test]
fn the_objects_come_first() {
    assert_eq!(Demo::empty(3).next(), "apply statefulset: it is missing");
}

#[test]
fn the_first_node_founds_the_cluster_once_every_node_says_that_its_disk_is_empty() {
    let demo = Demo::unfounded(3);
    assert_eq!(demo.next(), "bootstrap demo-0: no node belongs to a cluster");
    let Some(Action::Bootstrap { cluster, instance, initial_members, .. }) =
        demo.plan().next().map(|step| step.action.clone())
    else {
        panic!("the step is a bootstrap")
    };
    assert_eq!((cluster, instance.0.as_str(), initial_members), (demo.desired.new_cluster_id(), "empty-0", 3));
}

#[test]
fn a_node_that_is_silent_may_have_the_cluster() {
    let mut demo = Demo::unfounded(3);
    demo.slot(2).answer = Answer::Silent;
    assert_eq!(
        demo.line("bootstrap/demo-0"),
        "bootstrap demo-0: blocked, a cluster is founded once every node has answered in one pass; demo-2 did not answer"
    );
}

#[test]
fn a_node_that_has_no_pod_yet_may_have_the_cluster() {
    let mut demo = Demo::unfounded(3);
    demo.observed.slots.remove(&crate::ids::Ordinal(2));
    assert!(demo.line("bootstrap/demo-0").contains("demo-2 did not answer"));
}

#[test]
fn nothing_is_founded_beside_a_cluster_that_answers() {
    let mut demo = Demo::settled(3);
    demo.wipe(0);
    demo.lose_leader();
    assert_eq!(demo.line("bootstrap/demo-0"), "no step is bootstrap/demo-0: []");
}

#[test]
fn pods_with_an_image_that_never_runs_are_made_again_without_a_leader_before_there_is_a_cluster() {
    let mut demo = Demo::unfounded(3);
    demo.outdate(0..3);
    demo.set_budget(3);
    for place in 0..3 {
        demo.slot(place).answer = Answer::Silent;
        demo.pod(place).container = Container::NotRunning { reason: "ImagePullBackOff".to_owned() };
    }
    assert_eq!(demo.next(), "delete-pod demo-0: it does not run (ImagePullBackOff) and is of an older template");
}

#[test]
fn nothing_is_founded_on_a_disk_whose_claim_is_being_deleted() {
    let mut demo = Demo::unfounded(3);
    demo.claim(0).terminating = true;
    assert_eq!(demo.next(), "delete-pod demo-0: its disk is empty, and its claim is being deleted");
    demo.pod(0).terminating = true;
    assert_eq!(demo.next(), "nothing");
}

#[test]
fn a_claim_that_was_released_goes_before_a_cluster_is_founded_in_its_place() {
    let mut demo = Demo::unfounded(3);
    demo.claim(0).released = true;
    assert_eq!(demo.next(), "delete-claim demo-0: its disk is empty, and it was released");
}

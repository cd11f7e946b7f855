//! Whose data the disks hold.

use crate::{
    fixture::Demo,
    ids::{ClusterId, InstanceId, MemberId},
    observed::Answer,
    plan::Identity,
};

fn foreign() -> Answer {
    Answer::Member {
        cluster: "c2".into(),
        member: MemberId(1),
        instance: InstanceId::from("foreign"),
        sees_leader: true,
    }
}

#[test]
fn with_disks_of_two_clusters_nothing_at_all_is_done() {
    let mut demo = Demo::settled(3);
    demo.slot(1).answer = foreign();
    demo.outdate(0..3);
    demo.observed.budget = None;
    demo.observed.set.as_mut().expect("it is there").replicas = 5;
    let plan = demo.plan();
    assert_eq!(plan.identity, Identity::Conflict(vec!["c1".into(), "c2".into()]));
    assert_eq!(plan.next(), None);
    assert_eq!(
        demo.line("apply/poddisruptionbudget"),
        "apply poddisruptionbudget: blocked, disks, claims and status name 2 clusters (c1, c2); nothing is done until one \
         is left: move the other's claims away"
    );
}

#[test]
fn a_claim_that_remembers_another_cluster_is_a_conflict_too() {
    let mut demo = Demo::settled(3);
    demo.claim(2).cluster = Some("c2".into());
    assert!(matches!(demo.plan().identity, Identity::Conflict(_)));
}

#[test]
fn a_cluster_that_is_remembered_is_not_founded_anew() {
    let mut demo = Demo::unfounded(3);
    demo.observed.recorded = Some(Demo::id());
    assert_eq!(demo.plan().identity, Identity::DataLost(Demo::id()));
    assert_eq!(
        demo.line("bootstrap/demo-0"),
        "bootstrap demo-0: blocked, cluster c1 is remembered and every disk is empty; to start again without its data, \
         annotate the resource with silhouette.dev/start-again-without=c1"
    );
}

#[test]
fn a_cluster_that_is_remembered_may_be_on_the_disks_that_do_not_answer() {
    let mut demo = Demo::unfounded(3);
    demo.claim(2).cluster = Some(Demo::id());
    demo.slot(2).answer = Answer::Silent;
    assert_eq!(demo.plan().identity, Identity::Known(Demo::id()));
    assert_eq!(
        demo.line("bootstrap/demo-0"),
        "bootstrap demo-0: blocked, cluster c1 is remembered; its disks may come back; demo-2 did not answer"
    );
}

#[test]
fn people_start_again_by_naming_the_cluster_that_is_lost() {
    let mut demo = Demo::unfounded(3);
    let first = demo.desired.new_cluster_id();
    demo.observed.recorded = Some(Demo::id());
    demo.desired.start_again_without = Some(Demo::id());
    assert!(demo.next().starts_with("bootstrap demo-0"));
    assert_ne!(demo.desired.new_cluster_id(), first);
}

#[test]
fn naming_another_cluster_as_lost_starts_nothing() {
    let mut demo = Demo::unfounded(3);
    demo.observed.recorded = Some(Demo::id());
    demo.desired.start_again_without = Some(ClusterId::from("c9"));
    demo.set_budget(3);
    assert_eq!(demo.next(), "nothing");
}

#[test]
fn naming_a_cluster_as_lost_does_no_harm_to_one_that_answers() {
    let mut demo = Demo::settled(3);
    demo.desired.start_again_without = Some(Demo::id());
    assert_eq!(demo.lines(), [""; 0]);
}

#[test]
fn a_cluster_whose_resource_and_status_are_new_is_adopted() {
    let mut demo = Demo::settled(3);
    demo.observed.recorded = None;
    demo.desired.uid = "another".into();
    for place in 0..3 {
        (demo.claim(place).cluster, demo.claim(place).member) = (None, None);
    }
    assert_eq!(demo.plan().identity, Identity::Known(Demo::id()));
    assert_eq!(demo.next(), "annotate demo-0: its claim holds the data of member 1 of cluster c1");
}

#[test]
fn a_cluster_without_pods_is_adopted_with_a_place_for_every_claim_and_its_budget_first() {
    let mut demo = Demo::settled(5);
    demo.observed.set = None;
    demo.observed.budget = None;
    demo.observed.cluster = None;
    demo.desired.replicas = 3;
    for place in 0..5 {
        let slot = demo.slot(place);
        (slot.pod, slot.answer) = (None, Answer::Silent);
    }
    assert_eq!(demo.next(), "apply poddisruptionbudget: 5 vote, 0 more pods are Ready");
    demo.set_budget(5);
    let plan = demo.plan();
    let crate::plan::Action::ApplySet { replicas, .. } = plan.next().expect("a step").action else {
        panic!("the step makes the StatefulSet")
    };
    assert_eq!(replicas, 5);
}

//! From looks at a cluster made by hand to its status.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use serde_json::json;

use super::{MemberRole, MemberStatus, SilhouetteClusterStatus, View};
use crate::{
    api::SilhouetteCluster,
    fixture::Demo,
    observed::{Answer, Role},
    status::Conditions,
};

/// A moment, in seconds.
fn at(second: i64) -> Time {
    Time(Timestamp::from_second(second).expect("it is a time"))
}

fn resource() -> SilhouetteCluster {
    let resource = json!({
        "apiVersion": "silhouette.dev/v1alpha1",
        "kind": "SilhouetteCluster",
        "metadata": { "name": "demo", "namespace": "default", "uid": "cr", "generation": 4 },
        "spec": {
            "image": { "name": "silhouette-server:0.1.0" },
            "storage": { "size": "1Gi" },
            "tls": { "mode": "Disabled" },
        },
    });
    serde_json::from_value(resource).expect("it is a resource")
}

fn status_of(cluster: &SilhouetteCluster, demo: &Demo, now: &Time) -> SilhouetteClusterStatus {
    let plan = demo.plan();
    let conditions = Conditions::judge(&demo.desired, &demo.observed, &plan);
    let view = View { observed: &demo.observed, plan: &plan, conditions: &conditions, version: Some("0.1.0") };
    SilhouetteClusterStatus::of(cluster, &view, now)
}

fn since(status: &SilhouetteClusterStatus, kind: &str) -> Time {
    let mut conditions = status.conditions.iter();
    conditions.find(|condition| condition.type_ == kind).expect("all are set").last_transition_time.clone()
}

#[test]
fn a_settled_cluster_shows_who_is_there_and_that_nothing_is_next() {
    let status = status_of(&resource(), &Demo::settled(3), &at(1));
    assert_eq!(status.observed_generation, 4);
    assert_eq!(status.cluster_id.as_deref(), Some("c1"));
    assert_eq!(status.leader.as_deref(), Some("demo-0"));
    assert_eq!((status.replicas, status.selector.as_deref()), (3, Some("silhouette.dev/cluster=demo")));
    assert_eq!(status.quorum.as_deref(), Some("3/3"));
    assert_eq!(status.version.as_deref(), Some("0.1.0"));
    assert_eq!((status.next, status.plan.len()), (None, 0));
    let expected = MemberStatus { id: 2, pod: "demo-1".to_owned(), role: MemberRole::Voter, replaces: None };
    assert_eq!(status.members[1], expected);
    let shown: Vec<&str> = status.conditions.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(shown, ["Ready", "Reconciling", "Stalled", "Quorate", "DataReady", "Degraded"]);
}

#[test]
fn the_same_view_gives_the_same_status_at_any_time() {
    let mut cluster = resource();
    let first = status_of(&cluster, &Demo::settled(3), &at(1));
    cluster.status = Some(first.clone());
    assert_eq!(status_of(&cluster, &Demo::settled(3), &at(99)), first);
}

#[test]
fn only_a_condition_that_changes_gets_another_time() {
    let mut cluster = resource();
    cluster.status = Some(status_of(&cluster, &Demo::settled(3), &at(1)));
    let mut demo = Demo::settled(3);
    demo.pod(1).ready = false;
    let status = status_of(&cluster, &demo, &at(9));
    assert_eq!(since(&status, "Ready"), at(9));
    assert_eq!(since(&status, "Degraded"), at(9));
    assert_eq!(since(&status, "Quorate"), at(1));
    assert_eq!(since(&status, "Stalled"), at(1));
}

#[test]
fn what_blocks_a_step_is_shown_with_its_code() {
    let mut demo = Demo::settled(3);
    demo.outdate([0, 1, 2]);
    demo.pod(0).ready = false;
    let status = status_of(&resource(), &demo, &at(1));
    let blocked = status.plan.iter().find_map(|step| step.blocked_by.as_ref()).expect("a step is blocked");
    assert_eq!(blocked.code, "VotersNotReady");
    assert!(!blocked.message.is_empty());
}

#[test]
fn the_next_step_is_shown_before_what_waits_and_what_waits_if_nothing_is_next() {
    let mut demo = Demo::settled(3);
    demo.outdate([2]);
    assert_eq!(status_of(&resource(), &demo, &at(1)).next.as_deref(), Some("evict/demo-2"));
    demo.pod(0).ready = false;
    let status = status_of(&resource(), &demo, &at(1));
    assert_eq!(demo.plan().next(), None, "everything waits");
    assert_eq!(status.next.as_deref(), Some("evict/demo-2"));
}

#[test]
fn a_cluster_of_which_nobody_answers_is_remembered() {
    let mut demo = Demo::settled(3);
    for place in 0..3 {
        demo.slot(place).answer = Answer::Silent;
        demo.slot(place).claim = None;
    }
    demo.observed.cluster = None;
    let status = status_of(&resource(), &demo, &at(1));
    assert_eq!(status.cluster_id.as_deref(), Some("c1"));
    assert_eq!((status.leader, status.quorum, status.members.len()), (None, None, 0));
}

#[test]
fn two_clusters_do_not_change_which_is_remembered() {
    let mut demo = Demo::settled(3);
    demo.observed.recorded = Some("c1".into());
    demo.claim(2).cluster = Some("c0".into());
    assert_eq!(status_of(&resource(), &demo, &at(1)).cluster_id.as_deref(), Some("c1"));
    demo.observed.recorded = None;
    assert_eq!(status_of(&resource(), &demo, &at(1)).cluster_id, None);
}

#[test]
fn members_are_shown_in_the_order_of_their_numbers_with_their_roles() {
    let mut demo = Demo::settled(3);
    demo.add_member(3, 9, Role::Learner);
    demo.add_member(4, 7, Role::Joining);
    let status = status_of(&resource(), &demo, &at(1));
    let shown: Vec<_> = status.members.iter().map(|member| (member.id, member.role)).collect();
    let voter = MemberRole::Voter;
    assert_eq!(shown, [(1, voter), (2, voter), (3, voter), (7, MemberRole::Joining), (9, MemberRole::Learner)]);
}

#[test]
fn an_annotation_that_makes_no_sense_stalls_and_keeps_what_was_seen() {
    let mut cluster = resource();
    cluster.status = Some(status_of(&cluster, &Demo::settled(3), &at(1)));
    let annotations = [("silhouette.dev/replace-member".to_owned(), "demo-1".to_owned())];
    cluster.metadata.annotations = Some(annotations.into());
    let refusal = cluster.desired().expect_err("demo-1 is no number");
    let status = SilhouetteClusterStatus::refused(&cluster, &refusal, &at(9));
    let stalled = &status.conditions[2];
    assert_eq!((stalled.type_.as_str(), stalled.status.as_str()), ("Stalled", "True"));
    assert_eq!(
        stalled.message,
        "the annotation silhouette.dev/replace-member is \"demo-1\", and must be a member's number, as status.members shows \
         it"
    );
    assert_eq!(status.cluster_id.as_deref(), Some("c1"));
    assert_eq!(status.members.len(), 3);
    cluster.status = Some(status.clone());
    assert_eq!(SilhouetteClusterStatus::refused(&cluster, &refusal, &at(99)), status);
}

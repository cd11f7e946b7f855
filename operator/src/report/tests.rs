//! What is written, and what is told.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::{Value, from_value, json};

use super::{Error, Events, Happening, Reason, write_status};
use crate::{
    api::{SilhouetteCluster, SilhouetteClusterStatus},
    ids::Ordinal,
    plan::{Action, Step},
    transport::Transport,
};

fn condition(kind: &str, status: &str) -> Condition {
    because(kind, status, "Because")
}

fn because(kind: &str, status: &str, reason: &str) -> Condition {
    from_value(json!({
        "type": kind, "status": status, "reason": reason, "message": "a sentence",
        "lastTransitionTime": "2026-11-25T02:00:00Z",
    }))
    .expect("a condition")
}

fn resource(status: &Value) -> SilhouetteCluster {
    from_value(json!({
        "apiVersion": "silhouette.dev/v1alpha1", "kind": "SilhouetteCluster",
        "metadata": { "name": "demo", "namespace": "ns", "uid": "r1", "resourceVersion": "7" },
        "spec": {
            "replicas": 3, "image": { "name": "silhouette:0.1.0" }, "storage": { "size": "1Gi" },
            "tls": { "mode": "Disabled" },
        },
        "status": status,
    }))
    .expect("a resource")
}

fn status(conditions: &[Condition]) -> SilhouetteClusterStatus {
    SilhouetteClusterStatus { conditions: conditions.to_vec(), ..SilhouetteClusterStatus::default() }
}

/// What the change from `before` to `after` tells.
fn told(kind: &str, before: Option<&str>, after: &str) -> Vec<Reason> {
    let before: Vec<Condition> = before.into_iter().map(|before| condition(kind, before)).collect();
    let happenings = Happening::of_conditions(&before, &[condition(kind, after)]);
    happenings.into_iter().map(|happening| happening.reason).collect()
}

#[tokio::test]
async fn a_status_that_has_not_changed_is_not_written() {
    let transport = Transport::default();
    let status = status(&[condition("Ready", "True")]);
    let resource = resource(&serde_json::to_value(&status).expect("JSON"));
    let told = write_status(&transport.client(), &resource, &status).await.expect("nothing to write");
    assert!(told.is_empty() && transport.sent().is_empty());
}

#[tokio::test]
async fn a_status_is_written_to_the_resource_as_it_was_seen_and_nothing_else_of_it_is() {
    let seen = resource(&json!({ "observedGeneration": -1 }));
    let transport = Transport::default().answers(200, serde_json::to_value(&seen).expect("JSON"));
    let status = status(&[condition("Ready", "True"), condition("Reconciling", "False")]);
    let told = write_status(&transport.client(), &seen, &status).await.expect("written");
    let sent = &transport.sent()[0];
    assert_eq!(
        sent.line,
        "PATCH /apis/silhouette.dev/v1alpha1/namespaces/ns/silhouetteclusters/demo/status?&force=true\
         &fieldManager=silhouette-operator"
    );
    assert_eq!(sent.body["metadata"], json!({ "uid": "r1", "resourceVersion": "7" }));
    assert_eq!(sent.body.get("spec"), None);
    assert_eq!(sent.body["status"], serde_json::to_value(&status).expect("JSON"));
    assert_eq!(told.iter().map(|happening| happening.reason).collect::<Vec<_>>(), [Reason::Ready]);
}

#[tokio::test]
async fn a_status_of_a_resource_that_has_changed_is_left_to_the_next_pass() {
    let transport = Transport::default().fails(409, "Conflict", "the object has been modified");
    let written =
        write_status(&transport.client(), &resource(&json!({})), &status(&[condition("Ready", "True")])).await;
    assert!(matches!(written, Err(Error::Changed { .. })), "{written:?}");
}

#[test]
fn only_changes_of_conditions_are_told_and_only_those_that_matter() {
    assert_eq!(told("Ready", None, "True"), [Reason::Ready]);
    assert_eq!(told("Ready", Some("True"), "True"), []);
    assert_eq!(told("Ready", Some("True"), "False"), [], "steps tell why");
    assert_eq!(told("Reconciling", Some("False"), "True"), [], "steps tell what");
    assert_eq!(told("Stalled", None, "False"), [], "what never was is not told to be over");
    assert_eq!(told("Stalled", Some("False"), "True"), [Reason::Stalled]);
    assert_eq!(told("Stalled", Some("True"), "False"), [Reason::Resumed]);
    assert_eq!(told("Quorate", None, "False"), [], "a cluster that is not founded has lost nothing");
    assert_eq!(told("Quorate", Some("False"), "True"), [Reason::QuorumReached]);
    assert_eq!(told("Quorate", Some("True"), "Unknown"), [Reason::QuorumLost]);
    assert_eq!(told("Quorate", Some("Unknown"), "False"), [], "it was told already");
    assert_eq!(told("DataReady", Some("Unknown"), "True"), []);
    assert_eq!(told("Degraded", None, "True"), [Reason::Degraded]);
    assert_eq!(told("Degraded", Some("True"), "False"), [Reason::Restored]);
    assert_eq!(told("SomebodyElses", None, "True"), []);
}

/// What the change from one condition to the next tells.
fn told_of(before: &Condition, after: &Condition) -> Vec<Reason> {
    let happenings = Happening::of_conditions(std::slice::from_ref(before), std::slice::from_ref(after));
    happenings.into_iter().map(|happening| happening.reason).collect()
}

#[test]
fn rounds_are_at_risk_where_there_are_rounds() {
    let [held, at_risk] = ["RoundsHeld", "RoundsAtRisk"]
        .map(|reason| because("DataReady", if reason == "RoundsHeld" { "True" } else { "False" }, reason));
    let unknown = because("DataReady", "Unknown", "NoLeader");
    let not_founded = because("DataReady", "False", "NotFounded");
    assert_eq!(told_of(&held, &at_risk), [Reason::RoundsAtRisk]);
    assert_eq!(told_of(&unknown, &at_risk), [Reason::RoundsAtRisk]);
    assert_eq!(told_of(&at_risk, &held), [Reason::RoundsHeld]);
    for before in [&held, &unknown] {
        assert_eq!(told_of(before, &not_founded), [], "there is nothing to lose");
    }
    assert_eq!(told_of(&not_founded, &held), [], "nothing was at risk");
}

#[test]
fn that_something_else_is_lacking_is_told_and_only_that() {
    let [unready, together] = ["VotersNotReady", "CoLocated"].map(|reason| because("Degraded", "True", reason));
    assert_eq!(told_of(&unready, &together), [Reason::Degraded]);
    let mut worse = unready.clone();
    worse.message = "another sentence".to_owned();
    assert_eq!(told_of(&unready, &worse), []);
}

#[tokio::test]
async fn an_event_names_what_was_done_and_to_which_pod() {
    let step = Step {
        action: Action::Evict { ordinal: Ordinal(1), pod: "p1".into() },
        target: "demo-1".to_owned(),
        reason: "its pod is of an older template".to_owned(),
        blocked_by: None,
    };
    let transport = Transport::default().answers(201, json!({ "metadata": {}, "eventTime": null }));
    let events = Events::new(transport.client(), Some("operator-0".to_owned()));
    let resource = resource(&json!({}));
    let happening = Happening::of_step(&step, "ns");
    events.publish(&resource, &happening).await.expect("published");
    events.publish(&resource, &happening).await.expect("told already");
    let sent = transport.sent();
    assert_eq!(sent.len(), 1, "the same is not told twice");
    assert_eq!(sent[0].line, "POST /apis/events.k8s.io/v1/namespaces/ns/events?");
    let event = &sent[0].body;
    assert_eq!(
        (&event["reason"], &event["action"], &event["type"]),
        (&json!("PodEvicted"), &json!("evict"), &json!("Normal"))
    );
    assert_eq!(event["note"], "evict demo-1: its pod is of an older template");
    assert_eq!((&event["regarding"]["uid"], &event["related"]["uid"]), (&json!("r1"), &json!("p1")));
    assert_eq!(event["reportingInstance"], "operator-0");
}

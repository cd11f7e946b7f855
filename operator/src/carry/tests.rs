//! What goes to the API server, and what follows from what it answers.

mod objects;

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use serde_json::{Value, json};
use tonic::Code;

use super::{Error, Outcome, claims::Claims, pods};
use crate::{ids::MemberId, nodes::NodeError, transport::Transport};

fn pod(uid: &str) -> Value {
    json!({ "metadata": { "name": "demo-1", "uid": uid, "resourceVersion": "7" } })
}

fn success() -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {} })
}

fn pods_over(transport: &Transport) -> Api<Pod> {
    Api::namespaced(transport.client(), "ns")
}

fn outcome(carried: &Result<(), Error>) -> Outcome {
    carried.as_ref().map_or_else(Error::outcome, |()| Outcome::Done)
}

#[tokio::test]
async fn an_eviction_names_the_pod_by_its_uid_in_words_that_the_api_server_reads() {
    let transport = Transport::default().answers(200, pod("u1")).answers(201, success());
    pods::evict(&pods_over(&transport), "demo-1", &"u1".into()).await.expect("evicted");
    let sent = transport.sent();
    assert_eq!(sent[0].line, "GET /api/v1/namespaces/ns/pods/demo-1");
    assert_eq!(sent[1].line, "POST /api/v1/namespaces/ns/pods/demo-1/eviction?");
    assert_eq!(
        sent[1].body,
        json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": "demo-1" },
            "deleteOptions": { "preconditions": { "uid": "u1" } },
        })
    );
}

#[tokio::test]
async fn a_pod_that_is_another_by_now_or_leaves_already_is_not_charged_to_the_budget() {
    let transport = Transport::default().answers(200, pod("u2"));
    let carried = pods::evict(&pods_over(&transport), "demo-1", &"u1".into()).await;
    assert_eq!((outcome(&carried), transport.sent().len()), (Outcome::Overtaken, 1));
    let mut leaving = pod("u1");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-25T02:00:00Z");
    let transport = Transport::default().answers(200, leaving);
    let carried = pods::evict(&pods_over(&transport), "demo-1", &"u1".into()).await;
    assert_eq!((outcome(&carried), transport.sent().len()), (Outcome::Done, 1));
}

#[tokio::test]
async fn a_budget_that_says_no_is_asked_later_and_two_budgets_over_one_pod_are_for_people() {
    let transport = Transport::default().answers(200, pod("u1")).answers(
        429,
        json!({
            "kind": "Status", "status": "Failure", "code": 429, "reason": "TooManyRequests",
            "message": "Cannot evict pod as it would violate the pod's disruption budget.",
            "details": { "causes": [
                { "reason": "DisruptionBudget", "message": "The disruption budget demo needs 2 healthy pods and has 2 currently" }
            ] },
        }),
    );
    let carried = pods::evict(&pods_over(&transport), "demo-1", &"u1".into()).await;
    assert_eq!(outcome(&carried), Outcome::Postponed);
    assert_eq!(
        carried.expect_err("refused").to_string(),
        "pod demo-1: Cannot evict pod as it would violate the pod's disruption budget.; The disruption budget demo needs 2 \
         healthy pods and has 2 currently"
    );
    let two = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 500,
        "message": "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    });
    let transport = Transport::default().answers(200, pod("u1")).answers(201, two);
    let carried = pods::evict(&pods_over(&transport), "demo-1", &"u1".into()).await;
    assert_eq!(outcome(&carried), Outcome::Refused);
}

#[tokio::test]
async fn a_pod_is_deleted_as_it_was_seen_and_with_its_own_grace() {
    let transport = Transport::default().answers(200, pod("u1"));
    pods::delete(&pods_over(&transport), "demo-1", &"u1".into(), &"7".into()).await.expect("deleted");
    let sent = &transport.sent()[0];
    assert_eq!(sent.line, "DELETE /api/v1/namespaces/ns/pods/demo-1?");
    assert_eq!(sent.body, json!({ "preconditions": { "uid": "u1", "resourceVersion": "7" } }));
}

#[tokio::test]
async fn claims_are_written_to_as_they_were_seen() {
    let transport = Transport::default().answers(200, pod("c1")).answers(200, pod("c1")).answers(200, success());
    let (claims, uid, seen) = (Claims::new(&transport.client(), "ns"), "c1".into(), "7".into());
    let cluster = "c0ffee".into();
    claims.annotate("data-demo-1", (&uid, &seen), (&cluster, MemberId(3))).await.expect("annotated");
    claims.release("data-demo-1", (&uid, &seen)).await.expect("released");
    claims.delete("data-demo-1", (&uid, &seen)).await.expect("deleted");
    let sent = transport.sent();
    assert_eq!(
        sent[0].body,
        json!({ "metadata": { "uid": "c1", "resourceVersion": "7", "annotations": {
            "silhouette.dev/cluster-id": "c0ffee", "silhouette.dev/member-id": "3", "silhouette.dev/released": null,
        } } })
    );
    assert_eq!(
        sent[1].body,
        json!({ "metadata": { "uid": "c1", "resourceVersion": "7", "annotations": { "silhouette.dev/released": "true" } } })
    );
    assert_eq!(sent[2].body, json!({ "preconditions": { "uid": "c1", "resourceVersion": "7" } }));
}

#[tokio::test]
async fn what_the_api_server_answers_decides_what_follows() {
    for (code, reason, message, expected) in [
        (404, "NotFound", "pods \"demo-1\" not found", Outcome::Overtaken),
        (409, "Conflict", "Precondition failed: UID in precondition: u1", Outcome::Overtaken),
        (409, "AlreadyExists", "it exists", Outcome::Overtaken),
        (429, "TooManyRequests", "too many requests", Outcome::Postponed),
        (500, "InternalError", "etcd has no leader", Outcome::Postponed),
        (503, "ServiceUnavailable", "not ready", Outcome::Postponed),
        (504, "Timeout", "request timed out", Outcome::Postponed),
        (500, "", "failed to create typed patch object: .spec.x: field not declared in schema", Outcome::Refused),
        (400, "BadRequest", "strict decoding error: unknown field", Outcome::Refused),
        (403, "Forbidden", "exceeded quota: few", Outcome::Refused),
        (422, "Invalid", "spec.containers: Required value", Outcome::Refused),
    ] {
        let transport = Transport::default().fails(code, reason, message);
        let carried = pods::delete(&pods_over(&transport), "demo-1", &"u1".into(), &"7".into()).await;
        assert_eq!(outcome(&carried), expected, "{code} {reason}: {carried:?}");
    }
}

#[test]
fn what_a_node_answers_decides_what_follows() {
    for (code, reason, expected) in [
        (Code::Aborted, "CONFIGURATION_CHANGED", Outcome::Overtaken),
        (Code::Aborted, "CHANGE_IN_FLIGHT", Outcome::Overtaken),
        (Code::FailedPrecondition, "WRONG_CLUSTER", Outcome::Overtaken),
        (Code::FailedPrecondition, "WRONG_INSTANCE", Outcome::Overtaken),
        (Code::FailedPrecondition, "ALREADY_INITIALISED", Outcome::Overtaken),
        (Code::FailedPrecondition, "MEMBER_ACTIVE", Outcome::Overtaken),
        (Code::NotFound, "MEMBER_NOT_FOUND", Outcome::Overtaken),
        (Code::FailedPrecondition, "NOT_CAUGHT_UP", Outcome::Postponed),
        (Code::FailedPrecondition, "CHANGE_UNSAFE", Outcome::Postponed),
        (Code::Unavailable, "NO_LEADER", Outcome::Postponed),
        (Code::Unavailable, "OUTCOME_UNKNOWN", Outcome::Postponed),
        (Code::ResourceExhausted, "TOO_MANY_ADMINISTRATION_CALLS", Outcome::Postponed),
        (Code::FailedPrecondition, "MEMBER_BUDGET_TOO_SMALL", Outcome::Refused),
        (Code::InvalidArgument, "INVALID_REQUEST", Outcome::Refused),
    ] {
        let (pod, message) = ("demo-1".to_owned(), "no".to_owned());
        let refused = NodeError::Refused { pod, code, reason: reason.to_owned(), message };
        assert_eq!(Error::from(refused).outcome(), expected, "{reason}");
    }
    let silent = NodeError::Silent { pod: "demo-1".to_owned(), after: Duration::from_secs(3) };
    assert_eq!(Error::from(silent).outcome(), Outcome::Postponed);
}

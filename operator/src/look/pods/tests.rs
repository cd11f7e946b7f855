use serde_json::{Value, from_value, json};

use super::*;

const BEGAN: &str = "2026-11-25T02:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A pod as the API server shows it, changed by a JSON merge at `status`.
fn pod(status: &Value) -> Pod {
    let mut shown = json!({
        "metadata": {
            "name": "demo-1",
            "namespace": "team",
            "uid": "p1",
            "resourceVersion": "901",
            "creationTimestamp": "2026-11-25T01:59:00Z",
            "labels": { "silhouette.dev/cluster": "demo", "controller-revision-hash": "demo-7d4b9c5f6" },
        },
        "spec": { "containers": [], "nodeName": "machine-1" },
        "status": {
            "phase": "Running",
            "conditions": [
                { "type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-25T01:59:00Z" },
                { "type": "Ready", "status": "False", "lastTransitionTime": BEGAN },
            ],
            "containerStatuses": [
                container_status("proxy", &json!({ "waiting": { "reason": "CrashLoopBackOff" } })),
                container_status(SERVER_CONTAINER, &json!({ "running": { "startedAt": BEGAN } })),
            ],
            "podIP": "10.0.0.7",
        },
    });
    for (field, value) in status.as_object().into_iter().flatten() {
        shown["status"][field] = value.clone();
    }
    from_value(shown).expect("a pod")
}

fn container_status(name: &str, state: &Value) -> Value {
    json!({ "name": name, "state": state, "image": "", "imageID": "", "ready": false, "restartCount": 0 })
}

fn server(state: &Value) -> Pod {
    pod(&json!({ "containerStatuses": [container_status(SERVER_CONTAINER, state)] }))
}

fn ready(status: &str) -> Value {
    json!({ "conditions": [{ "type": "Ready", "status": status, "lastTransitionTime": BEGAN }] })
}

/// A Kubernetes node whose condition Ready has been so since a time.
fn machine(ready: &str, since: &str) -> Node {
    let condition = json!({ "type": "Ready", "status": ready, "lastTransitionTime": since });
    from_value(json!({ "metadata": { "name": "machine-1" }, "status": { "conditions": [condition] } })).expect("a node")
}

fn seen(pod: &Pod) -> PodSeen {
    let machine = machine("True", "2026-11-20T00:00:00Z");
    pod_seen(pod, Some(("machine-1", Some(&machine))), time(BEGAN))
}

fn not_running(pod: &Pod) -> String {
    match seen(pod).container {
        Container::NotRunning { reason } => reason,
        other => format!("{other:?}"),
    }
}

#[test]
fn a_pod_is_named_by_uid_version_and_revision() {
    let seen = seen(&pod(&json!({})));
    assert_eq!((seen.uid, seen.version), (Uid::from("p1"), ResourceVersion::from("901")));
    assert_eq!(seen.revision, Revision::from("demo-7d4b9c5f6"));
    assert_eq!(seen.node, Some(NodeSeen { name: "machine-1".to_owned(), is_lost: false }));
    assert!(!seen.terminating);
}

#[test]
fn ready_is_what_the_api_server_shows() {
    assert!(seen(&pod(&ready("True"))).ready);
    assert!(!seen(&pod(&ready("False"))).ready);
    assert!(!seen(&pod(&ready("Unknown"))).ready);
    assert!(!seen(&pod(&json!({ "conditions": [] }))).ready);
}

#[test]
fn a_pod_that_is_being_deleted_is_terminating() {
    let mut going = pod(&ready("True"));
    going.metadata.deletion_timestamp = Some(from_value(json!(BEGAN)).expect("a time"));
    assert!(seen(&going).terminating);
}

#[test]
fn the_servers_container_counts_and_no_other() {
    assert_eq!(seen(&pod(&json!({}))).container, Container::Running);
    let waiting = json!({ "waiting": { "reason": "ImagePullBackOff", "message": "no such image" } });
    assert_eq!(not_running(&server(&waiting)), "ImagePullBackOff");
    let ended = json!({ "terminated": { "reason": "OOMKilled", "exitCode": 137 } });
    assert_eq!(not_running(&server(&ended)), "OOMKilled");
}

#[test]
fn a_pod_that_has_ended_does_not_run_whatever_is_said_of_its_containers() {
    assert_eq!(not_running(&pod(&json!({ "phase": "Failed", "reason": "Evicted" }))), "Evicted");
    assert_eq!(not_running(&pod(&json!({ "phase": "Succeeded" }))), "Succeeded");
}

#[test]
fn a_pod_that_no_node_has_does_not_run() {
    let scheduled = json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable" });
    let mut unscheduled = pod(&json!({ "phase": "Pending", "containerStatuses": null, "conditions": [scheduled] }));
    unscheduled.spec.as_mut().expect("a spec").node_name = None;
    assert_eq!(not_running(&unscheduled), "Unschedulable");
    assert_eq!(pod_seen(&unscheduled, None, time(BEGAN)).node, None);
}

#[test]
fn a_node_that_has_not_told_of_a_pod_may_have_started_it() {
    let bound = pod(&json!({ "phase": "Pending", "containerStatuses": null }));
    assert_eq!(seen(&bound).container, Container::Unknown);
    assert_eq!(seen(&pod(&json!({ "phase": "Unknown" }))).container, Container::Unknown);
}

#[test]
fn what_a_lost_node_said_of_a_pod_counts_no_more() {
    let waiting = server(&json!({ "waiting": { "reason": "CrashLoopBackOff" } }));
    let lost = machine("Unknown", BEGAN);
    for machine in [Some(&lost), None] {
        let seen = pod_seen(&waiting, Some(("machine-1", machine)), time("2026-11-25T03:00:00Z"));
        assert_eq!(seen.container, Container::Unknown);
        assert_eq!(seen.lost_node(), Some("machine-1"));
        assert!(!seen.stuck, "silence is no evidence");
    }
}

#[test]
fn a_pod_is_stuck_once_it_was_not_ready_for_a_minute() {
    let long_ready = machine("True", "2026-11-20T00:00:00Z");
    let stuck =
        |pod: &Pod, machine: &Node, now: &str| pod_seen(pod, Some(("machine-1", Some(machine))), time(now)).stuck;
    let unready = pod(&json!({}));
    assert!(!stuck(&unready, &long_ready, "2026-11-25T02:00:59Z"));
    assert!(stuck(&unready, &long_ready, "2026-11-25T02:01:00Z"));
    assert!(!stuck(&pod(&ready("True")), &long_ready, "2026-11-25T03:00:00Z"));
    assert!(!stuck(&pod(&json!({ "conditions": [] })), &long_ready, "2026-11-25T03:00:00Z"));
}

#[test]
fn the_minute_begins_when_the_container_or_the_node_last_began() {
    let now = time("2026-11-25T02:01:30Z");
    let stuck = |pod: &Pod, machine: &Node| pod_seen(pod, Some(("machine-1", Some(machine))), now).stuck;
    let long_ready = machine("True", "2026-11-20T00:00:00Z");
    let restarted = server(&json!({ "running": { "startedAt": "2026-11-25T02:00:45Z" } }));
    assert!(!stuck(&restarted, &long_ready));
    let never_ran = server(&json!({ "waiting": { "reason": "ImagePullBackOff" } }));
    assert!(stuck(&never_ran, &long_ready));
    let back = machine("True", "2026-11-25T02:00:45Z");
    assert!(!stuck(&never_ran, &back), "its node has just come back");
    assert!(!stuck(&never_ran, &machine("False", "2026-11-20T00:00:00Z")), "its node is not Ready");
}

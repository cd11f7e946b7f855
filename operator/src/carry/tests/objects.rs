//! Applies, and what keeps one that was planned from an old look from doing anything.

use serde_json::{Value, json};

use super::outcome;
use crate::{
    carry::{Outcome, objects::Objects},
    observed::Child,
    resources::{Children, annotations},
    transport::Transport,
};

/// What a resource of three replicas asks for.
const RESOURCE: &str = r#"
apiVersion: silhouette.dev/v1alpha1
kind: SilhouetteCluster
metadata: { name: demo, namespace: ns, uid: r1 }
spec:
  replicas: 3
  image: { name: "silhouette:0.1.0" }
  storage: { size: 1Gi }
  tls: { mode: Disabled }
"#;

fn with_objects(transport: &Transport) -> (kube::Client, Children) {
    let resource = serde_yaml::from_str(RESOURCE).expect("a resource");
    (transport.client(), Children::of(&resource).expect("its objects"))
}

fn set(version: &str, replicas: u32) -> Value {
    json!({
        "metadata": { "name": "demo", "uid": "s1", "resourceVersion": version },
        "spec": { "replicas": replicas, "selector": {}, "serviceName": "demo", "template": {} },
    })
}

fn budget(version: &str, min_available: &Value) -> Value {
    json!({
        "metadata": { "name": "demo", "uid": "b1", "resourceVersion": version },
        "spec": { "minAvailable": min_available },
    })
}

#[tokio::test]
async fn what_was_not_there_is_made_only_if_it_is_still_not_there() {
    let transport = Transport::default().fails(404, "NotFound", "not found").answers(201, set("9", 3));
    let (client, children) = with_objects(&transport);
    Objects::new(&client, "ns", "demo", children).apply_set(3, None).await.expect("made");
    let sent = &transport.sent()[1];
    assert_eq!(
        sent.line,
        "PATCH /apis/apps/v1/namespaces/ns/statefulsets/demo?&force=true&fieldManager=silhouette-operator"
    );
    assert_eq!((&sent.body["metadata"]["resourceVersion"], &sent.body["spec"]["replicas"]), (&json!("1"), &json!(3)));
    assert_eq!(sent.body["metadata"].get("uid"), None);
}

#[tokio::test]
async fn what_was_there_is_applied_as_it_was_seen_and_not_made_again() {
    let transport = Transport::default().answers(200, set("7", 3)).answers(200, set("9", 5));
    let (client, children) = with_objects(&transport);
    Objects::new(&client, "ns", "demo", children).apply_set(5, Some(&"7".into())).await.expect("applied");
    let sent = &transport.sent()[1];
    let metadata = &sent.body["metadata"];
    assert_eq!((&metadata["resourceVersion"], &metadata["uid"]), (&json!("7"), &json!("s1")));
    assert_eq!(metadata["annotations"].get(annotations::RELEASED), None, "the mark is taken back");
    assert_eq!(sent.body["spec"]["replicas"], 5);
}

#[tokio::test]
async fn what_has_changed_or_is_gone_is_not_written_to() {
    let transport = Transport::default().answers(200, set("8", 3)).fails(404, "NotFound", "not found");
    let (client, children) = with_objects(&transport);
    let objects = Objects::new(&client, "ns", "demo", children);
    for _ in ["changed", "gone"] {
        assert_eq!(outcome(&objects.apply_set(5, Some(&"7".into())).await), Outcome::Overtaken);
    }
    assert_eq!(transport.sent().len(), 2, "two reads");
}

#[tokio::test]
async fn marks_change_nothing_else() {
    let transport = Transport::default().answers(200, set("7", 5)).answers(200, set("7", 5)).answers(200, set("8", 5));
    let (client, children) = with_objects(&transport);
    Objects::new(&client, "ns", "demo", children).release_places(&"7".into()).await.expect("marked");
    let marked = &transport.sent()[2].body;
    assert_eq!(
        (&marked["metadata"]["annotations"][annotations::RELEASED], &marked["spec"]["replicas"]),
        (&json!("true"), &json!(5))
    );
    let seen = budget("7", &json!(4));
    let transport = Transport::default().answers(200, seen.clone()).answers(200, seen.clone()).answers(200, seen);
    let (client, children) = with_objects(&transport);
    Objects::new(&client, "ns", "demo", children).release_budget(&"7".into()).await.expect("marked");
    let marked = &transport.sent()[2].body;
    assert_eq!(
        (&marked["metadata"]["annotations"][annotations::RELEASED], &marked["spec"]["minAvailable"]),
        (&json!("true"), &json!(4))
    );
}

#[tokio::test]
async fn a_budget_that_others_wrote_in_percent_is_not_marked_as_one_for_no_pods() {
    let transport = Transport::default().answers(200, budget("7", &json!("50%")));
    let (client, children) = with_objects(&transport);
    let carried = Objects::new(&client, "ns", "demo", children).release_budget(&"7".into()).await;
    assert_eq!((outcome(&carried), transport.sent().len()), (Outcome::Overtaken, 1));
}

#[tokio::test]
async fn a_budget_is_taken_away_only_as_it_was_seen() {
    let transport = Transport::default()
        .answers(200, budget("7", &json!(2)))
        .fails(409, "Conflict", "Precondition failed")
        .answers(200, budget("8", &json!(2)));
    let (client, children) = with_objects(&transport);
    let objects = Objects::new(&client, "ns", "demo", children);
    assert_eq!(outcome(&objects.set_budget(None, Some(&"7".into())).await), Outcome::Overtaken);
    assert_eq!(transport.sent()[1].body, json!({ "preconditions": { "uid": "b1", "resourceVersion": "7" } }));
    assert_eq!(outcome(&objects.set_budget(None, Some(&"7".into())).await), Outcome::Overtaken);
    assert_eq!(transport.sent().len(), 3, "the second time it was read only");
}

#[tokio::test]
async fn other_objects_are_applied_whatever_is_there() {
    let ours = json!({ "metadata": { "name": "demo-headless", "labels": { "silhouette.dev/cluster": "demo" } } });
    let transport = Transport::default().answers(200, ours.clone()).answers(200, ours);
    let (client, children) = with_objects(&transport);
    Objects::new(&client, "ns", "demo", children).apply(Child::HeadlessService).await.expect("applied");
    let sent = &transport.sent()[1];
    assert!(sent.line.starts_with("PATCH /api/v1/namespaces/ns/services/demo-headless?&force=true"), "{}", sent.line);
    assert_eq!(sent.body["metadata"].get("resourceVersion"), None);
}

#[tokio::test]
async fn an_object_of_somebody_else_is_not_written_over() {
    let transport = Transport::default().answers(200, json!({ "metadata": { "name": "demo" } }));
    let (client, children) = with_objects(&transport);
    let refused = Objects::new(&client, "ns", "demo", children).apply(Child::Service).await;
    assert_eq!((outcome(&refused), transport.sent().len()), (Outcome::Refused, 1));
    let said = refused.expect_err("it is another's").to_string();
    assert!(said.to_lowercase().starts_with("service demo is somebody else's: it has no label"), "{said}");
}

#[tokio::test]
async fn a_policy_that_is_not_wanted_goes_if_it_is_the_resources_own() {
    let unwanted = format!("{RESOURCE}  networkPolicy: {{ mode: Disabled }}\n");
    let policy = |owner: &str| {
        json!({ "metadata": {
            "name": "demo", "uid": "n1", "resourceVersion": "7",
            "ownerReferences": [{ "apiVersion": "v1", "kind": "X", "name": "demo", "uid": owner }],
        } })
    };
    for (owner, expected) in [("r1", 2), ("people", 1)] {
        let transport = Transport::default().answers(200, policy(owner)).answers(200, policy(owner));
        let resource = serde_yaml::from_str(&unwanted).expect("a resource");
        let children = Children::of(&resource).expect("its objects");
        let client = transport.client();
        Objects::new(&client, "ns", "demo", children).apply(Child::NetworkPolicy).await.expect("as asked for");
        assert_eq!(transport.sent().len(), expected, "owned by {owner}");
    }
}

#[tokio::test]
async fn configurations_that_no_pod_uses_go_once_the_new_one_is_there() {
    let (_, children) = with_objects(&Transport::default());
    let wanted = children.name(Child::ConfigMap);
    let map = |name: &str| {
        json!({ "metadata": {
            "name": name, "uid": format!("uid of {name}"), "resourceVersion": "7",
            "ownerReferences": [{ "apiVersion": "v1", "kind": "X", "name": "demo", "uid": "r1" }],
        } })
    };
    let uses =
        |name: &str| json!({ "containers": [], "volumes": [{ "name": "config", "configMap": { "name": name } }] });
    let list = |items: &[Value]| json!({ "metadata": {}, "items": items });
    let set = json!({
        "metadata": { "name": "demo", "generation": 2 },
        "spec": { "serviceName": "x", "selector": {}, "template": { "spec": uses(&wanted) } },
        "status": { "replicas": 1, "observedGeneration": 2 },
    });
    let pod = json!({ "metadata": { "name": "demo-0" }, "spec": uses("used") });
    let transport = Transport::default()
        .fails(404, "NotFound", "there is none")
        .answers(200, map(&wanted))
        .answers(200, list(&[map(&wanted), map("used"), map("unused")]))
        .answers(200, list(&[pod]))
        .answers(200, set)
        .answers(200, map("unused"));
    let (client, _) = with_objects(&transport);
    Objects::new(&client, "ns", "demo", children).apply(Child::ConfigMap).await.expect("applied");
    let sent = transport.sent();
    assert_eq!(sent.len(), 6);
    assert_eq!(sent[5].line, "DELETE /api/v1/namespaces/ns/configmaps/unused?");
    assert_eq!(sent[5].body, json!({ "preconditions": { "uid": "uid of unused", "resourceVersion": "7" } }));
}

#[tokio::test]
async fn a_set_or_a_budget_that_only_has_the_name_is_left_to_people() {
    let minimum = json!(2);
    let transport = Transport::default().answers(200, set("7", 3)).answers(200, budget("7", &minimum));
    let (client, children) = with_objects(&transport);
    let objects = Objects::new(&client, "ns", "demo", children);
    let carried = objects.apply_set(3, None).await;
    assert_eq!(outcome(&carried), Outcome::Refused);
    let error = carried.expect_err("refused").to_string();
    assert!(error.starts_with("statefulset demo is somebody else's"), "{error}");
    assert_eq!(outcome(&objects.set_budget(Some(2), None).await), Outcome::Refused);
    assert_eq!(transport.sent().len(), 2, "two reads");
}

/// The resource as the API server has it.
fn resource(uid: &str, on_cluster_delete: &str) -> Value {
    let mut resource: Value = serde_yaml::from_str(RESOURCE).expect("a resource");
    resource["metadata"]["uid"] = json!(uid);
    resource["spec"]["storage"]["onClusterDelete"] = json!(on_cluster_delete);
    resource
}

#[tokio::test]
async fn claims_are_given_away_only_while_the_resource_says_so() {
    let claims = json!({ "metadata": {}, "items": [] });
    let transport = Transport::default().answers(200, resource("r1", "Retain")).answers(200, claims);
    let (client, children) = with_objects(&transport);
    let objects = Objects::new(&client, "ns", "demo", children);
    assert_eq!(outcome(&objects.apply(Child::Claims).await), Outcome::Done);
    let mut leaving = resource("r1", "Retain");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-25T02:00:00Z");
    for (changed, now) in [
        ("its people have changed their mind", resource("r1", "Delete")),
        ("another has its name", resource("r2", "Retain")),
        ("it is being deleted", leaving),
    ] {
        let transport = Transport::default().answers(200, now);
        let (client, children) = with_objects(&transport);
        let objects = Objects::new(&client, "ns", "demo", children);
        assert_eq!(outcome(&objects.apply(Child::Claims).await), Outcome::Overtaken, "{changed}");
        assert_eq!(transport.sent().len(), 1, "{changed}: no claim is touched");
    }
}

//! What may be changed later, and what not.

use anyhow::{Result, ensure};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use silhouette_tests::kubernetes::Namespace;

use super::case::{self, expect_refused, keep, resources, with_spec};

const SIZE: &str = "storage.size cannot be changed: volumes keep the size that they were made with";
const CLASS: &str = "storage.storageClassName cannot be changed: volumes stay where they are";
const LIMITS: &str = "rounds.limits cannot be changed: members agreed on them when the cluster was founded";

/// Changes of a spec that are refused: what, how, and what is said.
fn refused() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("more storage", json!({ "storage": { "size": "2Gi" } }), SIZE),
        ("another class", json!({ "storage": { "storageClassName": "slow" } }), CLASS),
        ("no class", json!({ "storage": { "storageClassName": null } }), CLASS),
        ("another limit", json!({ "rounds": { "limits": { "maxPairs": 2000 } } }), LIMITS),
        ("one limit more", json!({ "rounds": { "limits": { "maxWorkers": 8 } } }), LIMITS),
        ("no limits", json!({ "rounds": { "limits": null } }), LIMITS),
        ("no word on rounds", json!({ "rounds": null }), LIMITS),
    ]
}

/// Changes of a spec that are accepted.
fn accepted() -> Vec<(&'static str, Value)> {
    vec![
        ("more voters", json!({ "replicas": 5 })),
        ("another image", json!({ "image": { "name": "silhouette-server:0.2.0" } })),
        ("more memory", json!({ "resources": { "memory": "4Gi" } })),
        ("more for rounds", json!({ "rounds": { "maxBytes": "1Gi" } })),
        ("claims that go with it", json!({ "storage": { "onClusterDelete": "Delete" } })),
        ("another template", json!({ "podTemplate": { "metadata": { "labels": { "a": "b" } } } })),
    ]
}

#[tokio::test]
async fn what_volumes_and_members_were_made_with_stays_and_all_else_may_change() -> Result<()> {
    let namespace = Namespace::new().await?;
    let spec = json!({ "storage": { "storageClassName": "fast" }, "rounds": { "limits": { "maxPairs": 1000 } } });
    let made = keep(&namespace, &with_spec(&spec)).await?;
    let resources = resources(&namespace);
    let change = async |spec: &Value| {
        let patch = Patch::Merge(json!({ "spec": spec }));
        resources.patch("demo", &PatchParams::default().validation_strict(), &patch).await
    };
    let mut outcomes = Vec::new();
    for (what, spec, sentence) in refused() {
        outcomes.push(expect_refused(what, change(&spec).await, "spec", sentence));
    }
    case::all(outcomes)?;
    ensure!(resources.get("demo").await? == made, "what was refused has changed something");
    for (what, spec) in accepted() {
        let changed = change(&spec).await;
        ensure!(changed.is_ok(), "{what} must be accepted: {changed:?}");
    }
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn what_was_left_out_cannot_be_said_later_if_it_cannot_be_changed() -> Result<()> {
    let namespace = Namespace::new().await?;
    keep(&namespace, &with_spec(&json!({}))).await?;
    let cases = [
        ("a class", json!({ "storage": { "storageClassName": "fast" } }), CLASS),
        ("limits", json!({ "rounds": { "limits": { "maxPairs": 1000 } } }), LIMITS),
    ];
    let mut outcomes = Vec::new();
    for (what, spec, sentence) in cases {
        let patch = Patch::Merge(json!({ "spec": spec }));
        let answer = resources(&namespace).patch("demo", &PatchParams::default(), &patch).await;
        outcomes.push(expect_refused(what, answer, "spec", sentence));
    }
    case::all(outcomes)?;
    namespace.passed();
    Ok(())
}

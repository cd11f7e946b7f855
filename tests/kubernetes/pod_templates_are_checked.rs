//! Templates of which no pod can be made, or none that runs: told by a condition, and what is there is not harmed.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::apps::v1::StatefulSet;
use serde_json::json;
use silhouette_operator::api::SilhouetteCluster;
use silhouette_tests::kubernetes::{Namespace, Operator, until_some};

use crate::field_ownership::resource;

/// The message of the condition `Stalled` with this reason, if it holds.
fn stalled<'a>(cluster: &'a SilhouetteCluster, reason: &str) -> Option<&'a str> {
    let conditions = &cluster.status.as_ref()?.conditions;
    let stalled = conditions.iter().find(|condition| condition.type_ == "Stalled")?;
    (stalled.status == "True" && stalled.reason == reason).then_some(stalled.message.as_str())
}

#[tokio::test]
async fn a_pod_template_that_makes_no_pod_is_told_and_changes_nothing() -> Result<()> {
    let namespace = Namespace::new().await?;
    let _operator = Operator::start(&namespace, &[]).await?;
    namespace.apply(&resource(&json!({}))).await?;
    let (sets, clusters) = (namespace.api::<StatefulSet>(), namespace.api::<SilhouetteCluster>());
    let before = until_some(&sets, "demo", "it is made", |_| true).await?.spec.context("a spec")?.template;
    for (template, said) in [
        // What the operator relies on.
        (
            json!({ "spec": { "containers": [{ "name": "silhouette-server", "args": ["--dev"] }] } }),
            "podTemplate.spec.containers[name=silhouette-server].args",
        ),
        (json!({ "spec": { "volumes": [{ "emptyDir": {} }] } }), "`podTemplate.spec.volumes[0]` has no `name`"),
        // What the API server knows of pods.
        (json!({ "spec": { "restartPolicy": "Sometimes" } }), "restartPolicy"),
        (json!({ "spec": { "containers": [{ "name": "second" }] } }), "image"),
        (json!({ "spec": { "dnsPolicy": ["a list"] } }), "dnsPolicy"),
        (json!({ "spec": { "containres": [] } }), "containres"),
    ] {
        namespace.apply(&resource(&json!({ "podTemplate": template }))).await?;
        let is_told = |cluster: &SilhouetteCluster| {
            stalled(cluster, "InvalidPodTemplate").is_some_and(|message| message.contains(said))
        };
        until_some(&clusters, "demo", &format!("{template} is told to be wrong"), is_told).await?;
        let after = sets.get("demo").await?.spec.context("a spec")?.template;
        ensure!(after == before, "{template} has changed the template: {after:?}");
    }
    namespace.apply(&resource(&json!({ "podTemplate": { "spec": { "dnsPolicy": "Default" } } }))).await?;
    let is_applied = |set: &StatefulSet| {
        let pod = set.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        pod.is_some_and(|pod| pod.dns_policy.as_deref() == Some("Default"))
    };
    until_some(&sets, "demo", "a template that is right is applied", is_applied).await?;
    let goes_on = |cluster: &SilhouetteCluster| stalled(cluster, "InvalidPodTemplate").is_none();
    until_some(&clusters, "demo", "nothing is wrong any more", goes_on).await?;
    namespace.passed();
    Ok(())
}

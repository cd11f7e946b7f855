//! Status and events.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{
    ResourceExt as _,
    api::{Patch, PatchParams},
};
use serde_json::{from_value, json};
use silhouette_operator::{
    api::{SilhouetteCluster, SilhouetteClusterStatus},
    report::{self, Events, write_status},
};
use silhouette_tests::kubernetes::events_about;

use super::{Scene, version};

fn ready(status: &str) -> Result<Condition> {
    Ok(from_value(json!({
        "type": "Ready", "status": status, "reason": "AsAskedFor", "message": "3 voters are Ready",
        "lastTransitionTime": "2026-11-25T02:00:00Z",
    }))?)
}

fn status(truth: &str, leader: Option<&str>) -> Result<SilhouetteClusterStatus> {
    Ok(SilhouetteClusterStatus {
        observed_generation: 1,
        conditions: vec![ready(truth)?],
        cluster_id: Some("c0ffee".to_owned()),
        leader: leader.map(str::to_owned),
        ..SilhouetteClusterStatus::default()
    })
}

#[tokio::test]
async fn a_status_is_written_once_and_nothing_but_the_status_changes() -> Result<()> {
    let scene = Scene::new().await?;
    let resources = scene.api::<SilhouetteCluster>();
    let client = scene.namespace.client();
    let told = write_status(client, &scene.resource, &status("True", Some("demo-0"))?).await?;
    ensure!(told.len() == 1, "{told:?}");
    let written = resources.get("demo").await?;
    ensure!(
        written.spec == scene.resource.spec && written.annotations() == scene.resource.annotations(),
        "{written:?}"
    );
    ensure!(written.metadata.generation == scene.resource.metadata.generation, "it has another generation");
    ensure!(written.status == Some(status("True", Some("demo-0"))?), "{:?}", written.status);
    write_status(client, &written, &status("True", Some("demo-0"))?).await?;
    ensure!(version(&resources.get("demo").await?) == version(&written), "the same was written twice");
    write_status(client, &written, &status("False", None)?).await?;
    let written = resources.get("demo").await?.status.context("a status")?;
    ensure!(written.leader.is_none() && written.cluster_id.is_some(), "{written:?}");
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_status_that_was_judged_of_an_older_resource_is_not_written() -> Result<()> {
    let scene = Scene::new().await?;
    let resources = scene.api::<SilhouetteCluster>();
    let edit = json!({ "spec": { "replicas": 5 } });
    resources.patch("demo", &PatchParams::default(), &Patch::Merge(&edit)).await?;
    let refused = write_status(scene.namespace.client(), &scene.resource, &status("True", None)?).await;
    ensure!(matches!(refused, Err(report::Error::Changed { .. })), "{refused:?}");
    let status = resources.get("demo").await?.status.context("the default")?;
    ensure!(status == SilhouetteClusterStatus::default(), "{status:?}");
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn an_event_is_found_at_its_resource() -> Result<()> {
    let scene = Scene::new().await?;
    let client = scene.namespace.client();
    let events = Events::new(client.clone(), Some("operator-0".to_owned()));
    let told = write_status(client, &scene.resource, &status("True", None)?).await?;
    for happening in told.iter().chain(&told) {
        events.publish(&scene.resource, happening).await?;
    }
    let found = events_about(client, scene.namespace.name(), "demo").await?;
    ensure!(found.len() == 1, "{found:?}");
    ensure!(found[0].reason.as_deref() == Some("Ready"), "{found:?}");
    ensure!(found[0].message.as_deref() == Some("AsAskedFor: 3 voters are Ready"), "{found:?}");
    scene.namespace.passed();
    Ok(())
}

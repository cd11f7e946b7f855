//! `kubectl scale`.

use anyhow::{Context as _, Result, ensure};
use kube::api::{Patch, PatchParams};
use serde_json::json;
use silhouette_tests::kubernetes::Namespace;

use super::case::{expect_refused, keep, resources, smallest};

#[tokio::test]
async fn the_number_of_voters_is_scaled_within_its_rule_and_read_with_its_selector() -> Result<()> {
    let namespace = Namespace::new().await?;
    let resources = resources(&namespace);
    keep(&namespace, &smallest()).await?;
    let status =
        json!({ "status": { "observedGeneration": 1, "replicas": 3, "selector": "silhouette.dev/cluster=demo" } });
    resources.patch_status("demo", &PatchParams::default(), &Patch::Merge(status)).await?;

    let scale = async |replicas: u32| {
        let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
        resources.patch_scale("demo", &PatchParams::default(), &patch).await
    };
    let scaled = scale(5).await?;
    ensure!(scaled.spec.context("a scale has a spec")?.replicas == Some(5), "it says what is asked for");
    let status = scaled.status.context("a scale has a status")?;
    ensure!(status.replicas == 3, "it says what there is: {}", status.replicas);
    ensure!(status.selector.as_deref() == Some("silhouette.dev/cluster=demo"), "it selects the pods");
    ensure!(resources.get("demo").await?.data["spec"]["replicas"] == 5, "the resource asks for five");

    let sentence = "replicas must be 1, 3 or 5: an even number survives no more failures than the odd one below it";
    expect_refused("four voters", scale(4).await, "spec.replicas", sentence)?;
    ensure!(resources.get_scale("demo").await?.spec.context("a scale has a spec")?.replicas == Some(5), "it stays");
    namespace.passed();
    Ok(())
}

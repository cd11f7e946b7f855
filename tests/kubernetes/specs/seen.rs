//! What is read of a resource that nobody has looked at.

use anyhow::{Result, ensure};
use kube::api::{Patch, PatchParams};
use serde_json::json;
use silhouette_operator::api::{SilhouetteCluster, SilhouetteClusterStatus};
use silhouette_tests::kubernetes::Namespace;

use super::case::{keep, resources, smallest};

#[tokio::test]
async fn a_resource_that_nobody_has_looked_at_says_so_from_its_first_moment() -> Result<()> {
    let namespace = Namespace::new().await?;
    let made = keep(&namespace, &smallest()).await?;
    let expected = json!({ "observedGeneration": -1 });
    ensure!(made.data["status"] == expected, "it was made with {}", made.data["status"]);
    let read = resources(&namespace).get("demo").await?;
    ensure!(read.data["status"] == expected, "it is read with {}", read.data["status"]);
    let typed = namespace.api::<SilhouetteCluster>().get("demo").await?;
    ensure!(typed.status == Some(SilhouetteClusterStatus::default()), "the operator reads {:?}", typed.status);
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn what_a_spec_leaves_out_is_what_the_operator_takes_it_for() -> Result<()> {
    let namespace = Namespace::new().await?;
    let read: SilhouetteCluster = serde_json::from_value(smallest())?;
    keep(&namespace, &smallest()).await?;
    let kept = namespace.api::<SilhouetteCluster>().get("demo").await?;
    ensure!(kept.spec == read.spec, "the API server completes it to {:#?}", kept.spec);
    ensure!(
        resources(&namespace).get("demo").await?.data["spec"] == serde_json::to_value(&read.spec)?,
        "nothing is lost"
    );
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_status_is_written_apart_from_the_spec() -> Result<()> {
    let namespace = Namespace::new().await?;
    let resources = resources(&namespace);
    keep(&namespace, &smallest()).await?;
    let both = json!({ "spec": { "replicas": 5 }, "status": { "observedGeneration": 1 } });
    let written = resources.patch_status("demo", &PatchParams::default(), &Patch::Merge(&both)).await?;
    ensure!(written.data["spec"]["replicas"] == 3, "the spec is not the status' writer's");
    ensure!(written.data["status"]["observedGeneration"] == 1, "the status is");
    let ours = json!({ "spec": { "replicas": 1 }, "status": { "observedGeneration": 9 } });
    let written = resources.patch("demo", &PatchParams::default(), &Patch::Merge(&ours)).await?;
    ensure!(written.data["spec"]["replicas"] == 1, "the spec is people's");
    ensure!(written.data["status"]["observedGeneration"] == 1, "the status is not");
    namespace.passed();
    Ok(())
}

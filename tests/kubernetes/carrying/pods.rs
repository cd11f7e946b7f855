//! Pods that leave: within the budget, and never another than was meant.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{
    core::v1::{Node, Pod},
    policy::v1::PodDisruptionBudget,
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::{from_value, json};
use silhouette_operator::{carry::Outcome, ids::Ordinal, plan::Action};
use silhouette_tests::kubernetes::{until_gone, until_some};

use super::{Scene, uid, version};

/// Makes the pod at a place, on a Kubernetes node that nobody runs, and says that it is Ready.
async fn ready_pod(scene: &Scene, place: u32) -> Result<Pod> {
    let machine = format!("machine-of-{}", scene.namespace.name());
    let nodes: Api<Node> = Api::all(scene.namespace.client().clone());
    if nodes.get_opt(&machine).await?.is_none() {
        nodes.create(&PostParams::default(), &from_value(json!({ "metadata": { "name": machine } }))?).await?;
    }
    let (pods, name) = (scene.api::<Pod>(), format!("demo-{place}"));
    let pod = json!({
        "metadata": { "name": name, "labels": { "silhouette.dev/cluster": "demo" } },
        "spec": {
            "nodeName": machine, "terminationGracePeriodSeconds": 60, "tolerations": [{ "operator": "Exists" }],
            "containers": [{ "name": "silhouette-server", "image": "none" }],
        },
    });
    pods.create(&PostParams::default(), &from_value(pod)?).await?;
    let ready = json!({ "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } });
    Ok(pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(&ready)).await?)
}

/// Waits until the budget allows so many pods to leave.
async fn until_allowed(scene: &Scene, allowed: i32) -> Result<()> {
    let allows = |budget: &PodDisruptionBudget| {
        budget.status.as_ref().is_some_and(|status| {
            status.disruptions_allowed == allowed && status.observed_generation == budget.metadata.generation
        })
    };
    until_some(&scene.api(), "demo", &format!("it lets {allowed} leave"), allows).await?;
    Ok(())
}

#[tokio::test]
async fn one_pod_is_evicted_and_the_budget_refuses_the_next() -> Result<()> {
    let scene = Scene::new().await?;
    let pods = scene.api::<Pod>();
    let mut made = Vec::new();
    for place in 0..3 {
        made.push(ready_pod(&scene, place).await?);
    }
    scene.carry(&Action::SetBudget { min_available: Some(2), seen: None }).await;
    until_allowed(&scene, 1).await?;
    let first = Action::Evict { ordinal: Ordinal(2), pod: uid(&made[2])? };
    ensure!(scene.carry(&first).await == Outcome::Done, "refused");
    let leaving = pods.get("demo-2").await?.metadata;
    ensure!(
        leaving.deletion_grace_period_seconds == Some(60),
        "its grace is {:?}",
        leaving.deletion_grace_period_seconds
    );
    ensure!(scene.carry(&first).await == Outcome::Done, "who leaves already is asked for again");
    let second = scene.carry(&Action::Evict { ordinal: Ordinal(1), pod: uid(&made[1])? }).await;
    ensure!(second == Outcome::Postponed, "the second ended as {second:?}");
    ensure!(pods.get("demo-1").await?.metadata.deletion_timestamp.is_none(), "two have left");
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn an_eviction_that_was_meant_for_another_pod_neither_lands_nor_uses_up_the_budget() -> Result<()> {
    let scene = Scene::new().await?;
    let pods = scene.api::<Pod>();
    for place in 0..2 {
        ready_pod(&scene, place).await?;
    }
    let old = ready_pod(&scene, 2).await?;
    pods.delete("demo-2", &DeleteParams::default().grace_period(0)).await?;
    until_gone(&pods, "demo-2").await?;
    ready_pod(&scene, 2).await?;
    scene.carry(&Action::SetBudget { min_available: Some(2), seen: None }).await;
    until_allowed(&scene, 1).await?;
    let carried = scene.carry(&Action::Evict { ordinal: Ordinal(2), pod: uid(&old)? }).await;
    ensure!(carried == Outcome::Overtaken, "{carried:?}");
    ensure!(pods.get("demo-2").await?.metadata.deletion_timestamp.is_none(), "it landed on another pod");
    let budget = scene.api::<PodDisruptionBudget>().get("demo").await?;
    let status = budget.status.context("a status")?;
    ensure!(status.disruptions_allowed == 1, "the budget is used up");
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn two_budgets_over_one_pod_are_for_people() -> Result<()> {
    let scene = Scene::new().await?;
    let pod = ready_pod(&scene, 0).await?;
    scene.carry(&Action::SetBudget { min_available: Some(0), seen: None }).await;
    scene
        .namespace
        .apply(
            "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: theirs}
spec: {minAvailable: 0, selector: {matchLabels: {silhouette.dev/cluster: demo}}}
",
        )
        .await?;
    let carried = scene.carry(&Action::Evict { ordinal: Ordinal(0), pod: uid(&pod)? }).await;
    ensure!(carried == Outcome::Refused, "{carried:?}");
    ensure!(scene.api::<Pod>().get("demo-0").await?.metadata.deletion_timestamp.is_none(), "it leaves");
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_pod_that_has_come_back_to_life_is_not_deleted() -> Result<()> {
    let scene = Scene::new().await?;
    let pods = scene.api::<Pod>();
    let seen = ready_pod(&scene, 0).await?;
    let back = json!({ "metadata": { "annotations": { "example.org/alive": "again" } } });
    let now = pods.patch("demo-0", &PatchParams::default(), &Patch::Merge(&back)).await?;
    let old = Action::DeletePod { ordinal: Ordinal(0), pod: uid(&seen)?, seen: version(&seen) };
    let carried = scene.carry(&old).await;
    ensure!(carried == Outcome::Overtaken, "{carried:?}");
    ensure!(pods.get("demo-0").await?.metadata.deletion_timestamp.is_none(), "it is deleted");
    let meant = Action::DeletePod { ordinal: Ordinal(0), pod: uid(&now)?, seen: version(&now) };
    ensure!(scene.carry(&meant).await == Outcome::Done, "refused");
    let grace = pods.get("demo-0").await?.metadata.deletion_grace_period_seconds;
    ensure!(grace == Some(60), "its grace is {grace:?}");
    scene.namespace.passed();
    Ok(())
}

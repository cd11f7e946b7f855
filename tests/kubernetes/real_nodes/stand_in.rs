//! What stands for kubelets does what kubelets do: otherwise the other tests would show nothing.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ContainerStatus, PersistentVolumeClaim, Pod},
};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;
use silhouette_tests::{
    harness::{isolation::isolated, waiting::within},
    kubernetes::{until_gone, until_some},
};

use super::{
    PATIENCE,
    scene::{NAME, Scene, is_ready},
    traffic::Traffic,
};

/// Three nodes that people form to a cluster by hand.
const BY_HAND: &str = include_str!("by_hand.yaml");

#[test]
fn pods_run_real_servers_as_kubelets_would_run_them() -> Result<()> {
    isolated(async || {
        let scene = Scene::new(3).await?;
        scene.namespace().apply(BY_HAND).await?;
        three_form_a_cluster(&scene).await?;
        let client = scene.client()?;
        let mut traffic = Traffic::begin(client.clone(), scene.reader()?);
        a_deleted_pod_leaves_in_peace(&scene).await?;
        traffic.flows().await?;
        a_machine_without_power_is_silent(&scene).await?;
        let rounds = traffic.end(&client).await?;
        ensure!(rounds > 0, "nothing was published meanwhile");
        scene.passed();
        Ok(())
    })
}

async fn three_form_a_cluster(scene: &Scene) -> Result<()> {
    let pods = scene.namespace().api::<Pod>();
    for ordinal in 0..3 {
        until_some(&pods, &format!("{NAME}-{ordinal}"), "it has started", has_started).await?;
    }
    ensure!(!scene.pods().await?.iter().any(is_ready), "nobody is Ready without a cluster");
    scene.control(0..3).run(&["cluster", "create"]).await?.succeeded()?;
    let pods = scene.ready_pods(3).await?;
    let machines: BTreeSet<_> = pods.iter().filter_map(|pod| pod.spec.as_ref()?.node_name.as_ref()).collect();
    ensure!(machines.len() == 3, "they share machines: {machines:?}");
    Ok(())
}

async fn a_deleted_pod_leaves_in_peace(scene: &Scene) -> Result<()> {
    let before = scene.namespace().api::<Pod>().get("demo-1").await?;
    let after = scene.delete_pod("demo-1").await?;
    ensure!(address(&after) != address(&before), "another pod has the same address");
    ensure!(scene.kubelets.log("demo-1").contains("\"stopped\""), "it was not asked to end, or had no time to");
    Ok(())
}

async fn a_machine_without_power_is_silent(scene: &Scene) -> Result<()> {
    let machine = scene.kubelets.machine_of("demo-2")?;
    let restarts = |pod: &Pod| container(pod).map(|status| status.restart_count);
    let pods = scene.namespace().api::<Pod>();
    let before = restarts(&pods.get("demo-2").await?);
    scene.kubelets.power_off(&machine)?;
    within(PATIENCE, "its process is gone", async || {
        let status = silhouette_tests::harness::wire::connect(&scene.endpoint(2))?.status().await;
        ensure!(status.is_err(), "it answers");
        Ok(())
    })
    .await?;
    ensure!(is_ready(&pods.get("demo-2").await?), "somebody spoke for a machine without power");
    scene.kubelets.power_on(&machine)?;
    let came_back = |pod: &Pod| is_ready(pod) && restarts(pod) > before;
    until_some(&pods, "demo-2", "it runs again, on the same disk", came_back).await?;
    Ok(())
}

#[test]
fn what_does_not_run_is_told_and_disks_go_with_their_claims() -> Result<()> {
    isolated(async || {
        let scene = Scene::new(1).await?;
        scene.namespace().apply(BY_HAND).await?;
        let (pods, sets) = (scene.namespace().api::<Pod>(), scene.namespace().api::<StatefulSet>());
        let image = |image: &str| {
            json!({"spec": {"replicas": 1, "template": {"spec": {
                "containers": [{"name": "server", "image": image}],
            }}}})
        };
        let patch = async |image| sets.patch(NAME, &PatchParams::default(), &Patch::Strategic(image)).await;
        until_some(&pods, "demo-0", "it has started", has_started).await?;

        patch(image("registry.invalid/missing:1")).await.context("cannot name another image")?;
        pods.delete("demo-0", &DeleteParams::default()).await?;
        until_some(&pods, "demo-0", "its image is missed", |pod| waits_for(pod) == Some("ImagePullBackOff")).await?;
        patch(image("registry.invalid/silhouette-server:test")).await.context("cannot name the image again")?;
        pods.delete("demo-0", &DeleteParams::default()).await?;
        until_some(&pods, "demo-0", "it has started", has_started).await?;

        let identity = async || {
            within(PATIENCE, "it says who it is", async || {
                let identity = silhouette_tests::harness::wire::connect(&scene.endpoint(0))?.identity().await?;
                Ok(identity.instance_id)
            })
            .await
        };
        let before = identity().await?;
        scene.kubelets.wipe("data-demo-0").await?;
        ensure!(identity().await? != before, "its disk was not wiped");

        until_gone(&pods, "demo-2").await?;
        let claims = scene.namespace().api::<PersistentVolumeClaim>();
        let claim = claims.get("data-demo-2").await?.metadata.uid.context("a claim has a uid")?;
        let disk = scene.folder().join("kubelets/disks").join(claim);
        ensure!(disk.is_dir(), "the disk went with its pod");
        claims.delete("data-demo-2", &DeleteParams::default()).await?;
        within(PATIENCE, "its disk is gone", async || {
            ensure!(!disk.exists(), "it is there");
            Ok(())
        })
        .await?;
        scene.passed();
        Ok(())
    })
}

fn container(pod: &Pod) -> Option<&ContainerStatus> {
    pod.status.as_ref()?.container_statuses.as_ref()?.first()
}

fn has_started(pod: &Pod) -> bool {
    container(pod).is_some_and(|status| status.started == Some(true))
}

/// What a container that does not run waits for.
pub(super) fn waits_for(pod: &Pod) -> Option<&str> {
    container(pod)?.state.as_ref()?.waiting.as_ref()?.reason.as_deref()
}

fn address(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.pod_ip.as_deref()
}

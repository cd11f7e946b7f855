//! A cluster's whole life from its resource alone, while rounds are published and looked up.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::PersistentVolumeClaim};
use kube::{
    ResourceExt as _,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use silhouette_operator::api::{MemberRole, SilhouetteCluster, SilhouetteClusterStatus};
use silhouette_tests::{
    harness::{isolation::isolated, waiting::within},
    kubernetes::{Operator, until_some},
};

use super::{
    PATIENCE,
    scene::{NAME, Scene},
    traffic::Traffic,
    witness::Witness,
};

/// One node, with times short enough for a test.
pub(super) const DEMO: &str = include_str!("demo.yaml");

/// Nobody else works here, so there is no lease that a killed operator would leave behind.
pub(super) const FLAGS: [&str; 5] = ["--leader-election=false", "--step-interval", "500ms", "--rest-interval", "1s"];

/// An annotation that makes another template of the same pods.
pub(super) const ANNOTATION: &str = "example.org/round";

/// Evictions by somebody who drains machines while pods roll.
const DRAINED: usize = 3;

#[test]
fn a_cluster_lives_from_its_resource_alone_and_answers_throughout() -> Result<()> {
    isolated(async || {
        let scene = Scene::new(5).await?;
        let operator = Operator::start(scene.namespace(), &FLAGS).await?;
        scene.namespace().apply(DEMO).await?;
        let founded = settled(&scene, 1).await?;
        let client = scene.client()?;
        let mut traffic = Traffic::begin(client.clone(), scene.reader()?);

        let operator = it_grows(&scene, operator).await.context("while it grows")?;
        traffic.flows().await?;
        let operator = it_rolls(&scene, operator).await.context("while it rolls")?;
        traffic.flows().await?;
        it_rolls_while_machines_are_drained(&scene).await.context("while machines are drained")?;
        traffic.flows().await?;
        it_replaces_a_wiped_disk(&scene).await.context("while a disk is replaced")?;
        traffic.flows().await?;
        let _operator = it_shrinks(&scene, operator).await.context("while it shrinks")?;
        traffic.flows().await?;

        let rounds = traffic.end(&client).await?;
        let ended = settled(&scene, 1).await?;
        ensure!(founded.cluster_id.is_some() && ended.cluster_id == founded.cluster_id, "it is another cluster");
        println!("{rounds} rounds were published, and all were answered at the end");
        scene.passed();
        Ok(())
    })
}

/// 1 to 3 to 5; the operator is killed while pods of new members are there and none of them votes.
async fn it_grows(scene: &Scene, operator: Operator) -> Result<Operator> {
    change(scene, json!({"replicas": 3})).await?;
    has_places(scene, 3).await?;
    operator.kill()?;
    let operator = Operator::start(scene.namespace(), &FLAGS).await?;
    settled(scene, 3).await?;
    change(scene, json!({"replicas": 5})).await?;
    settled(scene, 5).await?;
    Ok(operator)
}

/// A new template reaches every pod, one after the other, the leader's last; the operator is killed after the first.
async fn it_rolls(scene: &Scene, operator: Operator) -> Result<Operator> {
    let leader = settled(scene, 5).await?.leader.context("it has a leader")?;
    let mut witness = Witness::of(scene.namespace().api());
    change(scene, annotation("first")).await?;
    witness.saw_leave(1).await?;
    operator.kill()?;
    let operator = Operator::start(scene.namespace(), &FLAGS).await?;
    has_rolled(scene, "first").await?;
    let left = witness.end()?;
    ensure!(left.last() == Some(&leader), "{leader} led, and pods left in this order: {left:?}");
    ensure!(left.len() == 5 && left.iter().collect::<BTreeSet<_>>().len() == 5, "each leaves once: {left:?}");
    Ok(operator)
}

/// The operator and somebody who drains machines share the budget: no two pods leave at once.
async fn it_rolls_while_machines_are_drained(scene: &Scene) -> Result<()> {
    let witness = Witness::of(scene.namespace().api());
    change(scene, annotation("second")).await?;
    let mut drained = 0;
    within(PATIENCE, "the budget lets some pods be drained", async || {
        for ordinal in 0..5 {
            drained += usize::from(scene.evict(&format!("{NAME}-{ordinal}")).await?);
        }
        ensure!(drained >= DRAINED, "it let {drained}");
        Ok(())
    })
    .await?;
    has_rolled(scene, "second").await?;
    witness.end()?;
    Ok(())
}

/// An empty disk in a follower's place becomes another member that replaces the one that was lost.
async fn it_replaces_a_wiped_disk(scene: &Scene) -> Result<()> {
    let before = settled(scene, 5).await?;
    let lost = before.members.iter().find(|member| Some(&member.pod) != before.leader.as_ref());
    let lost = lost.context("somebody follows")?;
    scene.kubelets.wipe(&format!("data-{}", lost.pod)).await?;
    let is_replaced = |cluster: &SilhouetteCluster| {
        let members = cluster.status.iter().flat_map(|status| &status.members);
        is_settled(cluster, 5) && members.into_iter().all(|member| member.id != lost.id)
    };
    until_some(&scene.namespace().api(), NAME, "another member is in its place", is_replaced).await?;
    Ok(())
}

/// 5 to 3 to 1, and claims go with their members; the operator is killed once 3 are left.
async fn it_shrinks(scene: &Scene, operator: Operator) -> Result<Operator> {
    change(scene, json!({"replicas": 3})).await?;
    has_places(scene, 3).await?;
    operator.kill()?;
    let operator = Operator::start(scene.namespace(), &FLAGS).await?;
    settled(scene, 3).await?;
    has_claims(scene, 3).await?;
    change(scene, json!({"replicas": 1})).await?;
    settled(scene, 1).await?;
    has_claims(scene, 1).await?;
    scene.ready_pods(1).await?;
    Ok(operator)
}

/// Waits until the cluster is as asked for, with this many voters, and tells what its status is then.
pub(super) async fn settled(scene: &Scene, replicas: usize) -> Result<SilhouetteClusterStatus> {
    let what = format!("{replicas} vote, and all is as asked for");
    let cluster = until_some(&scene.namespace().api(), NAME, &what, |cluster| is_settled(cluster, replicas)).await?;
    cluster.status.context("it has a status")
}

fn is_settled(cluster: &SilhouetteCluster, replicas: usize) -> bool {
    let Some(status) = &cluster.status else { return false };
    let is_ready = status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let votes = status.members.iter().filter(|member| member.role == MemberRole::Voter).count();
    Some(status.observed_generation) == cluster.metadata.generation && is_ready && votes == replicas
}

/// Waits until the cluster is as asked for, and every pod bears this annotation.
async fn has_rolled(scene: &Scene, round: &str) -> Result<()> {
    settled(scene, 5).await?;
    for pod in scene.pods().await? {
        let found = pod.annotations().get(ANNOTATION);
        ensure!(found.is_some_and(|found| found == round), "{} is of an older template: {found:?}", pod.name_any());
    }
    Ok(())
}

/// Waits until the StatefulSet asks for this many pods.
async fn has_places(scene: &Scene, replicas: i32) -> Result<()> {
    let asks = |set: &StatefulSet| set.spec.as_ref().and_then(|spec| spec.replicas) == Some(replicas);
    until_some(&scene.namespace().api(), NAME, &format!("it asks for {replicas} pods"), asks).await?;
    Ok(())
}

/// Waits until this many claims are left.
async fn has_claims(scene: &Scene, count: usize) -> Result<()> {
    let claims = scene.namespace().api::<PersistentVolumeClaim>();
    within(PATIENCE, &format!("{count} claims are left"), async || {
        let left = claims.list(&ListParams::default()).await?.items.len();
        ensure!(left == count, "there are {left}");
        Ok(())
    })
    .await
}

/// Changes the resource's spec, as people do.
pub(super) async fn change(scene: &Scene, spec: Value) -> Result<()> {
    let clusters = scene.namespace().api::<SilhouetteCluster>();
    let patch = Patch::Merge(json!({"spec": spec}));
    clusters.patch(NAME, &PatchParams::default(), &patch).await.context("cannot change the resource")?;
    Ok(())
}

/// A template that differs by an annotation alone.
pub(super) fn annotation(round: &str) -> Value {
    json!({"podTemplate": {"metadata": {"annotations": {ANNOTATION: round}}}})
}

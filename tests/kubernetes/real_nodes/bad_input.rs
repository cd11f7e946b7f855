//! Bad input while real nodes run: a condition and an event tell of it, what runs is not harmed, and the cluster is as
//! asked for again once it was taken back.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ListParams, ObjectMeta, PostParams},
};
use serde_json::json;
use silhouette_client::{Client, RoundSpec};
use silhouette_operator::{
    api::{SilhouetteCluster, SilhouetteClusterStatus},
    resources::labels,
};
use silhouette_proto::v1::MemberState;
use silhouette_tests::{
    harness::{isolation::isolated, waiting::within, wire},
    kubernetes::{Operator, events_about, until_some},
};

use super::{
    PATIENCE,
    scene::{NAME, Scene},
    stand_in::waits_for,
    traffic::Traffic,
    whole_life::{DEMO, FLAGS, change, settled},
};

/// The image that nodes have, and one that nobody has.
const IMAGE: &str = "registry.invalid/silhouette-server:test";
const MISSING_IMAGE: &str = "registry.invalid/missing:1";

/// Passes of the operator that show what it does not do.
const PASSES: f64 = 5.0;

#[test]
fn bad_input_is_told_and_harms_nothing_that_runs() -> Result<()> {
    isolated(async || {
        let scene = Scene::new(3).await?;
        let mut operator = Operator::start(scene.namespace(), &FLAGS).await?;
        scene.namespace().apply(&DEMO.replace("replicas: 1", "replicas: 3")).await?;
        settled(&scene, 3).await?;
        let client = scene.client()?;
        let mut traffic = Traffic::begin(client.clone(), scene.reader()?);

        a_template_that_is_no_pod_changes_nothing(&scene).await.context("while a template is no pod")?;
        traffic.flows().await?;
        a_configuration_that_is_put_in_place_by_hand_is_mended(&scene, &mut operator)
            .await
            .context("while a configuration is another")?;
        traffic.flows().await?;
        an_image_that_never_runs_costs_one_pod(&scene).await.context("while an image does not run")?;
        traffic.flows().await?;
        a_node_that_hangs_is_waited_for(&scene).await.context("while a node hangs")?;
        traffic.end(&client).await?;
        a_node_of_another_cluster_stops_every_step(&scene, &mut operator)
            .await
            .context("while a node is of another cluster")?;
        scene.passed();
        Ok(())
    })
}

async fn a_template_that_is_no_pod_changes_nothing(scene: &Scene) -> Result<()> {
    let before = uids(scene).await?;
    let restart = |policy| json!({"podTemplate": {"spec": {"restartPolicy": policy}}});
    change(scene, restart(Some("Sometimes"))).await?;
    is_told(scene, "Stalled", "InvalidPodTemplate", "restartPolicy").await?;
    has_event(scene, "Stalled", "restartPolicy").await?;
    scene.ready_pods(3).await?;
    change(scene, restart(None)).await?;
    settled(scene, 3).await?;
    has_event(scene, "Resumed", "").await?;
    ensure!(uids(scene).await? == before, "pods were made anew");
    Ok(())
}

/// What cannot be edited can be deleted, and made anew with another content.
async fn a_configuration_that_is_put_in_place_by_hand_is_mended(scene: &Scene, operator: &mut Operator) -> Result<()> {
    let before = uids(scene).await?;
    let objects = scene.namespace().api::<ConfigMap>();
    let of_cluster = ListParams::default().labels(&format!("{}={NAME}", labels::CLUSTER));
    let ours = objects.list(&of_cluster).await?.items.pop().context("there is a configuration")?;
    let name = ours.name_any();
    // Or it would be there again before somebody else's is.
    operator.process().pause()?;
    objects.delete(&name, &DeleteParams::default()).await?;
    // As whoever saves it, edits it and makes it again leaves it: without an owner, with its labels.
    let other = ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            labels: ours.metadata.labels.clone(),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([("silhouette.yaml".to_owned(), "no: configuration\n".to_owned())])),
        ..ConfigMap::default()
    };
    objects.create(&PostParams::default(), &other).await?;
    operator.process().resume()?;
    let is_ours = |object: &ConfigMap| object.data == ours.data && object.immutable == ours.immutable;
    until_some(&objects, &name, "it has our content again", is_ours).await?;
    has_event(scene, "ObjectApplied", "configmap").await?;
    settled(scene, 3).await?;
    ensure!(uids(scene).await? == before, "pods were made anew");
    Ok(())
}

async fn an_image_that_never_runs_costs_one_pod(scene: &Scene) -> Result<()> {
    let before = uids(scene).await?;
    let image = |name| json!({"image": {"name": name}});
    change(scene, image(MISSING_IMAGE)).await?;
    let lost = within(PATIENCE, "a pod waits for the image", async || {
        let pods = scene.pods().await?;
        let waiting = pods.iter().find(|pod| waits_for(pod) == Some("ImagePullBackOff"));
        Ok(waiting.context("none waits")?.name_any())
    })
    .await?;
    is_told(scene, "Degraded", "VotersNotReady", &lost).await?;
    has_event(scene, "Degraded", &lost).await?;
    let others = |mut uids: BTreeMap<String, String>| {
        uids.remove(&lost);
        uids
    };
    ensure!(others(uids(scene).await?) == others(before.clone()), "another pod left, too");
    change(scene, image(IMAGE)).await?;
    settled(scene, 3).await?;
    has_event(scene, "Restored", "3 of 3 voters ready").await?;
    let after = uids(scene).await?;
    ensure!(after.get(&lost) != before.get(&lost), "nobody made {lost} anew");
    ensure!(others(after) == others(before), "pods that ran were made anew");
    Ok(())
}

async fn a_node_that_hangs_is_waited_for(scene: &Scene) -> Result<()> {
    let before = uids(scene).await?;
    let (hangs, _) = a_follower(&settled(scene, 3).await?)?;
    scene.kubelets.hang(&hangs);
    is_told(scene, "Degraded", "VotersNotReady", &hangs).await?;
    has_event(scene, "Degraded", &hangs).await?;
    scene.kubelets.go_on(&hangs);
    settled(scene, 3).await?;
    ensure!(uids(scene).await? == before, "pods were made anew");
    Ok(())
}

async fn a_node_of_another_cluster_stops_every_step(scene: &Scene, operator: &mut Operator) -> Result<()> {
    let ours = settled(scene, 3).await?;
    let (foreign, ordinal) = a_follower(&ours)?;
    // Or the empty disk would be a new member's before it is another cluster's.
    operator.process().pause()?;
    scene.kubelets.wipe(&format!("data-{foreign}")).await?;
    within(PATIENCE, "a node with an empty disk founds a cluster", async || {
        let identity = wire::connect(&scene.endpoint(ordinal))?.identity().await?;
        ensure!(identity.state() == MemberState::Uninitialised, "it is {:?}", identity.state());
        scene.control(ordinal..ordinal + 1).run(&["cluster", "create"]).await?.succeeded()
    })
    .await?;
    let (pods, claims) = (uids(scene).await?, claims(scene).await?);
    operator.process().resume()?;

    is_told(scene, "Stalled", "ClusterIdConflict", ours.cluster_id.as_deref().context("it has an id")?).await?;
    has_event(scene, "Stalled", "ClusterIdConflict").await?;
    let others = (0..3).filter(|other| *other != ordinal).map(|other| scene.endpoint(other));
    // Whoever asks a node of another cluster is told of other rounds.
    let client = Client::builder().endpoints(others).discover_members(false).timeout(PATIENCE).build()?;
    let begun = passes(operator).await?;
    within(PATIENCE, "the operator has looked several times more", async || {
        ensure!(passes(operator).await? >= begun + PASSES, "it has not");
        Ok(())
    })
    .await?;
    ensure!(uids(scene).await? == pods, "pods were made anew");
    ensure!(self::claims(scene).await? == claims, "claims were changed");
    let round = client.start_round("beside-another-cluster", &RoundSpec::for_workers(1)).await?.uid;
    client.publish(round, "w0", [("vertex-17", "3")]).await?;
    client.wait(round).timeout(PATIENCE).await.context("the others do not serve any more")?;

    // As the condition's message asks for.
    let volumes = scene.namespace().api::<PersistentVolumeClaim>();
    volumes.delete(&format!("data-{foreign}"), &DeleteParams::default()).await?;
    scene.namespace().api::<Pod>().delete(&foreign, &DeleteParams::default()).await?;
    let healed = settled(scene, 3).await?;
    ensure!(healed.cluster_id == ours.cluster_id, "it is another cluster");
    Ok(())
}

/// A pod whose node follows, and its place.
fn a_follower(status: &SilhouetteClusterStatus) -> Result<(String, u32)> {
    let mut members = status.members.iter();
    let pod = &members.find(|member| Some(&member.pod) != status.leader.as_ref()).context("somebody follows")?.pod;
    let ordinal = pod.rsplit_once('-').and_then(|(_, ordinal)| ordinal.parse().ok());
    Ok((pod.clone(), ordinal.with_context(|| format!("{pod} has no number"))?))
}

/// Waits until a condition holds for this reason, with a message that tells this.
async fn is_told(scene: &Scene, kind: &str, reason: &str, part: &str) -> Result<()> {
    let tells = |cluster: &SilhouetteCluster| {
        let mut conditions = cluster.status.iter().flat_map(|status| &status.conditions);
        conditions.any(|condition| {
            condition.type_ == kind
                && condition.status == "True"
                && condition.reason == reason
                && condition.message.contains(part)
        })
    };
    let what = format!("it is {kind} by {reason}, and tells {part:?}");
    until_some(&scene.namespace().api(), NAME, &what, tells).await.map(drop)
}

/// Waits until there is an event with this reason and a note that tells this.
async fn has_event(scene: &Scene, reason: &str, part: &str) -> Result<()> {
    let (client, namespace) = (scene.namespace().client(), scene.namespace().name());
    within(PATIENCE, &format!("an event {reason} tells {part:?}"), async || {
        let events = events_about(client, namespace, NAME).await?;
        let tells = events.iter().any(|event| {
            event.reason.as_deref() == Some(reason)
                && event.message.as_ref().is_some_and(|message| message.contains(part))
        });
        ensure!(tells, "there are {:?}", events.iter().map(|event| &event.reason).collect::<Vec<_>>());
        Ok(())
    })
    .await
}

/// The uids of all pods, by their names.
async fn uids(scene: &Scene) -> Result<BTreeMap<String, String>> {
    let pods = scene.pods().await?;
    Ok(pods.iter().filter_map(|pod| Some((pod.name_any(), pod.uid()?))).collect())
}

/// All claims, with their versions.
async fn claims(scene: &Scene) -> Result<BTreeMap<String, Option<String>>> {
    let claims = scene.namespace().api::<PersistentVolumeClaim>().list(&ListParams::default()).await?.items;
    Ok(claims.iter().map(|claim| (claim.name_any(), claim.resource_version())).collect())
}

/// Passes that an operator has ended.
async fn passes(operator: &Operator) -> Result<f64> {
    operator.metric("silhouette_operator_reconciles_total", &[]).await
}

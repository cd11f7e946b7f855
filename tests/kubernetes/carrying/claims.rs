//! Volume claims: notes, marks, deletion.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{ResourceExt as _, api::DeleteParams};
use silhouette_operator::{
    carry::Outcome,
    ids::{MemberId, Ordinal},
    plan::Action,
    resources::annotations,
};
use silhouette_tests::kubernetes::until_gone;

use super::{Scene, uid, version};

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data-demo-0, labels: {silhouette.dev/cluster: demo}, annotations: {example.org/note: mine}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";
const NAME: &str = "data-demo-0";

fn annotated(claim: &PersistentVolumeClaim) -> Result<Action> {
    Ok(Action::AnnotateClaim {
        ordinal: Ordinal(0),
        claim: uid(claim)?,
        seen: version(claim),
        cluster: "c0ffee".into(),
        member: MemberId(3),
    })
}

fn released(claim: &PersistentVolumeClaim) -> Result<Action> {
    Ok(Action::ReleaseClaim { ordinal: Ordinal(0), claim: uid(claim)?, seen: version(claim) })
}

fn deleted(claim: &PersistentVolumeClaim) -> Result<Action> {
    Ok(Action::DeleteClaim { ordinal: Ordinal(0), claim: uid(claim)?, seen: version(claim) })
}

#[tokio::test]
async fn whoever_needs_a_released_claim_takes_it_back_before_its_deletion_lands() -> Result<()> {
    let scene = Scene::new().await?;
    let claims = scene.api::<PersistentVolumeClaim>();
    scene.namespace.apply(CLAIM).await?;
    // The controller that protects claims writes to each new one.
    let protected = |claim: &PersistentVolumeClaim| !claim.finalizers().is_empty();
    let made = silhouette_tests::kubernetes::until_some(&claims, NAME, "it is protected", protected).await?;
    ensure!(scene.carry(&annotated(&made)?).await == Outcome::Done, "refused");
    ensure!(scene.carry(&released(&made)?).await == Outcome::Overtaken, "released by an old step");
    let noted = claims.get(NAME).await?;
    ensure!(scene.carry(&released(&noted)?).await == Outcome::Done, "refused");
    let marked = claims.get(NAME).await?;
    let notes = marked.annotations();
    ensure!(notes.get(annotations::RELEASED).is_some_and(|mark| mark == annotations::TRUE), "{notes:?}");
    ensure!(notes.get(annotations::MEMBER_ID).is_some_and(|member| member == "3"), "{notes:?}");
    let deletion = deleted(&marked)?;
    ensure!(scene.carry(&annotated(&marked)?).await == Outcome::Done, "refused");
    ensure!(scene.carry(&deletion).await == Outcome::Overtaken, "deleted although it was taken back");
    let kept = claims.get(NAME).await?;
    let notes = kept.annotations();
    ensure!(kept.metadata.deletion_timestamp.is_none() && !notes.contains_key(annotations::RELEASED), "{kept:?}");
    ensure!(notes.contains_key("example.org/note"), "what others wrote is gone: {notes:?}");
    ensure!(scene.carry(&deleted(&kept)?).await == Outcome::Done, "refused");
    until_gone(&claims, NAME).await?;
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn another_claim_of_the_same_name_is_left_alone() -> Result<()> {
    let scene = Scene::new().await?;
    let claims = scene.api::<PersistentVolumeClaim>();
    scene.namespace.apply(CLAIM).await?;
    let first = claims.get(NAME).await?;
    claims.delete(NAME, &DeleteParams::default()).await?;
    until_gone(&claims, NAME).await?;
    ensure!(scene.carry(&deleted(&first)?).await == Outcome::Overtaken, "what is gone was deleted");
    scene.namespace.apply(CLAIM).await?;
    for old in [annotated(&first)?, released(&first)?, deleted(&first)?] {
        let carried = scene.carry(&old).await;
        ensure!(carried == Outcome::Overtaken, "{old:?} ended as {carried:?}");
    }
    let second = claims.get(NAME).await?;
    ensure!(second.metadata.deletion_timestamp.is_none() && second.annotations().len() == 1, "{second:?}");
    scene.namespace.passed();
    Ok(())
}

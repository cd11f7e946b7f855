//! The StatefulSet and the budget.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Service, policy::v1::PodDisruptionBudget};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::json;
use silhouette_operator::{carry::Outcome, observed::Child, plan::Action, resources::annotations};
use silhouette_tests::kubernetes::until_gone;

use super::{Scene, version};

fn replicas(set: &StatefulSet) -> Option<i32> {
    set.spec.as_ref().and_then(|spec| spec.replicas)
}

fn is_released<K: kube::Resource>(object: &K) -> bool {
    object.annotations().contains_key(annotations::RELEASED)
}

#[tokio::test]
async fn a_set_that_was_not_seen_is_made_and_never_written_over() -> Result<()> {
    let scene = Scene::new().await?;
    let made = scene.carry(&Action::ApplySet { replicas: 5, seen: None }).await;
    let again = scene.carry(&Action::ApplySet { replicas: 3, seen: None }).await;
    ensure!((made, again) == (Outcome::Done, Outcome::Overtaken), "{made:?}, then {again:?}");
    let set = scene.api::<StatefulSet>().get("demo").await?;
    ensure!(replicas(&set) == Some(5), "it has {:?} pods", replicas(&set));
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_set_that_has_changed_or_is_gone_is_left_as_it_is() -> Result<()> {
    let scene = Scene::new().await?;
    let sets = scene.api::<StatefulSet>();
    scene.carry(&Action::ApplySet { replicas: 5, seen: None }).await;
    let seen = version(&sets.get("demo").await?);
    let note = json!({ "metadata": { "annotations": { "example.org/note": "mine" } } });
    sets.patch("demo", &PatchParams::default(), &Patch::Merge(&note)).await?;
    let smaller = Action::ApplySet { replicas: 3, seen: Some(seen.clone()) };
    let carried = scene.carry(&smaller).await;
    ensure!(carried == Outcome::Overtaken, "{carried:?}");
    let carried = scene.carry(&Action::ReleasePlaces { replicas: 3, seen }).await;
    let set = sets.get("demo").await?;
    ensure!(carried == Outcome::Overtaken && replicas(&set) == Some(5) && !is_released(&set), "{carried:?}: {set:?}");
    sets.delete("demo", &DeleteParams::background()).await?;
    until_gone(&sets, "demo").await?;
    let carried = scene.carry(&Action::ApplySet { replicas: 3, seen: Some(version(&set)) }).await;
    ensure!(carried == Outcome::Overtaken, "{carried:?}");
    ensure!(sets.get_opt("demo").await?.is_none(), "what was gone was made again");
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_mark_changes_nothing_else_and_is_taken_back_with_the_next_apply() -> Result<()> {
    let scene = Scene::new().await?;
    let sets = scene.api::<StatefulSet>();
    scene.carry(&Action::ApplySet { replicas: 5, seen: None }).await;
    let note = json!({ "metadata": { "annotations": { "example.org/note": "mine" } } });
    sets.patch("demo", &PatchParams::default(), &Patch::Merge(&note)).await?;
    let generation = sets.get("demo").await?.metadata.generation;
    scene.carry_as_seen("demo", |set: &StatefulSet| Action::ReleasePlaces { replicas: 3, seen: version(set) }).await?;
    let set = sets.get("demo").await?;
    ensure!(is_released(&set) && replicas(&set) == Some(5), "{set:?}");
    ensure!(set.metadata.generation == generation, "the mark has changed the spec");
    scene.carry_as_seen("demo", |set: &StatefulSet| Action::ApplySet { replicas: 3, seen: Some(version(set)) }).await?;
    let set = sets.get("demo").await?;
    ensure!(!is_released(&set) && replicas(&set) == Some(3), "{set:?}");
    ensure!(set.annotations().contains_key("example.org/note"), "what others wrote is gone");
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_budget_is_released_lowered_and_taken_away_only_as_it_was_seen() -> Result<()> {
    let scene = Scene::new().await?;
    let budgets = scene.api::<PodDisruptionBudget>();
    scene.carry(&Action::SetBudget { min_available: Some(4), seen: None }).await;
    let seen = version(&budgets.get("demo").await?);
    scene
        .carry_as_seen("demo", |budget: &PodDisruptionBudget| Action::ReleaseBudget {
            min_available: Some(2),
            seen: version(budget),
        })
        .await?;
    ensure!(is_released(&budgets.get("demo").await?), "it is not marked");
    for old in [
        Action::SetBudget { min_available: None, seen: Some(seen.clone()) },
        Action::SetBudget { min_available: Some(2), seen: Some(seen.clone()) },
        Action::SetBudget { min_available: Some(2), seen: None },
        Action::ReleaseBudget { min_available: None, seen },
    ] {
        let carried = scene.carry(&old).await;
        ensure!(carried == Outcome::Overtaken, "{old:?} ended as {carried:?}");
    }
    let asked = budgets.get("demo").await?.spec.and_then(|spec| spec.min_available);
    ensure!(asked == Some(k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::Int(4)), "it asks for {asked:?}");
    scene
        .carry_as_seen("demo", |budget: &PodDisruptionBudget| Action::SetBudget {
            min_available: None,
            seen: Some(version(budget)),
        })
        .await?;
    until_gone(&budgets, "demo").await?;
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn child_objects_are_applied_again_as_often_as_one_likes() -> Result<()> {
    let scene = Scene::new().await?;
    let children = [
        Child::ServiceAccount,
        Child::ConfigMap,
        Child::HeadlessService,
        Child::Service,
        Child::RetrievalService,
        Child::NetworkPolicy,
    ];
    for child in children {
        let carried = scene.carry(&Action::Apply { child }).await;
        ensure!(carried == Outcome::Done, "{child:?} ended as {carried:?}");
    }
    let services = scene.api::<Service>();
    let before = services.get("demo").await?;
    ensure!(scene.carry(&Action::Apply { child: Child::Service }).await == Outcome::Done, "refused");
    ensure!(version(&services.get("demo").await?) == version(&before), "what is as asked for was written to");
    let edit = json!({ "spec": { "selector": { "silhouette.dev/cluster": "another" } } });
    services.patch("demo", &PatchParams::default(), &Patch::Merge(&edit)).await?;
    ensure!(scene.carry(&Action::Apply { child: Child::Service }).await == Outcome::Done, "refused");
    let mended = services.get("demo").await?.spec.context("a spec")?;
    ensure!(
        mended.selector == before.spec.and_then(|spec| spec.selector),
        "the edit has stayed: {:?}",
        mended.selector
    );
    scene.namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_pod_template_that_makes_no_pod_is_refused_for_good() -> Result<()> {
    let mut scene = Scene::new().await?;
    let wrong = json!({ "spec": { "podTemplate": { "spec": { "containers": [{ "name": "other", "image": 7 }] } } } });
    scene.resource =
        scene.api().patch("demo", &PatchParams::default(), &Patch::Merge(&wrong)).await.context("it is taken")?;
    let carried = scene.carry(&Action::ApplySet { replicas: 3, seen: None }).await;
    ensure!(carried == Outcome::Refused, "{carried:?}");
    let unknown = json!({ "spec": { "podTemplate": { "spec": { "containers": null, "noSuchField": 7 } } } });
    scene.resource =
        scene.api().patch("demo", &PatchParams::default(), &Patch::Merge(&unknown)).await.context("it is taken")?;
    let carried = scene.carry(&Action::ApplySet { replicas: 3, seen: None }).await;
    ensure!(carried == Outcome::Refused, "{carried:?}");
    scene.namespace.passed();
    Ok(())
}

/// A StatefulSet that only has the name is somebody else's: people are told, and it is not tried again and again.
#[tokio::test]
async fn a_set_that_only_has_the_name_is_refused_and_left_as_it_is() -> Result<()> {
    let scene = Scene::new().await?;
    let sets = scene.api::<StatefulSet>();
    let labels = json!({ "app": "other" });
    let other: StatefulSet = serde_json::from_value(json!({
        "metadata": { "name": "demo" },
        "spec": {
            "replicas": 0, "serviceName": "other", "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [{ "name": "a", "image": "b" }] } },
        },
    }))?;
    sets.create(&PostParams::default(), &other).await?;
    let carried = scene.carry(&Action::ApplySet { replicas: 3, seen: None }).await;
    let set = sets.get("demo").await?;
    ensure!(carried == Outcome::Refused && replicas(&set) == Some(0), "{carried:?}: {set:?}");
    scene.namespace.passed();
    Ok(())
}

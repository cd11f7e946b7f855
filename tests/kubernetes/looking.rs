//! What a look makes of what a real API server shows: whether an object is as it is asked for depends on its defaults, on
//! how it writes quantities, and on what others may add.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::StatefulSet,
        core::v1::{PersistentVolumeClaim, Service},
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
    },
};
use kube::{
    Config, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use silhouette_operator::{
    api::SilhouetteCluster,
    carry::carry_out,
    connection::{Bounds, connect},
    ids::{Ordinal, ResourceVersion},
    look::{Sight, look},
    nodes::Patience,
    observed::{Child, Observed},
    plan::Action,
    surroundings::Surroundings,
    telemetry::Metrics,
};
use silhouette_tests::kubernetes::{Namespace, PATIENCE};
use tokio::time::timeout;

const RESOURCE: &str = "
apiVersion: silhouette.dev/v1alpha1
kind: SilhouetteCluster
metadata: {name: demo}
spec:
  replicas: 3
  image: {name: \"silhouette-server:0.1.0\"}
  storage: {size: 1024Mi}
  resources: {memory: 2048Mi}
  tls: {mode: Disabled}
  podTemplate:
    spec:
      containers:
        - name: silhouette-server
          env: [{name: SILHOUETTE__TELEMETRY__LOG_LEVEL, value: debug}]
        - name: sidecar
          image: registry.example/sidecar:1
          resources: {requests: {cpu: '0.5'}}
";

/// A resource of which all objects were applied, and which nobody keeps.
struct Scene {
    namespace: Namespace,
    resource: SilhouetteCluster,
    surroundings: Surroundings,
    metrics: Arc<Metrics>,
}

impl Scene {
    async fn applied() -> Result<Self> {
        let namespace = Namespace::new().await?;
        namespace.apply(RESOURCE).await?;
        let resource = namespace.api::<SilhouetteCluster>().get("demo").await?;
        let metrics = Arc::new(Metrics::default());
        let folder = tempfile::tempdir()?;
        let kubeconfig = folder.path().join("kubeconfig");
        namespace.kubernetes().administrator()?.write_kubeconfig(&kubeconfig, namespace.name())?;
        let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        let bounds = Bounds { in_flight: 16, patience: Duration::from_mins(1) };
        let client = connect(config, bounds, Arc::clone(&metrics))?;
        let watched = [namespace.name().to_owned()];
        let surroundings = Surroundings::new(client, &watched, Patience::default());
        let scene = Self { namespace, resource, surroundings, metrics };
        for child in [
            Child::ServiceAccount,
            Child::ConfigMap,
            Child::HeadlessService,
            Child::Service,
            Child::RetrievalService,
            Child::NetworkPolicy,
        ] {
            scene.carry(&Action::Apply { child }).await?;
        }
        scene.carry(&Action::ApplySet { replicas: 3, seen: None }).await?;
        scene.carry(&Action::SetBudget { min_available: Some(2), seen: None }).await?;
        Ok(scene)
    }

    async fn carry(&self, action: &Action) -> Result<()> {
        carry_out(&self.surroundings, &self.resource, action).await.with_context(|| format!("{action:?}"))
    }

    async fn look(&self, sight: Sight) -> Result<Observed> {
        Ok(look(&self.surroundings, &self.resource, sight).await?)
    }

    /// Looks at what was watched until it shows something.
    async fn until(&self, what: &str, shows: impl Fn(&Observed) -> bool) -> Result<Observed> {
        let mut changes = self.surroundings.changes().context("objects are watched")?;
        let looking = async {
            loop {
                let observed = self.look(Sight::Cached).await?;
                if shows(&observed) {
                    return Ok(observed);
                }
                // Having missed some is a reason to look as well.
                drop(changes.recv().await);
            }
        };
        timeout(PATIENCE, looking).await.with_context(|| format!("waited too long until {what}"))?
    }

    /// Looks until the controllers are done with what was applied.
    async fn until_at_rest(&self) -> Result<Observed> {
        self.until("all is as asked for", |observed| {
            let set = observed.set.as_ref().is_some_and(|set| set.is_observed && !set.revision.0.is_empty());
            let budget = observed.budget.as_ref().is_some_and(|budget| budget.is_observed);
            is_as_asked_for(observed) && set && budget && observed.slots.len() == 3
        })
        .await
    }

    /// Edits an object as a person does.
    async fn edit<K>(&self, name: &str, patch: &Value) -> Result<()>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + serde::de::DeserializeOwned
            + std::fmt::Debug,
    {
        let person = PatchParams { field_manager: Some("person".to_owned()), ..PatchParams::default() };
        self.namespace.api::<K>().patch(name, &person, &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Requests so far, but those that begin a watch.
    fn requests(&self) -> Result<u64> {
        let text = self.metrics.to_text()?;
        let lines = text.lines().filter(|line| line.starts_with("silhouette_operator_api_requests_total{"));
        let counted = lines.filter(|line| !line.contains("verb=\"watch\""));
        counted.map(|line| Ok(line.rsplit(' ').next().unwrap_or_default().parse::<u64>()?)).sum()
    }
}

fn is_as_asked_for(observed: &Observed) -> bool {
    observed.outdated.is_empty()
        && observed.set.as_ref().is_some_and(|set| !set.is_outdated)
        && observed.budget.as_ref().is_some_and(|budget| budget.min_available == 2)
}

/// What was applied is as it was asked for, whatever the API server makes of it, and stays so while others add to it.
#[tokio::test]
async fn what_was_just_applied_differs_in_nothing_and_what_others_add_is_no_difference() -> Result<()> {
    let scene = Scene::applied().await?;
    let observed = scene.look(Sight::Fresh).await?;
    ensure!(is_as_asked_for(&observed), "{observed:#?}");
    let added = json!({ "metadata": { "annotations": { "example.org/note": "mine" }, "labels": { "team": "a" } } });
    scene.edit::<Service>("demo", &added).await?;
    scene.edit::<StatefulSet>("demo", &added).await?;
    scene.edit::<PodDisruptionBudget>("demo", &added).await?;
    let observed = scene.look(Sight::Fresh).await?;
    ensure!(is_as_asked_for(&observed), "{observed:#?}");
    scene.namespace.passed();
    Ok(())
}

/// An edit of what is ours is seen, and so is what is missing.
#[tokio::test]
async fn an_edit_of_what_is_asked_for_is_a_difference() -> Result<()> {
    let scene = Scene::applied().await?;
    scene.edit::<Service>("demo", &json!({ "spec": { "selector": { "silhouette.dev/cluster": "other" } } })).await?;
    scene.namespace.api::<NetworkPolicy>().delete("demo", &DeleteParams::default()).await?;
    let observed = scene.look(Sight::Fresh).await?;
    ensure!(observed.outdated == [Child::Service, Child::NetworkPolicy], "{:?}", observed.outdated);
    ensure!(observed.set.is_some_and(|set| !set.is_outdated), "the StatefulSet was not edited");
    let policy = json!({ "spec": { "unhealthyPodEvictionPolicy": "AlwaysAllow" } });
    scene.edit::<PodDisruptionBudget>("demo", &policy).await?;
    scene
        .edit::<StatefulSet>(
            "demo",
            &json!({ "spec": { "template": { "spec": { "terminationGracePeriodSeconds": 1 } } } }),
        )
        .await?;
    let observed = scene.look(Sight::Fresh).await?;
    ensure!(observed.set.is_some_and(|set| set.is_outdated), "the edit of the template is not seen");
    ensure!(observed.budget.is_some_and(|budget| budget.min_available == 0), "the edit of the budget is not seen");
    scene.namespace.passed();
    Ok(())
}

/// The size of the StatefulSet and the mark that it is about to change are steps' matters, and no difference.
#[tokio::test]
async fn a_size_and_a_mark_that_a_step_has_set_are_no_difference() -> Result<()> {
    let scene = Scene::applied().await?;
    scene.edit::<StatefulSet>("demo", &json!({ "spec": { "replicas": 5 } })).await?;
    let mark = json!({ "metadata": { "annotations": { "silhouette.dev/released": "true" } } });
    scene.edit::<StatefulSet>("demo", &mark).await?;
    scene.edit::<PodDisruptionBudget>("demo", &mark).await?;
    let observed = scene.look(Sight::Fresh).await?;
    ensure!(is_as_asked_for(&observed), "{observed:#?}");
    let (set, budget) = (observed.set.context("a StatefulSet")?, observed.budget.context("a budget")?);
    ensure!(set.replicas == 5 && set.released && budget.released, "{set:?} {budget:?}");
    scene.namespace.passed();
    Ok(())
}

/// A cached look sees what a fresh one sees, and asks the API server for nothing.
#[tokio::test]
async fn a_look_at_what_has_not_changed_asks_nothing() -> Result<()> {
    let scene = Scene::applied().await?;
    scene.until_at_rest().await?;
    let looking = async {
        // Controllers may still write to what they keep: it is tried again until nothing has changed meanwhile.
        loop {
            let fresh = scene.look(Sight::Fresh).await?;
            let before = scene.requests()?;
            ensure!(before > 0, "requests are not counted");
            let mut is_unchanged = true;
            for _ in 0..5 {
                is_unchanged &= scene.look(Sight::Cached).await? == fresh;
            }
            let asked = scene.requests()? - before;
            is_unchanged &= scene.look(Sight::Fresh).await? == fresh;
            if is_unchanged {
                return Ok(asked);
            }
        }
    };
    let asked = timeout(PATIENCE, looking).await.context("a cached look never sees what a fresh one sees")??;
    ensure!(asked == 0, "{asked} requests");
    scene.namespace.passed();
    Ok(())
}

/// A StatefulSet from which somebody took the label is found all the same: it could not be made a second time.
#[tokio::test]
async fn a_set_without_its_label_is_found_and_differs() -> Result<()> {
    let scene = Scene::applied().await?;
    scene.until_at_rest().await?;
    scene.edit::<StatefulSet>("demo", &json!({ "metadata": { "labels": { "silhouette.dev/cluster": null } } })).await?;
    let observed =
        scene.until("the label is missed", |observed| observed.set.as_ref().is_none_or(|set| set.is_outdated)).await?;
    ensure!(observed.set.is_some(), "it was not found");
    scene.namespace.passed();
    Ok(())
}

/// A claim without its label is the disk of the pod that has its name all the same.
#[tokio::test]
async fn a_claim_without_its_label_is_found() -> Result<()> {
    let scene = Scene::applied().await?;
    scene.until_at_rest().await?;
    let unlabelled = json!({ "metadata": { "labels": { "silhouette.dev/cluster": null } } });
    scene.edit::<PersistentVolumeClaim>("data-demo-1", &unlabelled).await?;
    let claim = scene.namespace.api::<PersistentVolumeClaim>().get("data-demo-1").await?;
    ensure!(claim.labels().get("silhouette.dev/cluster").is_none(), "it still has its label");
    let version = ResourceVersion(claim.resource_version().unwrap_or_default());
    let is_seen = |observed: &Observed| {
        observed.claim(Ordinal(1)).is_some_and(|claim| claim.version == version) && observed.slots.len() == 3
    };
    let fresh = scene.look(Sight::Fresh).await?;
    ensure!(is_seen(&fresh), "{:?}", fresh.slots);
    scene.until("the watch has lost the claim, and it is found by its name", is_seen).await?;
    scene.namespace.passed();
    Ok(())
}

/// A policy of the cluster's name that people labelled is not taken away, and is not in the way of all that follows.
#[tokio::test]
async fn a_policy_of_other_people_is_left_alone_where_none_is_wanted() -> Result<()> {
    let mut scene = Scene::applied().await?;
    let policies = scene.namespace.api::<NetworkPolicy>();
    scene.edit::<NetworkPolicy>("demo", &json!({ "metadata": { "ownerReferences": null } })).await?;
    let disabled = json!({ "spec": { "networkPolicy": { "mode": "Disabled" } } });
    scene.edit::<SilhouetteCluster>("demo", &disabled).await?;
    scene.resource = scene.namespace.api::<SilhouetteCluster>().get("demo").await?;
    let observed = scene.look(Sight::Fresh).await?;
    ensure!(observed.outdated.is_empty(), "{:?}", observed.outdated);
    scene.carry(&Action::Apply { child: Child::NetworkPolicy }).await?;
    ensure!(policies.get_opt("demo").await?.is_some(), "it was taken away");
    scene.namespace.passed();
    Ok(())
}

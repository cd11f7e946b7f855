//! A cluster that is as it should be is left alone: nothing is written, and next to nothing is asked.

use std::{collections::BTreeMap, fmt::Debug, time::Duration};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::{ControllerRevision, StatefulSet},
        core::v1::{ConfigMap, Event, PersistentVolumeClaim, Pod, Service, ServiceAccount},
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
    },
};
use kube::{Resource, ResourceExt as _, api::ListParams};
use serde::de::DeserializeOwned;
use serde_json::json;
use silhouette_operator::api::SilhouetteCluster;
use silhouette_tests::{
    harness::{isolation::isolated, waiting::within},
    kubernetes::{Namespace, Operator},
};
use tokio::time::sleep;

use super::{
    PATIENCE,
    scene::Scene,
    whole_life::{DEMO, change, settled},
};

/// For how long nothing may be written.
const REST: Duration = Duration::from_mins(2);

#[test]
fn at_rest_nothing_is_written_and_only_the_lease_is_renewed() -> Result<()> {
    isolated(async || {
        let scene = Scene::new(3).await?;
        let mut operator = Operator::start(scene.namespace(), &[]).await?;
        scene.namespace().apply(DEMO).await?;
        settled(&scene, 1).await?;
        change(&scene, json!({"replicas": 3})).await?;
        settled(&scene, 3).await?;
        let (versions, asked) = comes_to_rest(&scene, &operator).await?;
        let passed = Passes::of(&operator).await?;

        // It is the length of the silence that is tested: there is no state to wait for.
        sleep(REST).await;

        let now = versions_of(scene.namespace()).await?;
        ensure!(now == versions, "objects were written at rest: {versions:#?} became {now:#?}");
        let asked = Asked::of(&operator).await?.since(&asked);
        ensure!(asked.others == 0.0, "the API server was asked for more than the lease and watches: {asked:?}");
        let passed = Passes::of(&operator).await?.since(&passed);
        ensure!(passed.count > 0.0, "no pass was made");
        let memory = operator.process().memory()?;
        println!(
            "at rest for {REST:?}: {} passes of {:.1} ms each, {} requests for the lease, {} watches begun anew, no other \
             request; {} MiB resident, {} MiB at most",
            passed.count,
            passed.seconds / passed.count * 1000.0,
            asked.lease,
            asked.watches,
            memory.resident >> 20,
            memory.peak >> 20,
        );
        scene.passed();
        Ok(())
    })
}

/// Waits until nothing is written between some passes that find nothing to do.
async fn comes_to_rest(scene: &Scene, operator: &Operator) -> Result<(BTreeMap<String, String>, Asked)> {
    within(PATIENCE, "nothing is written any more", async || {
        let before = versions_of(scene.namespace()).await?;
        let rested = rests(operator).await?;
        within(PATIENCE, "passes find nothing to do", async || {
            let more = rests(operator).await? - rested;
            ensure!(more >= 2.0, "{more} did");
            Ok(())
        })
        .await?;
        let asked = Asked::of(operator).await?;
        let now = versions_of(scene.namespace()).await?;
        ensure!(now == before, "{before:#?} became {now:#?}");
        Ok((now, asked))
    })
    .await
}

/// Passes that found nothing to do.
async fn rests(operator: &Operator) -> Result<f64> {
    operator.metric("silhouette_operator_reconciles_total", &["outcome=\"rested\""]).await
}

/// What the API server was asked for.
#[derive(Debug)]
struct Asked {
    lease: f64,
    watches: f64,
    others: f64,
}

impl Asked {
    async fn of(operator: &Operator) -> Result<Self> {
        let name = "silhouette_operator_api_requests_total";
        let lease = operator.metric(name, &["resource=\"leases\""]).await?;
        let watches = operator.metric(name, &["verb=\"watch\""]).await?;
        let all = operator.metric(name, &[]).await?;
        Ok(Self { lease, watches, others: all - lease - watches })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            lease: self.lease - before.lease,
            watches: self.watches - before.watches,
            others: self.others - before.others,
        }
    }
}

/// Passes over clusters.
#[derive(Debug)]
struct Passes {
    count: f64,
    seconds: f64,
}

impl Passes {
    async fn of(operator: &Operator) -> Result<Self> {
        Ok(Self {
            count: operator.metric("silhouette_operator_reconcile_duration_seconds_count", &[]).await?,
            seconds: operator.metric("silhouette_operator_reconcile_duration_seconds_sum", &[]).await?,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self { count: self.count - before.count, seconds: self.seconds - before.seconds }
    }
}

/// The versions of the resource and of everything that is made for it, events included; the lease is not.
async fn versions_of(namespace: &Namespace) -> Result<BTreeMap<String, String>> {
    let mut versions = BTreeMap::new();
    add::<SilhouetteCluster>(namespace, &mut versions).await?;
    add::<StatefulSet>(namespace, &mut versions).await?;
    add::<ControllerRevision>(namespace, &mut versions).await?;
    add::<PodDisruptionBudget>(namespace, &mut versions).await?;
    add::<NetworkPolicy>(namespace, &mut versions).await?;
    add::<ServiceAccount>(namespace, &mut versions).await?;
    add::<ConfigMap>(namespace, &mut versions).await?;
    add::<Service>(namespace, &mut versions).await?;
    add::<PersistentVolumeClaim>(namespace, &mut versions).await?;
    add::<Pod>(namespace, &mut versions).await?;
    add::<Event>(namespace, &mut versions).await?;
    Ok(versions)
}

/// Adds those of one kind.
async fn add<K>(namespace: &Namespace, versions: &mut BTreeMap<String, String>) -> Result<()>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let kind = K::kind(&());
    let objects =
        namespace.api::<K>().list(&ListParams::default()).await.with_context(|| format!("cannot list {kind}"))?;
    for object in objects {
        versions.insert(format!("{kind}/{}", object.name_any()), object.resource_version().unwrap_or_default());
    }
    Ok(())
}

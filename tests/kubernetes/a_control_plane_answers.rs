//! The control plane that the other tests use is a real one.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Pod, Secret},
};
use kube::{Api, api::ListParams};
use silhouette_tests::kubernetes::{Kubernetes, Namespace, until_some};

const STATEFUL_SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: none}]}
";

#[tokio::test]
async fn controllers_make_pods_and_nobody_runs_them() -> Result<()> {
    let namespace = Namespace::new().await?;
    namespace.apply(STATEFUL_SET).await?;
    let pod = until_some(&namespace.api::<Pod>(), "web-0", "it is made", |_| true).await?;
    let phase = pod.status.and_then(|status| status.phase);
    ensure!(phase.as_deref() == Some("Pending"), "it is {phase:?}");
    let counts_its_pod = |set: &StatefulSet| set.status.as_ref().is_some_and(|status| status.replicas == 1);
    let set = until_some(&namespace.api(), "web", "it counts its pod", counts_its_pod).await?;
    ensure!(set.status.context("it has a status")?.ready_replicas.is_none(), "nobody runs it");
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn whoever_was_granted_nothing_may_do_nothing() -> Result<()> {
    let stranger = Kubernetes::shared().await?.identity("stranger", None)?.client().await?;
    let refused = Api::<Secret>::namespaced(stranger, "default").list(&ListParams::default()).await;
    ensure!(matches!(&refused, Err(kube::Error::Api(status)) if status.is_forbidden()), "{refused:?}");
    Ok(())
}

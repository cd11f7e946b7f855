//! A control plane, machines, and pods that run real servers.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    ResourceExt,
    api::{DeleteParams, EvictParams, ListParams},
};
use silhouette_client::Client;
use silhouette_tests::{
    harness::{control::Control, waiting::within},
    kubernetes::{Kubernetes, Namespace, kubelet::Kubelets},
};

use super::PATIENCE;

/// The name of the cluster.
pub(crate) const NAME: &str = "demo";

/// What a test of real nodes plays in. Make one in an isolated test.
///
/// A test that passes says so by [`passed`](Self::passed).
#[must_use = "say passed() when the test has passed"]
pub(crate) struct Scene {
    /// There is one until the scene ends.
    namespace: Option<Namespace>,
    pub(crate) kubelets: Kubelets,
}

impl Scene {
    /// A control plane of its own, and this many machines.
    pub(crate) async fn new(machines: usize) -> Result<Self> {
        let namespace = Namespace::of(Kubernetes::start().await?).await?;
        let folder = namespace.kubernetes().folder().join("kubelets");
        let client = namespace.client().clone();
        let kubelets = Kubelets::start(client, namespace.name(), machines, &folder).await?;
        Ok(Self { namespace: Some(namespace), kubelets })
    }

    /// The namespace that all of it is in.
    pub(crate) fn namespace(&self) -> &Namespace {
        self.namespace.as_ref().expect("it is there until the scene ends")
    }

    /// The address of a pod's node for clients, by its name.
    pub(crate) fn endpoint(&self, ordinal: u32) -> String {
        format!("{NAME}-{ordinal}.{NAME}-headless.{}.svc:7601", self.namespace().name())
    }

    /// A client that knows all places that there may ever be: those where no pod is do not answer.
    pub(crate) fn client(&self) -> Result<Client> {
        let endpoints = (0..5).map(|ordinal| self.endpoint(ordinal));
        Ok(Client::builder().endpoints(endpoints).timeout(PATIENCE).build()?)
    }

    /// A client of such places that has no more patience than a user's who set nothing.
    pub(crate) fn reader(&self) -> Result<Client> {
        Ok(Client::builder().endpoints((0..5).map(|ordinal| self.endpoint(ordinal))).build()?)
    }

    /// `silhouettectl`, aimed at these places.
    pub(crate) fn control(&self, ordinals: std::ops::Range<u32>) -> Control {
        Control::new(ordinals.map(|ordinal| self.endpoint(ordinal)).collect())
    }

    /// All pods as they are now, by their names.
    pub(crate) async fn pods(&self) -> Result<Vec<Pod>> {
        let mut pods = self.namespace().api::<Pod>().list(&ListParams::default()).await?.items;
        pods.sort_by_key(ResourceExt::name_any);
        Ok(pods)
    }

    /// Waits until exactly this many pods are there and Ready.
    pub(crate) async fn ready_pods(&self, count: usize) -> Result<Vec<Pod>> {
        within(PATIENCE, &format!("{count} pods are Ready"), async || {
            let pods = self.pods().await?;
            let ready = pods.iter().filter(|pod| is_ready(pod)).count();
            ensure!(ready == count && pods.len() == count, "{ready} of {} are", pods.len());
            Ok(pods)
        })
        .await
    }

    /// Deletes a pod, and waits until another one of its name runs.
    pub(crate) async fn delete_pod(&self, name: &str) -> Result<Pod> {
        let pods = self.namespace().api::<Pod>();
        let uid = pods.get(name).await?.uid();
        pods.delete(name, &DeleteParams::default()).await.with_context(|| format!("cannot delete {name}"))?;
        within(PATIENCE, &format!("another {name} is Ready"), async || {
            let pod = pods.get(name).await?;
            ensure!(pod.uid() != uid && is_ready(&pod), "it is not");
            Ok(pod)
        })
        .await
    }

    /// Asks for a pod to leave, as `kubectl drain` does; whether the budget lets it.
    pub(crate) async fn evict(&self, name: &str) -> Result<bool> {
        match self.namespace().api::<Pod>().evict(name, &EvictParams::default()).await {
            Ok(_) => Ok(true),
            // The budget refuses, or the pod has gone already.
            Err(kube::Error::Api(status)) if matches!(status.code, 429 | 404) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot evict {name}")),
        }
    }

    /// Where the test keeps files.
    pub(crate) fn folder(&self) -> PathBuf {
        self.namespace().kubernetes().folder().to_owned()
    }

    /// The test has passed: nothing is worth keeping.
    pub(crate) fn passed(mut self) {
        if let Some(namespace) = self.namespace.take() {
            namespace.passed();
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if self.namespace.is_some() {
            self.kubelets.show_logs();
        }
    }
}

/// Whether a pod counts as Ready.
pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let mut ready = conditions.filter(|condition| condition.type_ == "Ready");
    pod.metadata.deletion_timestamp.is_none() && ready.any(|condition| condition.status == "True")
}

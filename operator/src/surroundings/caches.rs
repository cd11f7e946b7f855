//! The objects of all clusters as they were watched last: one watch a kind and namespace, whatever the number of
//! clusters.

use std::sync::Arc;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, Node, NodeStatus, PersistentVolumeClaim, Pod, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use kube::{Client, core::PartialObjectMeta};
use tokio::sync::broadcast;

use super::cache::{Cache, Tell, Unread};
use crate::nodes::PodAddress;

/// Changes that are remembered for whoever is told of them late. Who misses some looks after a pause anyway.
const CHANGES: usize = 1024;

/// Caches of every kind that a look reads.
pub(crate) struct Caches {
    namespaces: Vec<Namespaced>,
    machines: Cache<Node>,
    changes: broadcast::Sender<Changed>,
}

/// The cluster of which an object has changed, by namespace and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub cluster: String,
}

/// Caches of one namespace, or of all.
pub(crate) struct Namespaced {
    pub(crate) pods: Cache<Pod>,
    pub(crate) claims: Cache<PersistentVolumeClaim>,
    pub(crate) sets: Cache<StatefulSet>,
    pub(crate) budgets: Cache<PodDisruptionBudget>,
    pub(crate) config_maps: Cache<ConfigMap>,
    // Of the others it is enough to know which version there is.
    pub(crate) accounts: Cache<PartialObjectMeta<ServiceAccount>>,
    pub(crate) services: Cache<PartialObjectMeta<Service>>,
    pub(crate) policies: Cache<PartialObjectMeta<NetworkPolicy>>,
}

impl Caches {
    /// Watches from now on.
    pub(super) fn begin(client: &Client, namespaces: &[String]) -> Self {
        let (changes, _) = broadcast::channel(CHANGES);
        let sender = changes.clone();
        let tell: Tell = Arc::new(move |namespace, cluster| {
            // It fails if nobody listens.
            sender.send(Changed { namespace: namespace.to_owned(), cluster: cluster.to_owned() }).ok();
        });
        let namespaces = match namespaces {
            [] => vec![Namespaced::begin(client, None, &tell)],
            some => some.iter().map(|namespace| Namespaced::begin(client, Some(namespace), &tell)).collect(),
        };
        Self { namespaces, machines: Cache::begin_all(client, strip_machine), changes }
    }

    /// Waits until what a look at a namespace reads was read for the first time. Other namespaces are not waited for.
    pub(super) async fn wait_until_read(&self, namespace: &str) -> Result<(), Unread> {
        let (of, machines) = (self.of(namespace), self.machines.wait_until_read());
        let objects = async {
            match of {
                Some(of) => of.wait_until_read().await,
                None => Ok(()),
            }
        };
        tokio::try_join!(objects, machines)?;
        Ok(())
    }

    /// The caches of a namespace; none if it is not watched.
    pub(crate) fn of(&self, namespace: &str) -> Option<&Namespaced> {
        self.namespaces.iter().find(|caches| caches.pods.covers(namespace))
    }

    /// A Kubernetes node.
    pub(crate) fn machine(&self, name: &str) -> Option<Arc<Node>> {
        self.machines.get_global(name)
    }

    /// Tells of changes from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<Changed> {
        self.changes.subscribe()
    }

    /// Whether this very pod is still there.
    pub(crate) fn has(&self, pod: &PodAddress) -> bool {
        let present = self.of(&pod.namespace).and_then(|caches| caches.pods.get(&pod.namespace, &pod.name));
        present.is_some_and(|present| present.metadata.uid.as_deref() == Some(pod.uid.0.as_str()))
    }
}

impl Namespaced {
    fn begin(client: &Client, namespace: Option<&str>, tell: &Tell) -> Self {
        Self {
            pods: Cache::begin(client, namespace, tell.clone()),
            claims: Cache::begin(client, namespace, tell.clone()),
            sets: Cache::begin(client, namespace, tell.clone()),
            budgets: Cache::begin(client, namespace, tell.clone()),
            config_maps: Cache::begin(client, namespace, tell.clone()),
            accounts: Cache::begin(client, namespace, tell.clone()),
            services: Cache::begin(client, namespace, tell.clone()),
            policies: Cache::begin(client, namespace, tell.clone()),
        }
    }

    async fn wait_until_read(&self) -> Result<(), Unread> {
        tokio::try_join!(
            self.pods.wait_until_read(),
            self.claims.wait_until_read(),
            self.sets.wait_until_read(),
            self.budgets.wait_until_read(),
            self.config_maps.wait_until_read(),
            self.accounts.wait_until_read(),
            self.services.wait_until_read(),
            self.policies.wait_until_read(),
        )?;
        Ok(())
    }
}

/// Keeps of a Kubernetes node what it is judged by: whatever else it reports is large, and of no use here.
fn strip_machine(machine: &mut Node) {
    machine.metadata.annotations = None;
    machine.metadata.labels = None;
    machine.spec = None;
    if let Some(status) = &mut machine.status {
        let conditions = status.conditions.take();
        *status = NodeStatus { conditions, ..NodeStatus::default() };
    }
}

//! The objects of a cluster, from what was watched or from the API server itself.

use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

use futures::future::try_join_all;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, Node, PersistentVolumeClaim, Pod, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::ListParams,
    core::{NamespaceResourceScope, PartialObjectMeta},
};
use serde::de::DeserializeOwned;

use super::{LookError, Sight, Subject, places, pods::machine_name, sets};
use crate::{
    ids::{Ordinal, ResourceVersion},
    observed::Child,
    resources::{Children, labels, names},
    surroundings::{Caches, Surroundings},
};

/// What there is of a cluster.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) pods: Vec<Arc<Pod>>,
    pub(super) claims: Vec<Arc<PersistentVolumeClaim>>,
    pub(super) set: Option<Arc<StatefulSet>>,
    pub(super) budget: Option<Arc<PodDisruptionBudget>>,
    /// The nodes' configurations, present and past.
    pub(super) config_maps: Vec<Arc<ConfigMap>>,
    /// Versions of the other child objects.
    pub(super) children: BTreeMap<Child, ResourceVersion>,
    /// The Kubernetes nodes that pods are on, by name.
    pub(super) machines: BTreeMap<String, Arc<Node>>,
}

/// Pods that a resource asks for at most.
const MOST_REPLICAS: u32 = 5;

/// All child objects that may be applied at any time, in this order. Claims are made by another.
pub(super) const CHILDREN: [Child; 6] = [
    Child::ServiceAccount,
    Child::ConfigMap,
    Child::HeadlessService,
    Child::Service,
    Child::RetrievalService,
    Child::NetworkPolicy,
];

impl Objects {
    pub(super) async fn read(
        surroundings: &Surroundings,
        subject: Subject<'_>,
        children: &Children,
        sight: Sight,
    ) -> Result<Self, LookError> {
        let client = &surroundings.client;
        match (sight, surroundings.caches(subject.namespace).await?) {
            (Sight::Cached, Some(caches)) => {
                surroundings.nodes.keep(|pod| caches.has(pod));
                let mut objects = Self::cached(caches, subject, children)?;
                objects.find_unlabelled(client, subject).await?;
                Ok(objects)
            }
            _ => Self::fresh(client, subject, children).await,
        }
    }

    /// As it was watched last.
    fn cached(caches: &Caches, subject: Subject<'_>, children: &Children) -> Result<Self, LookError> {
        let Subject { namespace, name, .. } = subject;
        let of = caches.of(namespace).ok_or_else(|| LookError::NotWatched { namespace: namespace.to_owned() })?;
        let pods = of.pods.of_cluster(namespace, name);
        let machines = pods.iter().filter_map(|pod| machine_name(pod));
        let machines = machines.filter_map(|machine| Some((machine.to_owned(), caches.machine(machine)?))).collect();
        let metadata = |child: Child| {
            let name = children.name(child);
            match child {
                Child::ServiceAccount => of.accounts.get(namespace, &name).map(|object| object.meta().clone()),
                Child::ConfigMap => of.config_maps.get(namespace, &name).map(|object| object.meta().clone()),
                Child::HeadlessService | Child::Service | Child::RetrievalService => {
                    of.services.get(namespace, &name).map(|object| object.meta().clone())
                }
                Child::NetworkPolicy => of.policies.get(namespace, &name).map(|object| object.meta().clone()),
                Child::Claims => None,
            }
        };
        let version = |child: Child| metadata(child).and_then(|present| seen_as(children, child, present));
        let children = CHILDREN.into_iter().filter_map(|child| Some((child, version(child)?)));
        Ok(Self {
            claims: of.claims.of_cluster(namespace, name),
            set: of.sets.get(namespace, &names::main(name)),
            budget: of.budgets.get(namespace, &names::main(name)),
            config_maps: of.config_maps.of_cluster(namespace, name),
            children: children.collect(),
            machines,
            pods,
        })
    }

    /// Looks for what is missing where it is not watched: an object of ours from which somebody took the label would never
    /// be found, and never be made either.
    async fn find_unlabelled(&mut self, client: &Client, subject: Subject<'_>) -> Result<(), LookError> {
        let name = names::main(subject.name);
        if self.set.is_none() {
            let found: Option<StatefulSet> = get(client, subject, "the StatefulSet", &name).await?;
            self.set = found.filter(|set| is_owned(set, subject)).map(Arc::new);
        }
        // A cluster of one has no budget, and is not to be asked about it again and again.
        if self.budget.is_none() && self.set.as_deref().is_some_and(|set| sets::pods(set) > 1) {
            let found: Option<PodDisruptionBudget> = get(client, subject, "the PodDisruptionBudget", &name).await?;
            self.budget = found.filter(|budget| is_owned(budget, subject)).map(Arc::new);
        }
        self.find_claims(client, subject).await
    }

    /// Looks for claims by their names where none is seen: a pod uses the claim that has its name, with or without a label.
    /// Somebody may have brought it back from a copy.
    async fn find_claims(&mut self, client: &Client, subject: Subject<'_>) -> Result<(), LookError> {
        // Whoever makes the StatefulSet must know of every claim that its pods will use.
        let places = self.set.as_deref().map_or(MOST_REPLICAS, sets::pods).min(places::COUNT);
        let seen: Vec<String> = self.claims.iter().map(|claim| claim.name_any()).collect();
        let names = (0..places).map(|place| names::claim(subject.name, Ordinal(place)));
        let missing: Vec<String> = names.filter(|name| !seen.contains(name)).collect();
        let found = missing.iter().map(|name| get::<PersistentVolumeClaim>(client, subject, "claims", name));
        self.claims.extend(try_join_all(found).await?.into_iter().flatten().map(Arc::new));
        Ok(())
    }

    /// As the API server's own store has it.
    async fn fresh(client: &Client, subject: Subject<'_>, children: &Children) -> Result<Self, LookError> {
        let main = names::main(subject.name);
        let versions = try_join_all(CHILDREN.into_iter().map(|child| version(client, subject, children, child)));
        let (pods, claims, set, budget, config_maps, children) = tokio::try_join!(
            list::<Pod>(client, subject, "pods"),
            list::<PersistentVolumeClaim>(client, subject, "claims"),
            get::<StatefulSet>(client, subject, "the StatefulSet", &main),
            get::<PodDisruptionBudget>(client, subject, "the PodDisruptionBudget", &main),
            list::<ConfigMap>(client, subject, "configurations"),
            versions,
        )?;
        let machines = try_join_all(pods.iter().filter_map(|pod| machine_name(pod)).map(|name| machine(client, name)));
        let machines = machines.await?.into_iter().flatten().collect();
        let mut objects = Self {
            machines,
            pods,
            claims,
            config_maps,
            set: set.filter(|set| is_labelled(set, subject) || is_owned(set, subject)).map(Arc::new),
            budget: budget.filter(|budget| is_labelled(budget, subject) || is_owned(budget, subject)).map(Arc::new),
            children: children.into_iter().flatten().collect(),
        };
        objects.find_claims(client, subject).await?;
        Ok(objects)
    }
}

/// The pods of a cluster.
pub(super) async fn read_pods(
    surroundings: &Surroundings,
    subject: Subject<'_>,
    sight: Sight,
) -> Result<Vec<Arc<Pod>>, LookError> {
    match (sight, surroundings.caches(subject.namespace).await?) {
        (Sight::Cached, Some(caches)) => {
            let of = caches.of(subject.namespace);
            Ok(of.map(|of| of.pods.of_cluster(subject.namespace, subject.name)).unwrap_or_default())
        }
        _ => list(&surroundings.client, subject, "pods").await,
    }
}

/// The version of a child object that may be applied at any time.
async fn version(
    client: &Client,
    subject: Subject<'_>,
    children: &Children,
    child: Child,
) -> Result<Option<(Child, ResourceVersion)>, LookError> {
    let name = children.name(child);
    let what = child.as_str();
    let present = match child {
        Child::ServiceAccount => read_metadata::<ServiceAccount>(client, subject, what, &name).await?,
        Child::ConfigMap => read_metadata::<ConfigMap>(client, subject, what, &name).await?,
        Child::HeadlessService | Child::Service | Child::RetrievalService => {
            read_metadata::<Service>(client, subject, what, &name).await?
        }
        Child::NetworkPolicy => read_metadata::<NetworkPolicy>(client, subject, what, &name).await?,
        Child::Claims => None,
    };
    Ok(present.and_then(|present| Some((child, seen_as(children, child, present)?))))
}

/// The version of an object that is there under the name of a child, if it is seen as that child.
fn seen_as(children: &Children, child: Child, present: ObjectMeta) -> Option<ResourceVersion> {
    children.is_child(child, &present).then(|| ResourceVersion(present.resource_version.unwrap_or_default()))
}

async fn read_metadata<K>(
    client: &Client,
    subject: Subject<'_>,
    what: &'static str,
    name: &str,
) -> Result<Option<ObjectMeta>, LookError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let object: Option<PartialObjectMeta<K>> = get(client, subject, what, name).await?;
    Ok(object.map(|object| object.metadata))
}

async fn get<K>(client: &Client, subject: Subject<'_>, what: &'static str, name: &str) -> Result<Option<K>, LookError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let objects: Api<K> = Api::namespaced(client.clone(), subject.namespace);
    objects.get_opt(name).await.map_err(|source| LookError::Api { what, source })
}

async fn list<K>(client: &Client, subject: Subject<'_>, what: &'static str) -> Result<Vec<Arc<K>>, LookError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let objects: Api<K> = Api::namespaced(client.clone(), subject.namespace);
    let of_cluster = ListParams::default().labels(&format!("{}={}", labels::CLUSTER, subject.name));
    let listed = objects.list(&of_cluster).await.map_err(|source| LookError::Api { what, source })?;
    Ok(listed.items.into_iter().map(Arc::new).collect())
}

async fn machine(client: &Client, name: &str) -> Result<Option<(String, Arc<Node>)>, LookError> {
    let machine = Api::<Node>::all(client.clone()).get_opt(name).await;
    let machine = machine.map_err(|source| LookError::Api { what: "Kubernetes nodes", source })?;
    Ok(machine.map(|machine| (name.to_owned(), Arc::new(machine))))
}

fn is_labelled(object: &impl kube::ResourceExt, subject: Subject<'_>) -> bool {
    object.labels().get(labels::CLUSTER).is_some_and(|cluster| cluster == subject.name)
}

fn is_owned(object: &impl kube::ResourceExt, subject: Subject<'_>) -> bool {
    object.owner_references().iter().any(|owner| owner.uid == subject.uid)
}

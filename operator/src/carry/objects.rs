//! Child objects, by server-side apply. The StatefulSet and the budget only as they were seen: what was planned from an
//! old observation changes nothing.

use std::fmt::Debug;

use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, Service, ServiceAccount},
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
    },
    apimachinery::pkg::util::intstr::IntOrString,
};
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Error;
use crate::{
    ids::ResourceVersion,
    observed::Child,
    resources::{Children, FIELD_MANAGER, annotations, names},
};

/// A version that no object ever has: etcd counts from 1 before anything is written. An apply that names it makes an
/// object where there is none, and is refused where there is one.
const NO_OBJECTS_VERSION: &str = "1";

/// The objects of a resource.
pub(super) struct Objects<'a> {
    client: &'a Client,
    namespace: &'a str,
    /// The resource's name.
    pub(super) cluster: &'a str,
    /// The name of the StatefulSet and of the budget.
    pub(super) main: String,
    pub(super) children: Children,
}

impl<'a> Objects<'a> {
    pub(super) fn new(client: &'a Client, namespace: &'a str, cluster: &'a str, children: Children) -> Self {
        Self { client, namespace, cluster, main: names::main(cluster), children }
    }

    /// Applies a child, or takes it away if there must be none.
    pub(super) async fn apply(&self, child: Child) -> Result<(), Error> {
        match child {
            Child::ServiceAccount => self.apply_as::<ServiceAccount>(child).await,
            Child::ConfigMap => {
                self.apply_as::<ConfigMap>(child).await?;
                self.delete_unused_configurations().await
            }
            Child::HeadlessService | Child::Service | Child::RetrievalService => self.apply_as::<Service>(child).await,
            Child::NetworkPolicy => self.apply_as::<NetworkPolicy>(child).await,
            Child::Claims => self.own_claims().await,
        }
    }

    async fn apply_as<K>(&self, child: Child) -> Result<(), Error>
    where
        K: Clone + DeserializeOwned + Debug + Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        match self.children.apply(child) {
            Some(object) => {
                self.refuse_foreign::<K>(&self.children.name(child)).await?;
                self.send::<K>(&object).await
            }
            None => self.take_away::<K>(&self.children.name(child)).await,
        }
    }

    /// Takes a child away, if it is there and the resource's own: people may have one of the same name.
    async fn take_away<K>(&self, name: &str) -> Result<(), Error>
    where
        K: Clone + DeserializeOwned + Debug + Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let present = self.all::<K>().get_opt(name).await.map_err(Error::of(what::<K>(name)))?;
        match present {
            Some(present) if self.children.may_delete(present.meta()) => self.delete(&present).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Applies the StatefulSet with this size, and without the mark that announces a smaller one.
    pub(super) async fn apply_set(&self, replicas: u32, seen: Option<&ResourceVersion>) -> Result<(), Error> {
        self.apply_as_seen::<StatefulSet>(self.children.stateful_set(replicas)?, seen).await
    }

    /// Marks the StatefulSet as about to have fewer pods. Its size stays.
    pub(super) async fn release_places(&self, seen: &ResourceVersion) -> Result<(), Error> {
        let present: StatefulSet = self.as_seen(seen).await?;
        let replicas = present.spec.and_then(|spec| spec.replicas);
        let mut set = self.children.stateful_set(self.number::<StatefulSet>(replicas)?)?;
        annotations::release(&mut set);
        self.apply_as_seen::<StatefulSet>(set, Some(seen)).await
    }

    /// Applies the budget, or takes it away.
    pub(super) async fn set_budget(
        &self,
        min_available: Option<u32>,
        seen: Option<&ResourceVersion>,
    ) -> Result<(), Error> {
        match (min_available, seen) {
            (Some(pods), seen) => self.apply_as_seen::<PodDisruptionBudget>(self.children.budget(pods), seen).await,
            (None, Some(seen)) => {
                let present: PodDisruptionBudget = self.as_seen(seen).await?;
                self.delete(&present).await
            }
            (None, None) => Ok(()),
        }
    }

    /// Marks the budget as about to ask for fewer pods. What it asks for stays.
    pub(super) async fn release_budget(&self, seen: &ResourceVersion) -> Result<(), Error> {
        let present: PodDisruptionBudget = self.as_seen(seen).await?;
        let pods = match present.spec.and_then(|spec| spec.min_available) {
            Some(IntOrString::Int(pods)) => Some(pods),
            Some(IntOrString::String(_)) | None => None,
        };
        let mut budget = self.children.budget(self.number::<PodDisruptionBudget>(pods)?);
        annotations::release(&mut budget);
        self.apply_as_seen::<PodDisruptionBudget>(budget, Some(seen)).await
    }

    /// Applies the StatefulSet or the budget if it is still as it was seen: at this version, or missing.
    async fn apply_as_seen<K>(&self, mut object: Value, seen: Option<&ResourceVersion>) -> Result<(), Error>
    where
        K: Clone + DeserializeOwned + Debug + Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let metadata = &mut object["metadata"];
        match seen {
            None => {
                // One that is there although none was seen may only have the name.
                self.refuse_foreign::<K>(&self.main).await?;
                metadata["resourceVersion"] = json!(NO_OBJECTS_VERSION);
            }
            Some(seen) => {
                // A version alone keeps another object from being written over. Without the uid one that goes right now
                // would be made again.
                metadata["uid"] = json!(self.as_seen::<K>(seen).await?.uid());
                metadata["resourceVersion"] = json!(seen.0);
            }
        }
        self.send::<K>(&object).await
    }

    /// The StatefulSet or the budget, if it is still as it was seen.
    async fn as_seen<K>(&self, seen: &ResourceVersion) -> Result<K, Error>
    where
        K: Clone + DeserializeOwned + Debug + Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let what = what::<K>(&self.main);
        let present = self.all::<K>().get(&self.main).await.map_err(Error::of(what.clone()))?;
        if present.resource_version().as_ref() != Some(&seen.0) {
            return Err(Error::Changed { object: what });
        }
        Ok(present)
    }

    async fn send<K>(&self, object: &Value) -> Result<(), Error>
    where
        K: Clone + DeserializeOwned + Debug + Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let sent = self.all::<K>().patch(name, &parameters, &Patch::Apply(object)).await;
        sent.map_err(Error::of(what::<K>(name)))?;
        Ok(())
    }

    /// Deletes an object, if it is still as it was read.
    pub(super) async fn delete<K>(&self, present: &K) -> Result<(), Error>
    where
        K: Clone + DeserializeOwned + Debug + Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let name = present.name_any();
        let preconditions = Preconditions { uid: present.uid(), resource_version: present.resource_version() };
        let parameters = DeleteParams::default().preconditions(preconditions);
        self.all::<K>().delete(&name, &parameters).await.map_err(Error::of(what::<K>(&name)))?;
        Ok(())
    }

    pub(super) fn all<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), self.namespace)
    }

    /// How many pods an object asks for. One that does not say was written to by others.
    fn number<K: Resource<DynamicType = ()>>(&self, pods: Option<i32>) -> Result<u32, Error> {
        let pods = pods.and_then(|pods| u32::try_from(pods).ok());
        pods.ok_or_else(|| Error::Changed { object: what::<K>(&self.main) })
    }
}

/// As errors name an object: `statefulset demo`.
pub(super) fn what<K: Resource<DynamicType = ()>>(name: &str) -> String {
    format!("{} {name}", K::kind(&()).to_lowercase())
}

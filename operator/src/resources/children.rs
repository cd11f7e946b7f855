//! All objects that a resource asks for, ready to be applied.

use std::collections::BTreeMap;

use k8s_openapi::{Resource, api::core::v1::PersistentVolumeClaim, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    ClaimPatch, PodTemplateError, ResourcesError, Subject, budget::budget, claims::Ownership, config_map::config_map,
    configuration::configuration, labels, names, network_policy::network_policy, service,
    service_account::service_account, stateful_set::stateful_set, template,
};
use crate::{api::SilhouetteCluster, observed::Child};

/// All objects that a resource asks for, but for sizes that steps decide.
///
/// Each is a whole request of a server-side apply under [`super::FIELD_MANAGER`]: what was applied before and is not in it
/// any more goes, and what others have added stays.
#[derive(Debug, Clone)]
pub struct Children {
    /// Those that may be applied at any time. One that is missing must not be.
    objects: BTreeMap<Child, Value>,
    /// The StatefulSet, without its size and the pods' template.
    stateful_set: Value,
    /// The pods' template. Without it all else can still be applied.
    template: Result<Value, PodTemplateError>,
    /// The PodDisruptionBudget, for no pods.
    budget: Value,
    /// The name of the nodes' configuration.
    config_map: String,
    /// Whose claims are.
    ownership: Ownership,
    /// The resource's name.
    cluster: String,
}

impl Children {
    /// Those of a resource.
    pub fn of(cluster: &SilhouetteCluster) -> Result<Self, ResourcesError> {
        let subject = Subject::of(cluster)?;
        let configuration = config_map(subject, &configuration(subject)?);
        let config_map = configuration.metadata.name.clone().unwrap_or_default();
        let mut objects = BTreeMap::from([
            (Child::ServiceAccount, rendered(&service_account(subject))?),
            (Child::ConfigMap, rendered(&configuration)?),
            (Child::HeadlessService, rendered(&service::headless_service(subject))?),
            (Child::Service, rendered(&service::service(subject))?),
            (Child::RetrievalService, rendered(&service::retrieval_service(subject))?),
        ]);
        if let Some(policy) = network_policy(subject) {
            objects.insert(Child::NetworkPolicy, rendered(&policy)?);
        }
        Ok(Self {
            objects,
            stateful_set: rendered(&stateful_set(subject))?,
            template: template::merged(&template::template(subject, &config_map)?, &subject.spec.pod_template),
            budget: rendered(&budget(subject, 0))?,
            config_map,
            ownership: Ownership {
                on_cluster_delete: subject.spec.storage.on_cluster_delete,
                owner: subject.reference(),
            },
            cluster: subject.name.to_owned(),
        })
    }

    /// An object to apply. `None`: there must be none of it, and one that is there goes.
    pub fn apply(&self, child: Child) -> Option<Value> {
        self.objects.get(&child).cloned()
    }

    /// The StatefulSet with this size, and without a mark that it is about to have fewer pods.
    ///
    /// # Errors
    /// If `spec.podTemplate` makes no template. Pods that run are left alone then, and all else goes on.
    pub fn stateful_set(&self, replicas: u32) -> Result<Value, ResourcesError> {
        let mut set = self.stateful_set.clone();
        set["spec"]["replicas"] = json!(replicas);
        set["spec"]["template"] = self.template.clone()?;
        Ok(set)
    }

    /// The PodDisruptionBudget for this many pods, and without a mark that it is about to ask for fewer.
    pub fn budget(&self, min_available: u32) -> Value {
        let mut budget = self.budget.clone();
        budget["spec"]["minAvailable"] = json!(min_available);
        budget
    }

    /// What is to be changed of the cluster's claims, so that they go with the resource or do not.
    pub fn claims<'a>(&self, present: impl IntoIterator<Item = &'a PersistentVolumeClaim>) -> Vec<ClaimPatch> {
        self.ownership.patches(present)
    }

    /// Whether both ask for the same of claims, for the same resource.
    pub fn wants_the_same_of_claims(&self, other: &Self) -> bool {
        self.ownership == other.ownership
    }

    /// The name of a child, present or not; of claims, what their names begin with.
    pub fn name(&self, child: Child) -> String {
        match child {
            Child::ServiceAccount => names::service_account(&self.cluster),
            Child::ConfigMap => self.config_map.clone(),
            Child::HeadlessService => names::headless_service(&self.cluster),
            Child::Service | Child::NetworkPolicy => names::main(&self.cluster),
            Child::RetrievalService => names::retrieval_service(&self.cluster),
            Child::Claims => names::claims(&self.cluster),
        }
    }

    /// Whether an object that is there under the name of a child may be written: it has the cluster's label, or the
    /// resource for its owner. Others are somebody else's, and only have the same name.
    pub fn may_write(&self, present: &ObjectMeta) -> bool {
        let label = present.labels.as_ref().and_then(|labels| labels.get(labels::CLUSTER));
        label == Some(&self.cluster) || self.may_delete(present)
    }

    /// Whether an object that is there under the name of a child may be taken away: the resource is its owner. A label
    /// is not enough, which people write on objects of their own, too.
    pub fn may_delete(&self, present: &ObjectMeta) -> bool {
        present.owner_references.iter().flatten().any(|owner| owner.uid == self.ownership.owner.uid)
    }

    /// Whether an object that is there under the name of a child is seen as that child. Where there must be none, only
    /// what may be taken away is: else it would be taken away for ever.
    pub fn is_child(&self, child: Child, present: &ObjectMeta) -> bool {
        self.objects.contains_key(&child) || self.may_delete(present)
    }

    /// The name of the nodes' configuration, and the uid of the resource that it goes with: what
    /// [`super::unused_config_maps`] asks for.
    pub fn configuration(&self) -> (&str, &str) {
        (&self.config_map, &self.ownership.owner.uid)
    }
}

/// An object as it is sent.
fn rendered<K: Resource + Serialize>(object: &K) -> Result<Value, ResourcesError> {
    Ok(serde_json::to_value(object)?)
}

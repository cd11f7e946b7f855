//! Whether objects are as they are asked for: by applying what is asked for without effect, and comparing the outcome with
//! what is there. The API server's own defaults, canonical quantities and rules of merging are in it, and what others have
//! added is not held against an object.
//!
//! What is known of an object is remembered for as long as neither it nor what is asked for changes.

use std::collections::HashMap;

use futures::future::join_all;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, PersistentVolumeClaim, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
};
use parking_lot::Mutex;
use serde_json::Value;

use super::{
    Subject, budgets,
    claims::is_released,
    objects::{CHILDREN, Objects},
    sets,
};
use crate::{
    carry,
    ids::ResourceVersion,
    observed::Child,
    resources::{Children, FIELD_MANAGER, annotations, unused_config_maps},
    surroundings::Surroundings,
};

/// What is not as it is asked for.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// In the order in which they are applied.
    pub(super) outdated: Vec<Child>,
    pub(super) is_set_outdated: bool,
    pub(super) is_budget_outdated: bool,
}

/// An object that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Judgeable {
    Child(&'static str),
    Set,
    Budget,
}

/// What was last found of an object.
#[derive(Debug)]
struct Judgement {
    /// Of this version,
    version: ResourceVersion,
    /// while this was asked for.
    asked: blake3::Hash,
    is_outdated: bool,
}

/// What is known of the objects of a cluster, by what they are.
type OfCluster = HashMap<Judgeable, Judgement>;

/// What is known of the objects of all clusters, by namespace and name of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Judgements(Mutex<HashMap<(String, String), OfCluster>>);

impl Judgements {
    /// A cluster is gone.
    pub(crate) fn forget(&self, namespace: &str, cluster: &str) {
        self.0.lock().remove(&(namespace.to_owned(), cluster.to_owned()));
    }

    /// Whether an object was outdated when it was judged last, of whatever version, if the same was asked for.
    fn recall_any(&self, subject: Subject<'_>, what: Judgeable, asked: blake3::Hash) -> Option<bool> {
        let known = self.0.lock();
        let judgement = known.get(&(subject.namespace.to_owned(), subject.name.to_owned()))?.get(&what)?;
        (judgement.asked == asked).then_some(judgement.is_outdated)
    }

    /// Whether an object of this version is outdated, if that is known.
    fn recall(
        &self,
        subject: Subject<'_>,
        what: Judgeable,
        version: &ResourceVersion,
        asked: blake3::Hash,
    ) -> Option<bool> {
        let known = self.0.lock();
        let judgement = known.get(&(subject.namespace.to_owned(), subject.name.to_owned()))?.get(&what)?;
        (judgement.version == *version && judgement.asked == asked).then_some(judgement.is_outdated)
    }

    fn remember(&self, subject: Subject<'_>, what: Judgeable, judgement: Judgement) {
        let cluster = (subject.namespace.to_owned(), subject.name.to_owned());
        self.0.lock().entry(cluster).or_default().insert(what, judgement);
    }
}

/// Judges all objects that there are, and names those that are missing.
pub(super) async fn judge(
    surroundings: &Surroundings,
    subject: Subject<'_>,
    children: &Children,
    objects: &Objects,
) -> Judged {
    let of_child = |child: Child| async move {
        let is_outdated = match (children.apply(child), objects.children.get(&child)) {
            (None, there) => there.is_some(),
            (Some(_), None) => true,
            (Some(asked), Some(version)) => {
                let what = Judgeable::Child(child.as_str());
                is_outdated(surroundings, subject, what, &resource(child), &asked, version).await
            }
        };
        let is_outdated = is_outdated || (child == Child::ConfigMap && has_unused(children, objects));
        is_outdated.then_some(child)
    };
    let set = async {
        let Some(set) = objects.set.as_deref() else { return false };
        // One that cannot be made differs from what is there: its step tells why.
        let Ok(mut asked) = children.stateful_set(sets::pods(set)) else { return true };
        keep_mark(set, &mut asked);
        let resource = ApiResource::erase::<StatefulSet>(&());
        is_outdated(surroundings, subject, Judgeable::Set, &resource, &asked, &version(set)).await
    };
    let budget = async {
        let Some(budget) = objects.budget.as_deref() else { return false };
        let mut asked = children.budget(budgets::pods(budget));
        keep_mark(budget, &mut asked);
        let resource = ApiResource::erase::<PodDisruptionBudget>(&());
        is_outdated(surroundings, subject, Judgeable::Budget, &resource, &asked, &version(budget)).await
    };
    let (outdated, is_set_outdated, is_budget_outdated) =
        tokio::join!(join_all(CHILDREN.into_iter().map(of_child)), set, budget);
    let claims = objects.claims.iter().map(AsRef::as_ref);
    let claims = (!children.claims(claims).is_empty()).then_some(Child::Claims);
    Judged { outdated: outdated.into_iter().flatten().chain(claims).collect(), is_set_outdated, is_budget_outdated }
}

/// Whether there are configurations that no pod uses any more.
fn has_unused(children: &Children, objects: &Objects) -> bool {
    let (present, pods) = (objects.config_maps.iter(), objects.pods.iter());
    let (present, pods) = (present.map(AsRef::as_ref), pods.map(AsRef::as_ref));
    !unused_config_maps(present, children.configuration(), objects.set.as_deref(), pods).is_empty()
}

/// Whether an object differs from what is asked for. One of which it cannot be found out does, as applying it tells why;
/// unless the API server only has no time: then it is as it was when the same was asked for.
async fn is_outdated(
    surroundings: &Surroundings,
    subject: Subject<'_>,
    what: Judgeable,
    resource: &ApiResource,
    asked: &Value,
    version: &ResourceVersion,
) -> bool {
    let hash = blake3::hash(asked.to_string().as_bytes());
    if let Some(known) = surroundings.judgements().recall(subject, what, version, hash) {
        return known;
    }
    let objects: Api<DynamicObject> = Api::namespaced_with(surroundings.client.clone(), subject.namespace, resource);
    let name = asked["metadata"]["name"].as_str().unwrap_or_default();
    match compare(&objects, name, asked).await {
        Ok((version, is_outdated)) => {
            let judgement = Judgement { version, asked: hash, is_outdated };
            surroundings.judgements().remember(subject, what, judgement);
            is_outdated
        }
        Err(error) => {
            let error = carry::Error::of(format!("{} {name}", resource.kind))(error);
            tracing::debug!("whether it is as asked for cannot be told: {error}");
            if error.is_about_the_object() {
                let judgement = Judgement { version: version.clone(), asked: hash, is_outdated: true };
                surroundings.judgements().remember(subject, what, judgement);
            }
            match error.outcome() {
                // An API server that has no time says nothing about the object.
                carry::Outcome::Postponed => surroundings.judgements().recall_any(subject, what, hash).unwrap_or(true),
                _ => true,
            }
        }
    }
}

/// Applies without effect: the version that was compared with, and whether the outcome differs.
async fn compare(
    objects: &Api<DynamicObject>,
    name: &str,
    asked: &Value,
) -> Result<(ResourceVersion, bool), kube::Error> {
    let live = objects.get(name).await?;
    let without_effect = PatchParams { dry_run: true, ..PatchParams::apply(FIELD_MANAGER).force() };
    let applied = objects.patch(name, &without_effect, &Patch::Apply(asked)).await?;
    let version = ResourceVersion(live.metadata.resource_version.clone().unwrap_or_default());
    let [live, applied] = [live, applied].map(|object| serde_json::to_value(object).map(essence));
    Ok((version, live.map_err(kube::Error::SerdeError)? != applied.map_err(kube::Error::SerdeError)?))
}

/// An object without what the API server and controllers write.
fn essence(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in ["managedFields", "resourceVersion", "generation"] {
                metadata.remove(field);
            }
        }
    }
    object
}

/// Asks for the mark that an object is about to be taken away, if it has it: the mark is a step's matter.
fn keep_mark(object: &impl kube::ResourceExt, asked: &mut Value) {
    if is_released(object.annotations()) {
        annotations::release(asked);
    }
}

fn version(object: &impl kube::ResourceExt) -> ResourceVersion {
    ResourceVersion(object.resource_version().unwrap_or_default())
}

/// What kind of object a child is.
fn resource(child: Child) -> ApiResource {
    match child {
        Child::ServiceAccount => ApiResource::erase::<ServiceAccount>(&()),
        Child::ConfigMap => ApiResource::erase::<ConfigMap>(&()),
        Child::HeadlessService | Child::Service | Child::RetrievalService => ApiResource::erase::<Service>(&()),
        Child::NetworkPolicy => ApiResource::erase::<NetworkPolicy>(&()),
        Child::Claims => ApiResource::erase::<PersistentVolumeClaim>(&()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{nodes::Patience, transport::Transport};

    const SUBJECT: Subject<'_> = Subject { namespace: "ns", name: "demo", uid: "r1", recorded: None };

    fn service(version: &str, port: u16) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": "demo", "resourceVersion": version },
            "spec": { "ports": [{ "port": port }] },
        })
    }

    /// Whether a Service of this version differs from one that has port 1, to an API server that answers so.
    async fn judged(surroundings: &Surroundings, version: &str) -> bool {
        let (what, resource) = (Judgeable::Child("service"), resource(Child::Service));
        is_outdated(surroundings, SUBJECT, what, &resource, &service("", 1), &version.into()).await
    }

    #[tokio::test]
    async fn an_api_server_without_time_says_nothing_about_an_object() {
        let busy = |transport: Transport| transport.fails(429, "TooManyRequests", "try again later");
        let transport = busy(Transport::default());
        let transport = busy(transport.answers(200, service("7", 1)).answers(200, service("7", 1)));
        let transport = busy(transport.answers(200, service("9", 2)).answers(200, service("9", 1)));
        let surroundings = Surroundings::without_caches(transport.client(), Patience::default());
        assert!(judged(&surroundings, "7").await, "nothing is known yet, and applying it does no harm");
        assert!(!judged(&surroundings, "7").await, "it is as it should be");
        assert!(!judged(&surroundings, "8").await, "it was, and nobody says anything else");
        assert!(judged(&surroundings, "9").await, "it is not");
        assert!(judged(&surroundings, "10").await, "it was not, and nobody says anything else");
        assert_eq!(transport.sent().len(), 7);
    }

    #[tokio::test]
    async fn what_is_refused_is_applied_so_that_people_are_told_and_asked_once() {
        let transport = Transport::default().answers(200, service("7", 1)).fails(422, "Invalid", "no such port");
        let transport = transport.answers(200, service("8", 1)).fails(403, "Forbidden", "you may not");
        let surroundings = Surroundings::without_caches(transport.client(), Patience::default());
        assert!(judged(&surroundings, "7").await && judged(&surroundings, "7").await);
        assert_eq!(transport.sent().len(), 2, "the same would be said again");
        assert!(judged(&surroundings, "8").await);
    }
}

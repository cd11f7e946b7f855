//! Making objects as people do, and waiting for what becomes of them.

use std::{fmt::Debug, path::Path, time::Duration};

use anyhow::{Context as _, Result, bail};
use kube::{
    Api, Client, ResourceExt as _,
    api::{DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
    discovery::{self, Scope},
    runtime::wait::await_condition,
};
use serde::{Deserialize as _, de::DeserializeOwned};
use tokio::time::timeout;

/// Whom applied fields belong to.
const FIELD_MANAGER: &str = "silhouette-tests";

/// How long any state of an object may take to come about. Generous: it only bounds how long what is broken is watched.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// Applies all objects of `yaml`, as `kubectl apply --server-side` does: what has no namespace goes to `namespace`,
/// unknown fields are errors. The API server's refusal is the error's source, a [`kube::Error`].
pub async fn apply(client: &Client, namespace: &str, yaml: &str) -> Result<Vec<DynamicObject>> {
    let mut applied = Vec::new();
    for document in serde_yaml::Deserializer::from_str(yaml) {
        let object = Option::<DynamicObject>::deserialize(document).context("this is no Kubernetes object")?;
        // A document may hold a comment only.
        let Some(object) = object else { continue };
        let parameters = PatchParams::apply(FIELD_MANAGER).validation_strict();
        let api = api_of(client, namespace, &object).await?;
        applied.push(api.patch(&object.name_any(), &parameters, &Patch::Apply(&object)).await?);
    }
    Ok(applied)
}

/// [`apply`] for a file.
pub async fn apply_file(client: &Client, namespace: &str, path: &Path) -> Result<Vec<DynamicObject>> {
    let yaml = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    apply(client, namespace, &yaml).await.with_context(|| format!("cannot apply {}", path.display()))
}

/// All objects of the same kind.
async fn api_of(client: &Client, namespace: &str, object: &DynamicObject) -> Result<Api<DynamicObject>> {
    let types = object.types.as_ref().context("an object has a kind")?;
    let kind = GroupVersionKind::try_from(types).context("an object has a kind")?;
    let (resource, capabilities) =
        discovery::pinned_kind(client, &kind).await.with_context(|| format!("there is no kind {}", kind.kind))?;
    Ok(match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.metadata.namespace.as_deref().unwrap_or(namespace);
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
    })
}

/// Watches an object until `condition` holds, and returns it as it is then. `what` ends the sentence "waited until".
pub async fn until<K>(api: &Api<K>, name: &str, what: &str, condition: impl Fn(Option<&K>) -> bool) -> Result<Option<K>>
where
    K: Clone + Debug + Send + DeserializeOwned + kube::Resource + 'static,
{
    let Ok(outcome) = timeout(PATIENCE, await_condition(api.clone(), name, condition)).await else {
        let last = api.get_opt(name).await;
        bail!("waited {PATIENCE:?} for {name} until {what}; at last it was {last:#?}")
    };
    outcome.with_context(|| format!("cannot watch {name} until {what}"))
}

/// Watches until an object is there for which `condition` holds, and returns it as it is then.
pub async fn until_some<K>(api: &Api<K>, name: &str, what: &str, condition: impl Fn(&K) -> bool) -> Result<K>
where
    K: Clone + Debug + Send + DeserializeOwned + kube::Resource + 'static,
{
    let found = until(api, name, what, |object| object.is_some_and(&condition)).await?;
    found.with_context(|| format!("{name} is gone"))
}

/// Watches until an object is gone.
pub async fn until_gone<K>(api: &Api<K>, name: &str) -> Result<()>
where
    K: Clone + Debug + Send + DeserializeOwned + kube::Resource + 'static,
{
    until(api, name, "it is gone", |object| object.is_none()).await.map(drop)
}

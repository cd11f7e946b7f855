//! Pods leave: asked within the budget, or deleted whatever the budget. Always with the grace that they ask for.

use k8s_openapi::{
    api::{core::v1::Pod, policy::v1::Eviction},
    apimachinery::pkg::apis::meta::v1::{DeleteOptions, Preconditions},
};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ObjectMeta, PostParams},
    core::Status,
};

use super::Error;
use crate::ids::{ResourceVersion, Uid};

/// Asks for a pod to leave, within the budget.
///
/// The API server charges the budget before it looks at the uid: it is asked only about a pod that was there just
/// before. [`kube::Api::evict`] is no help: it writes `delete_options`, which the API server ignores, and the uid with
/// it.
pub(super) async fn evict(pods: &Api<Pod>, name: &str, uid: &Uid) -> Result<(), Error> {
    let object = || format!("pod {name}");
    let present = pods.get(name).await.map_err(Error::of(object()))?;
    if present.uid().as_deref() != Some(&uid.0) {
        return Err(Error::Changed { object: object() });
    }
    if present.metadata.deletion_timestamp.is_some() {
        return Ok(());
    }
    let preconditions = Preconditions { uid: Some(uid.0.clone()), resource_version: None };
    let eviction = Eviction {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        delete_options: Some(DeleteOptions { preconditions: Some(preconditions), ..DeleteOptions::default() }),
    };
    let asked = pods.create_subresource("eviction", name, &PostParams::default(), &eviction).await;
    let _: Status = asked.map_err(Error::of(object()))?;
    Ok(())
}

/// Deletes this very pod, as it was seen: one that has come back to life meanwhile stays.
pub(super) async fn delete(pods: &Api<Pod>, name: &str, uid: &Uid, seen: &ResourceVersion) -> Result<(), Error> {
    let parameters = DeleteParams::default().preconditions(this_very(uid, seen));
    pods.delete(name, &parameters).await.map_err(Error::of(format!("pod {name}")))?;
    Ok(())
}

/// Preconditions that hold for this object as it was seen, and for no other.
pub(super) fn this_very(uid: &Uid, seen: &ResourceVersion) -> kube::api::Preconditions {
    kube::api::Preconditions { uid: Some(uid.0.clone()), resource_version: Some(seen.0.clone()) }
}

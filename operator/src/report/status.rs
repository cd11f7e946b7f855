//! The resource's status.

use kube::{
    Api, Client, Resource as _, ResourceExt as _,
    api::{Patch, PatchParams},
};
use serde_json::json;

use super::{Error, Happening};
use crate::{
    api::{SilhouetteCluster, SilhouetteClusterStatus},
    resources::FIELD_MANAGER,
};

/// Writes the status of a resource, if it differs from the one that the resource was seen with, and returns what the
/// change of its conditions tells.
///
/// Only as the resource was seen: what was judged of an older spec, or after another operator's judgement, is not
/// written. Spec and metadata are never written.
pub async fn write_status(
    client: &Client,
    cluster: &SilhouetteCluster,
    status: &SilhouetteClusterStatus,
) -> Result<Vec<Happening>, Error> {
    if cluster.status.as_ref() == Some(status) {
        return Ok(Vec::new());
    }
    let name = cluster.name_any();
    let resources: Api<SilhouetteCluster> = Api::namespaced(client.clone(), &cluster.namespace().unwrap_or_default());
    let patch = json!({
        "apiVersion": SilhouetteCluster::api_version(&()),
        "kind": SilhouetteCluster::kind(&()),
        "metadata": { "uid": cluster.uid(), "resourceVersion": cluster.resource_version() },
        "status": status,
    });
    let parameters = PatchParams::apply(FIELD_MANAGER).force();
    match resources.patch_status(&name, &parameters, &Patch::Apply(&patch)).await {
        Ok(_) => {
            let before = cluster.status.as_ref().map_or(&[][..], |status| &status.conditions);
            Ok(Happening::of_conditions(before, &status.conditions))
        }
        Err(kube::Error::Api(refused)) if refused.is_conflict() || refused.is_not_found() => {
            Err(Error::Changed { cluster: name })
        }
        Err(source) => Err(Error::Status { cluster: name, source }),
    }
}

//! Volume claims: notes of whose data they hold, the mark that lets them go, and their deletion.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use super::{Error, pods::this_very};
use crate::{
    ids::{ClusterId, MemberId, ResourceVersion, Uid},
    resources::{FIELD_MANAGER, annotations},
};

/// The claims of a namespace.
pub(super) struct Claims(Api<PersistentVolumeClaim>);

/// A claim as it was seen.
type Seen<'a> = (&'a Uid, &'a ResourceVersion);

impl Claims {
    pub(super) fn new(client: &Client, namespace: &str) -> Self {
        Self(Api::namespaced(client.clone(), namespace))
    }

    /// Notes whose data a claim holds, and takes back the mark that lets it go.
    pub(super) async fn annotate(
        &self,
        name: &str,
        seen: Seen<'_>,
        (cluster, member): (&ClusterId, MemberId),
    ) -> Result<(), Error> {
        let notes = json!({
            annotations::CLUSTER_ID: cluster.0,
            annotations::MEMBER_ID: member.to_string(),
            annotations::RELEASED: null,
        });
        self.write(name, seen, &notes).await
    }

    /// Marks a claim as nobody's.
    pub(super) async fn release(&self, name: &str, seen: Seen<'_>) -> Result<(), Error> {
        self.write(name, seen, &json!({ annotations::RELEASED: annotations::TRUE })).await
    }

    /// Deletes a claim, if it is still as it was seen.
    pub(super) async fn delete(&self, name: &str, (uid, version): Seen<'_>) -> Result<(), Error> {
        let parameters = DeleteParams::default().preconditions(this_very(uid, version));
        self.0.delete(name, &parameters).await.map_err(Error::of(object(name)))?;
        Ok(())
    }

    /// Writes annotations to a claim, if it is still as it was seen. This is a merge and no server-side apply, which would
    /// take away what it does not name: the notes, when the mark is set.
    async fn write(&self, name: &str, (uid, version): Seen<'_>, annotations: &Value) -> Result<(), Error> {
        let patch = json!({ "metadata": { "uid": uid.0, "resourceVersion": version.0, "annotations": annotations } });
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        self.0.patch(name, &parameters, &Patch::Merge(&patch)).await.map_err(Error::of(object(name)))?;
        Ok(())
    }
}

fn object(name: &str) -> String {
    format!("persistentvolumeclaim {name}")
}

//! Whose claims are: the resource's, to go with it, or nobody's.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::api::{ListParams, Patch, PatchParams};

use super::{
    Error,
    objects::{Objects, what},
};
use crate::resources::{FIELD_MANAGER, labels};

impl Objects<'_> {
    /// Gives the cluster's claims to the resource, or takes them from it. Each only as it was read just before.
    pub(super) async fn own_claims(&self) -> Result<(), Error> {
        let ours = ListParams::default().labels(&format!("{}={}", labels::CLUSTER, self.cluster));
        let claims = self.all::<PersistentVolumeClaim>();
        let present = claims.list(&ours).await.map_err(Error::of(what::<PersistentVolumeClaim>(self.cluster)))?;
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        for claim in self.children.claims(&present) {
            let written = claims.patch(&claim.name, &parameters, &Patch::Merge(&claim.patch)).await;
            written.map_err(Error::of(what::<PersistentVolumeClaim>(&claim.name)))?;
        }
        Ok(())
    }
}

//! Whose objects are: claims are the resource's, to go with it, or nobody's; and what is somebody else's is left alone.

use std::fmt::Debug;

use k8s_openapi::{NamespaceResourceScope, api::core::v1::PersistentVolumeClaim};
use kube::{
    Resource,
    api::{ListParams, Patch, PatchParams},
};
use serde::de::DeserializeOwned;

use super::{
    Error,
    objects::{Objects, what},
};
use crate::resources::{FIELD_MANAGER, labels};

impl Objects<'_> {
    /// Refuses to write over an object that only has the name of one of the cluster's.
    pub(super) async fn refuse_foreign<K>(&self, name: &str) -> Result<(), Error>
    where
        K: Clone + DeserializeOwned + Debug + Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let present = self.all::<K>().get_opt(name).await.map_err(Error::of(what::<K>(name)))?;
        match present {
            Some(present) if !self.children.may_write(present.meta()) => {
                Err(Error::Foreign { object: what::<K>(name), cluster: self.cluster.to_owned() })
            }
            Some(_) | None => Ok(()),
        }
    }

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

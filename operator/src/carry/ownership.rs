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
use crate::{
    api::SilhouetteCluster,
    resources::{Children, FIELD_MANAGER, labels},
};

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

    /// Gives the cluster's claims to the resource, or takes them from it. Each only as it was read just before, and only
    /// if the resource still says so: whoever changes their mind and deletes it then must find that it was heard.
    pub(super) async fn own_claims(&self) -> Result<(), Error> {
        let what_is_asked = what::<SilhouetteCluster>(self.cluster);
        let resource =
            self.all::<SilhouetteCluster>().get(self.cluster).await.map_err(Error::of(what_is_asked.clone()))?;
        let is_leaving = resource.metadata.deletion_timestamp.is_some();
        if is_leaving || !self.children.wants_the_same_of_claims(&Children::of(&resource)?) {
            return Err(Error::Changed { object: what_is_asked });
        }
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

//! The nodes' configurations: one for each content, so that old ones stay until no pod uses them.

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, Pod},
};
use kube::api::ListParams;

use super::{
    Error,
    objects::{Objects, what},
};
use crate::resources::{labels, unused_config_maps};

impl Objects<'_> {
    /// Deletes those that no pod uses, and none will. What is used is read past every cache.
    pub(super) async fn delete_unused_configurations(&self) -> Result<(), Error> {
        let ours = ListParams::default().labels(&format!("{}={}", labels::CLUSTER, self.cluster));
        let failed = || Error::of(what::<ConfigMap>(self.cluster));
        let present = self.all::<ConfigMap>().list(&ours).await.map_err(failed())?;
        let pods = self.all::<Pod>().list(&ours).await.map_err(failed())?;
        let set = self.all::<StatefulSet>().get_opt(&self.main).await.map_err(failed())?;
        for unused in unused_config_maps(&present, self.children.configuration(), set.as_ref(), &pods) {
            match self.delete(unused).await {
                // Somebody else has deleted it.
                Err(Error::Gone { .. }) => {}
                deleted => deleted?,
            }
        }
        Ok(())
    }
}

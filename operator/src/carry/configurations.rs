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
        let (present, pods, sets) = (self.all::<ConfigMap>(), self.all::<Pod>(), self.all::<StatefulSet>());
        let (present, pods, set) = tokio::try_join!(present.list(&ours), pods.list(&ours), sets.get_opt(&self.main))
            .map_err(Error::of(what::<ConfigMap>(self.cluster)))?;
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

//! Volumes: claims' disks, files of ConfigMaps, and empty folders.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{DirBuilderExt as _, chown},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Volume};
use kube::{
    Api, Client, ResourceExt as _,
    api::{Patch, PatchParams},
    runtime::reflector::{ObjectRef, Store},
};
use parking_lot::Mutex;
use serde_json::json;

use super::{sandbox::Mount, template::container};

/// The disks of a namespace's claims: a folder each, which is there as long as the claim is.
#[derive(Debug)]
pub(super) struct Volumes {
    folder: PathBuf,
    namespace: String,
    seen: Store<PersistentVolumeClaim>,
    claims: Api<PersistentVolumeClaim>,
    configurations: Api<ConfigMap>,
    /// Claims whose disks are to lose what is on them, by their names.
    to_wipe: Mutex<BTreeSet<String>>,
}

impl Volumes {
    /// Disks in `folder`.
    pub(super) fn new(client: &Client, namespace: &str, folder: PathBuf, seen: Store<PersistentVolumeClaim>) -> Self {
        let claims = Api::namespaced(client.clone(), namespace);
        let configurations = Api::namespaced(client.clone(), namespace);
        Self { folder, namespace: namespace.to_owned(), seen, claims, configurations, to_wipe: Mutex::default() }
    }

    /// Gives a disk to each claim that has none, and takes it away with the claim.
    pub(super) async fn serve_claims(&self) -> Result<()> {
        let claims = self.seen.state();
        for claim in &claims {
            let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
            if phase != Some("Bound") && claim.metadata.deletion_timestamp.is_none() {
                fs::create_dir_all(self.disk(claim)?).context("cannot make a disk")?;
                let spec = claim.spec.as_ref().context("a claim has a spec")?;
                let capacity = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
                let status = json!({"phase": "Bound", "accessModes": spec.access_modes, "capacity": capacity});
                // A claim that was made anew meanwhile has another uid, and stays as it is.
                let patch = json!({"metadata": {"uid": claim.uid()}, "status": status});
                let parameters = PatchParams::default();
                let outcome = self.claims.patch_status(&claim.name_any(), &parameters, &Patch::Merge(patch)).await;
                outcome.with_context(|| format!("cannot bind claim {}", claim.name_any()))?;
            }
        }
        let kept: BTreeSet<_> = claims.iter().filter_map(|claim| claim.uid()).collect();
        for entry in fs::read_dir(&self.folder).context("there is no folder of disks")? {
            let entry = entry?;
            // One that was made for a claim just now is among the claims.
            if !kept.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_dir_all(entry.path()).context("cannot take a disk away")?;
            }
        }
        Ok(())
    }

    /// A pod's volumes as its container mounts them; an error while one of them is not there. What belongs to the pod
    /// alone is kept in `folder`, and what may be written belongs to `user`.
    pub(super) async fn mounts(&self, pod: &Pod, folder: &Path, user: (u32, u32)) -> Result<Vec<Mount>> {
        let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
        let mut mounts = Vec::new();
        for mount in container(pod)?.volume_mounts.iter().flatten() {
            let volume = volumes.iter().find(|volume| volume.name == mount.name);
            let volume = volume.with_context(|| format!("there is no volume {}", mount.name))?;
            let source = self.source(volume, folder, user).await?;
            let source = mount.sub_path.as_ref().map_or_else(|| source.clone(), |path| source.join(path));
            let read_only = mount.read_only.unwrap_or(false) || volume.config_map.is_some();
            mounts.push(Mount { source, target: PathBuf::from(&mount.mount_path), read_only });
        }
        Ok(mounts)
    }

    async fn source(&self, volume: &Volume, folder: &Path, user: (u32, u32)) -> Result<PathBuf> {
        if let Some(claim) = &volume.persistent_volume_claim {
            let claim = self.claim(&claim.claim_name)?;
            let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
            ensure!(phase == Some("Bound"), "claim {} is not bound", claim.name_any());
            let disk = self.disk(&claim)?;
            return chown(&disk, Some(user.0), Some(user.1)).context("cannot hand over a disk").map(|()| disk);
        }
        let place = folder.join("volumes").join(&volume.name);
        if let Some(source) = &volume.config_map {
            let configuration = self.configurations.get(&source.name).await?;
            fs::create_dir_all(&place).context("cannot make a volume")?;
            let items = source.items.iter().flatten().map(|item| (&item.key, &item.path));
            let all = configuration.data.iter().flatten().map(|(key, _)| (key, key)).filter(|_| source.items.is_none());
            for (key, path) in items.chain(all) {
                let text = configuration.data.as_ref().and_then(|data| data.get(key));
                let text = text.with_context(|| format!("ConfigMap {} has no {key}", source.name))?;
                fs::write(place.join(path), text).context("cannot write a file of a ConfigMap")?;
            }
            return Ok(place);
        }
        if volume.empty_dir.is_some() {
            fs::DirBuilder::new().recursive(true).mode(0o777).create(&place).context("cannot make a volume")?;
            return chown(&place, Some(user.0), Some(user.1)).context("cannot hand over a volume").map(|()| place);
        }
        bail!("volume {}: only claims, ConfigMaps and empty folders are known here", volume.name)
    }

    /// The names of the claims that a pod uses.
    pub(super) fn claims_of(pod: &Pod) -> impl Iterator<Item = &str> {
        let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
        volumes.filter_map(|volume| Some(volume.persistent_volume_claim.as_ref()?.claim_name.as_str()))
    }

    /// Asks for the data of a claim to be lost.
    pub(super) fn ask_to_wipe(&self, claim: &str) {
        self.to_wipe.lock().insert(claim.to_owned());
    }

    /// Whether the data of a claim are still to be lost.
    pub(super) fn is_to_be_wiped(&self, claim: &str) -> bool {
        self.to_wipe.lock().contains(claim)
    }

    /// Deletes what is on a claim's disk. Nobody may use it.
    pub(super) fn wipe(&self, claim: &str) -> Result<()> {
        let disk = self.disk(&*self.claim(claim)?)?;
        fs::remove_dir_all(&disk).and_then(|()| fs::create_dir(&disk)).context("cannot wipe a disk")?;
        self.to_wipe.lock().remove(claim);
        Ok(())
    }

    fn claim(&self, name: &str) -> Result<std::sync::Arc<PersistentVolumeClaim>> {
        let claim = self.seen.get(&ObjectRef::new(name).within(&self.namespace));
        claim.with_context(|| format!("there is no claim {name}"))
    }

    fn disk(&self, claim: &PersistentVolumeClaim) -> Result<PathBuf> {
        Ok(self.folder.join(claim.uid().context("a claim has a uid")?))
    }
}

//! Where the programs of Kubernetes are.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// The variable that names another folder than `~/.cache/silhouette/kubernetes`.
const FOLDER: &str = "SILHOUETTE_KUBERNETES";

/// Path of a program that `make kubernetes-programs` builds, such as `kube-apiserver`.
pub(super) fn program(name: &str) -> Result<PathBuf> {
    let root = match std::env::var_os(FOLDER) {
        Some(folder) => PathBuf::from(folder),
        None => {
            PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache/silhouette/kubernetes")
        }
    };
    let path = root.join(version()?).join("bin").join(name);
    ensure!(path.is_file(), "there is no {}; build it first: make kubernetes-programs", path.display());
    Ok(path)
}

/// The version of Kubernetes that tests run against, such as `1.37.2`.
pub(super) fn version() -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kind/versions.env");
    let content = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let version = content.lines().find_map(|line| line.strip_prefix("KUBERNETES_VERSION="));
    Ok(version.with_context(|| format!("{} has no KUBERNETES_VERSION", path.display()))?.to_owned())
}

//! `spec.image`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The nodes' container image.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ImageSection {
    /// The image with its tag or digest, such as `registry.example/silhouette-server:0.1.0`. A change rolls the pods, one
    /// after the other.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = (
        "self.matches('^[^ ]*/[^/ ]+[:@][^/ ]+$|^[^/ ]+[:@][^/ ]+$') && !self.endsWith(':latest')",
        "name a version: the image needs a tag other than 'latest', or a digest, or nodes of one cluster could differ"
    ))]
    pub name: String,
    /// When it is pulled.
    #[serde(default)]
    pub pull_policy: PullPolicy,
    /// Secrets with which it is pulled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub pull_secrets: Vec<PullSecret>,
}

/// When an image is pulled.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PullPolicy {
    /// If the Kubernetes node does not have it yet.
    #[default]
    IfNotPresent,
    /// Before each start.
    Always,
    /// Never: the Kubernetes node must have it.
    Never,
}

impl PullPolicy {
    /// As a container names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IfNotPresent => "IfNotPresent",
            Self::Always => "Always",
            Self::Never => "Never",
        }
    }
}

/// A Secret with which images are pulled.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PullSecret {
    /// Its name, in the resource's namespace.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

//! A namespace of one test.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use k8s_openapi::{
    NamespaceResourceScope,
    api::core::v1::{Namespace as NamespaceObject, ServiceAccount},
};
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{DynamicObject, ObjectMeta, PostParams},
};

use super::{control_plane::Kubernetes, objects};

/// A namespace that nobody else uses. It stays as long as its control plane does.
///
/// A test that passes says so by [`passed`](Self::passed). Otherwise the logs' ends are shown and everything is kept.
#[must_use = "say passed() when the test has passed"]
pub struct Namespace {
    kubernetes: Arc<Kubernetes>,
    client: Client,
    name: String,
    has_passed: bool,
}

impl Namespace {
    /// One in the control plane that all tests share.
    pub async fn new() -> Result<Self> {
        Self::of(Kubernetes::shared().await?).await
    }

    /// One in this control plane. Pods can be made in it at once.
    pub async fn of(kubernetes: Arc<Kubernetes>) -> Result<Self> {
        let client = kubernetes.client().await?;
        let metadata = ObjectMeta { generate_name: Some("test-".to_owned()), ..ObjectMeta::default() };
        let namespace = NamespaceObject { metadata, ..NamespaceObject::default() };
        let made = Api::all(client.clone()).create(&PostParams::default(), &namespace).await;
        let name = made.context("cannot make a namespace")?.name_any();
        let namespace = Self { kubernetes, client, name, has_passed: false };
        // Without it, whoever makes pods is refused and tries again later and later.
        let accounts = namespace.api::<ServiceAccount>();
        objects::until_some(&accounts, "default", "it is made", |_| true).await?;
        Ok(namespace)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The control plane.
    pub fn kubernetes(&self) -> &Arc<Kubernetes> {
        &self.kubernetes
    }

    /// A client of somebody who may do everything.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The objects of one kind in it.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// Applies YAML as `kubectl apply --server-side` does; see [`objects::apply`].
    pub async fn apply(&self, yaml: &str) -> Result<Vec<DynamicObject>> {
        objects::apply(&self.client, &self.name, yaml).await
    }

    /// Applies a file.
    pub async fn apply_file(&self, path: &Path) -> Result<Vec<DynamicObject>> {
        objects::apply_file(&self.client, &self.name, path).await
    }

    /// The test has passed: nothing is worth keeping.
    pub fn passed(mut self) {
        self.has_passed = true;
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if !self.has_passed {
            self.kubernetes.keep();
        }
    }
}

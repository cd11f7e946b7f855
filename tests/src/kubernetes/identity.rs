//! Somebody who calls the API server.

use std::path::Path;

use anyhow::{Context as _, Result};
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};

use super::certificates::{Certificate, write};

/// Who calls, and where the API server is.
#[derive(Debug, Clone)]
pub struct Identity {
    server: String,
    authority: String,
    certificate: Certificate,
}

impl Identity {
    /// Whoever holds this certificate.
    pub(super) fn new(server: String, authority: String, certificate: Certificate) -> Self {
        Self { server, authority, certificate }
    }

    /// A client. It belongs to the calling test's runtime, and ends with it.
    pub async fn client(&self) -> Result<Client> {
        let kubeconfig: Kubeconfig = serde_json::from_value(self.kubeconfig("default"))?;
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        // As the operator's own: the library would repeat an eviction that the budget refuses for minutes.
        config.default_retry = false;
        Client::try_from(config).context("cannot make a client of the API server")
    }

    /// Writes a kubeconfig file, for other programs.
    pub fn write_kubeconfig(&self, path: &Path, namespace: &str) -> Result<()> {
        // JSON is YAML, too.
        write(path, &serde_json::to_string_pretty(&self.kubeconfig(namespace))?)
    }

    fn kubeconfig(&self, namespace: &str) -> Value {
        let base64 = |pem: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pem);
        let cluster = json!({"server": self.server, "certificate-authority-data": base64(&self.authority)});
        let user = json!({
            "client-certificate-data": base64(&self.certificate.certificate),
            "client-key-data": base64(&self.certificate.key),
        });
        let context = json!({"cluster": "tests", "user": "tests", "namespace": namespace});
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [{"name": "tests", "user": user}],
            "contexts": [{"name": "tests", "context": context}],
            "current-context": "tests",
        })
    }
}

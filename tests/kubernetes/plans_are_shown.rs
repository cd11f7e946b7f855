//! `silhouette-operator plan` tells what a resource would bring, and does nothing of it.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Service};
use kube::api::ListParams;
use serde_json::Value;
use silhouette_operator::api::SilhouetteCluster;
use silhouette_tests::{harness::binaries::binary, kubernetes::Namespace};
use tokio::task::spawn_blocking;

const RESOURCE: &str = "\
apiVersion: silhouette.dev/v1alpha1
kind: SilhouetteCluster
metadata: {name: demo}
spec:
  replicas: 3
  image: {name: \"silhouette-server:0.1.0\"}
  storage: {size: 1Gi}
  tls: {mode: Disabled}
";

/// `silhouette-operator plan -f -` with these flags, and this on its standard input.
async fn plan(kubeconfig: &PathBuf, flags: &[&str], input: &str) -> Result<Output> {
    let mut command = Command::new(binary("silhouette-operator")?);
    command.args(["plan", "-f", "-"]).args(flags).env("KUBECONFIG", kubeconfig);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input = input.to_owned();
    spawn_blocking(move || {
        let mut child = command.spawn().context("cannot run silhouette-operator")?;
        child.stdin.take().context("it has a standard input")?.write_all(input.as_bytes())?;
        child.wait_with_output().context("it does not end")
    })
    .await?
}

#[tokio::test]
async fn a_resource_that_was_not_applied_brings_steps_and_leaves_no_trace() -> Result<()> {
    let namespace = Namespace::new().await?;
    let kubeconfig = namespace.kubernetes().folder().join(format!("plan-{}.kubeconfig", namespace.name()));
    namespace.kubernetes().administrator()?.write_kubeconfig(&kubeconfig, namespace.name())?;

    let told = plan(&kubeconfig, &[], RESOURCE).await?;
    let (text, complaints) = (String::from_utf8(told.stdout)?, String::from_utf8(told.stderr)?);
    ensure!(told.status.code() == Some(1), "{}: {complaints}", told.status);
    ensure!(text.lines().any(|line| line == "apply statefulset: it is missing"), "{text}");

    let told = plan(&kubeconfig, &["-o", "json"], RESOURCE).await?;
    let document: Value = serde_json::from_slice(&told.stdout)?;
    let first = &document["plan"][0];
    ensure!(document["name"] == "demo" && document["namespace"] == namespace.name(), "{document}");
    ensure!(first["action"] == "apply" && first["reason"].is_string(), "{document}");

    let everything = ListParams::default();
    ensure!(namespace.api::<SilhouetteCluster>().list(&everything).await?.items.is_empty(), "the resource was made");
    ensure!(namespace.api::<StatefulSet>().list(&everything).await?.items.is_empty(), "a StatefulSet was made");
    ensure!(namespace.api::<Service>().list(&everything).await?.items.is_empty(), "a Service was made");
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_planned_is_neither_no_step_nor_some() -> Result<()> {
    let namespace = Namespace::new().await?;
    let kubeconfig = namespace.kubernetes().folder().join(format!("plan-{}.kubeconfig", namespace.name()));
    namespace.kubernetes().administrator()?.write_kubeconfig(&kubeconfig, namespace.name())?;
    let elsewhere = RESOURCE.replace("{name: demo}", "{name: demo, namespace: elsewhere}");
    for (flags, input, why) in [
        (&[][..], "kind: Pod", "standard input is no SilhouetteCluster: its kind is \"Pod\""),
        (&["--namespace", namespace.name()], elsewhere.as_str(), "the file's resource is of namespace elsewhere"),
    ] {
        let told = plan(&kubeconfig, flags, input).await?;
        let complaints = String::from_utf8(told.stderr)?;
        ensure!(told.status.code() == Some(3) && told.stdout.is_empty(), "{}: {complaints}", told.status);
        ensure!(complaints.contains(why), "{complaints}");
    }
    namespace.passed();
    Ok(())
}

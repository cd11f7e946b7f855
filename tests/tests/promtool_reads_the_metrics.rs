//! Prometheus' own checker has nothing to say about what a node shows. It comes with Prometheus, which not every
//! machine has; where it is missing this test says so, and the rules for names that the server's own tests hold remain.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use silhouette_tests::harness::{cluster::Cluster, configuration::Configuration};
use tokio::{io::AsyncWriteExt, process::Command};

#[tokio::test(flavor = "multi_thread")]
async fn promtool_has_nothing_to_say() -> Result<()> {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        eprintln!("promtool is not installed (Debian: prometheus); the metrics were not checked by it");
        return Ok(());
    };
    let cluster = Cluster::of(1, Configuration::short_times()).await?;
    let text = cluster.node(0).probe("/metrics").await?.body;
    promtool.stdin.take().context("it reads")?.write_all(text.as_bytes()).await?;
    let said = promtool.wait_with_output().await?;
    let words = [said.stdout, said.stderr].concat();
    ensure!(said.status.success() && words.is_empty(), "{}", String::from_utf8_lossy(&words));
    cluster.passed();
    Ok(())
}

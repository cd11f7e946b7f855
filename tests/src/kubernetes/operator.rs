//! Real `silhouette-operator` processes.

use std::{
    fs::File,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{control_plane::free_ports, namespace::Namespace, objects::PATIENCE, permissions};
use crate::harness::{addresses::own_host, binaries::binary, probe, process::Process, waiting::within};

/// An operator of one namespace, which is granted no more than it needs. It is killed when it is dropped.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    http: SocketAddr,
    log: PathBuf,
}

impl Operator {
    /// Starts `silhouette-operator run` with these flags, too, and waits until it works or stands by.
    pub async fn start(namespace: &Namespace, flags: &[&str]) -> Result<Self> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let kubernetes = namespace.kubernetes();
        let [http] = free_ports(own_host())?;
        let log = kubernetes.folder().join(format!("operator-{number}.log"));
        let kubeconfig = kubernetes.folder().join(format!("operator-{number}.kubeconfig"));
        permissions::operator_of(namespace).await?.write_kubeconfig(&kubeconfig, namespace.name())?;
        let mut command = Command::new(binary("silhouette-operator")?);
        command
            .args(["run", "--log-format", "json", "--namespace", namespace.name(), "--http-addr", &http.to_string()])
            .args(flags)
            .env("KUBECONFIG", &kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).with_context(|| format!("cannot make {}", log.display()))?);
        let mut operator = Self { process: Process::spawn(&mut command)?, http, log };
        kubernetes.watch(operator.process.id())?;
        operator.ready().await?;
        Ok(operator)
    }

    /// Waits until it says that it is ready.
    async fn ready(&mut self) -> Result<()> {
        within(PATIENCE, "an operator is ready", async || {
            ensure!(probe::get(self.http, "/readyz").await?.is_ok(), "it is not ready");
            Ok(())
        })
        .await
        .with_context(|| format!("it has said:\n{}", self.log()))
    }

    /// Its process, to be paused or killed.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// SIGKILL.
    pub fn kill(self) -> Result<()> {
        self.process.kill()
    }

    /// What it has logged so far: a JSON document a line.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it has logged so far, line by line; an error if a line is no JSON document.
    pub fn log_lines(&self) -> Result<Vec<Value>> {
        let parsed = |line: &str| serde_json::from_str(line).with_context(|| format!("this is no JSON: {line}"));
        self.log().lines().map(parsed).collect()
    }

    /// The sum of a metric over all series whose labels hold each of `labels`, such as `outcome="failed"`.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let page = probe::get(self.http, "/metrics").await?;
        ensure!(page.is_ok(), "metrics are answered with {}", page.status);
        let series = page.body.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let (series, value) = rest.rsplit_once(' ')?;
            // Or it is one of a longer name.
            let is_this = series.is_empty() || series.starts_with('{');
            (is_this && labels.iter().all(|label| series.contains(label))).then_some(value)
        });
        series.map(|value| value.parse::<f64>().with_context(|| format!("{name} is {value}"))).sum()
    }
}

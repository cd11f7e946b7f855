//! One node: a data directory, addresses, and, while it runs, a process.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::{
    addresses::Addresses,
    binaries::binary,
    configuration::Configuration,
    isolation::Place,
    probe::{self, Answer},
    process::{Memory, Process},
    waiting::{PATIENCE, eventually},
    wire::{self, Wire},
};

/// A `silhouette-server` and what belongs to it.
#[derive(Debug)]
pub struct Node {
    name: String,
    folder: PathBuf,
    data: PathBuf,
    addresses: Addresses,
    place: Option<Place>,
    environment: Vec<(String, String)>,
    process: Option<Process>,
}

impl Node {
    /// A node that does not run yet, with everything that is its own in `folder`.
    pub fn new(folder: PathBuf, addresses: Addresses, configuration: &Configuration) -> Result<Self> {
        let name = folder.file_name().context("a node's folder has a name")?.to_string_lossy().into_owned();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let environment = configuration.environment().to_vec();
        let data = folder.join("data");
        let node = Self { name, data, folder, addresses, place: None, environment, process: None };
        node.configure(configuration)?;
        Ok(node)
    }

    /// A node in a place of its own: it runs in that network namespace.
    pub fn placed(folder: PathBuf, place: Place, configuration: &Configuration) -> Result<Self> {
        let mut node = Self::new(folder, Addresses::at(&place)?, configuration)?;
        node.place = Some(place);
        Ok(node)
    }

    /// The same node, but with this data directory.
    #[must_use]
    pub fn with_data_at(mut self, data: &Path) -> Self {
        data.clone_into(&mut self.data);
        self
    }

    /// Writes its configuration file; it is read at the next start.
    pub fn configure(&self, configuration: &Configuration) -> Result<()> {
        fs::write(self.configuration_file(), configuration.to_yaml()).context("cannot write a configuration file")
    }

    /// Its name, also its folder's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Everything that is its own, logs included.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Its place in the network.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Everything that it has printed, of all its processes.
    pub fn log(&self) -> Result<String> {
        let log = fs::read(self.log_file()).with_context(|| format!("cannot read the log of {}", self.name))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    /// The last lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        let log = self.log().unwrap_or_default();
        let all: Vec<_> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// Runs it, and waits until its storage is open and recovered.
    pub async fn start(&mut self) -> Result<()> {
        self.spawn()?;
        eventually(&format!("{} starts", self.name), async || {
            self.probe("/startupz").await.and_then(|answer| {
                ensure!(answer.is_ok(), "/startupz answers {}: {}", answer.status, answer.body);
                Ok(())
            })
        })
        .await
        .with_context(|| format!("the log of {} ends so:\n{}", self.name, self.log_tail(20)))
    }

    /// Runs it, without waiting for anything.
    pub fn spawn(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "{} already runs", self.name);
        self.process = Some(Process::spawn(&mut self.command()?)?);
        Ok(())
    }

    /// Runs it where it is expected to refuse to run, and returns how it ended and what this process printed.
    pub async fn refuse_to_start(&self) -> Result<(ExitStatus, String)> {
        let before = self.log().unwrap_or_default().len();
        let mut process = Process::spawn(&mut self.command()?)?;
        let status = process.ended(PATIENCE).await?;
        Ok((status, self.log()?.split_off(before)))
    }

    fn command(&self) -> Result<Command> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).context("cannot open a log")?;
        let server = binary("silhouette-server")?;
        let mut command = match &self.place {
            None => Command::new(server),
            Some(place) => {
                // It replaces itself by the server, so the process id is the server's.
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &place.name()]).arg(server).arg("--insecure");
                command
            }
        };
        command
            .arg("--config")
            .arg(self.configuration_file())
            .arg("--data-dir")
            .arg(&self.data)
            .args(["--client-addr", &self.addresses.client.to_string()])
            .args(["--peer-addr", &self.addresses.peer.to_string()])
            .args(["--http-addr", &self.addresses.http.to_string()])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share a log")?)
            .stderr(log);
        Ok(command)
    }

    /// Whether a process of it exists (a paused one does).
    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Its process, to signal it.
    pub fn process(&mut self) -> Result<&mut Process> {
        self.process.as_mut().with_context(|| format!("{} does not run", self.name))
    }

    /// What its process takes of the machine's memory.
    pub fn memory(&self) -> Result<Memory> {
        self.process.as_ref().with_context(|| format!("{} does not run", self.name))?.memory()
    }

    /// From now on its peak is what it takes at most from now on.
    pub fn forget_peak(&self) -> Result<()> {
        self.process.as_ref().with_context(|| format!("{} does not run", self.name))?.forget_peak()
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().with_context(|| format!("{} does not run", self.name))?.kill()
    }

    /// SIGTERM, then waits for the end.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.process()?.terminate()?;
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let status = self.process()?.ended(PATIENCE).await;
        let status = status.with_context(|| format!("{} goes on running", self.name))?;
        self.process = None;
        Ok(status)
    }

    /// Kills it if it runs, and deletes its data directory: a new disk.
    pub fn wipe(&mut self) -> Result<()> {
        if self.is_up() {
            self.kill()?;
        }
        fs::remove_dir_all(&self.data).with_context(|| format!("cannot delete {}", self.data.display()))
    }

    /// `GET path` at its HTTP address.
    pub async fn probe(&self, path: &str) -> Result<Answer> {
        probe::get(self.addresses.http, path).await
    }

    /// Waits until it may be sent requests.
    pub async fn ready(&self) -> Result<()> {
        eventually(&format!("{} is ready", self.name), async || {
            let answer = self.probe("/readyz?verbose").await?;
            ensure!(answer.is_ok(), "/readyz answers {}: {}", answer.status, answer.body);
            Ok(())
        })
        .await
    }

    /// Waits until it may not be sent requests.
    pub async fn unready(&self) -> Result<()> {
        eventually(&format!("{} is not ready", self.name), async || {
            let answer = self.probe("/readyz").await?;
            ensure!(!answer.is_ok(), "/readyz answers 200");
            Ok(())
        })
        .await
    }

    /// A gauge or counter without labels, from its metrics.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let metrics = self.probe("/metrics").await?;
        let line = metrics.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.with_context(|| format!("{} has no metric {name}", self.name))?
            .trim()
            .parse()
            .context("a metric is a number")
    }

    /// The sum of a metric's series that have all of these labels, such as `port="http"`; 0 if there is none yet.
    pub async fn metric_with(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let metrics = self.probe("/metrics").await?;
        let series =
            metrics.body.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} "));
        let counted =
            series.filter(|(found, _)| labels.iter().all(|label| found.split(',').any(|found| found == *label)));
        counted.map(|(_, value)| value.trim().parse::<f64>().context("a metric is a number")).sum()
    }

    /// Its gRPC services, without the client library between.
    pub fn wire(&self) -> Result<Wire> {
        wire::connect(&self.addresses.client.to_string())
    }

    fn configuration_file(&self) -> PathBuf {
        self.folder.join("config.yaml")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }
}

//! The life of one pod on its machine.

use std::{
    fs::{self, OpenOptions},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use k8s_openapi::{api::core::v1::Pod, jiff::Timestamp};
use kube::{ResourceExt as _, runtime::reflector::ObjectRef};
use tokio::time::sleep;

use super::{
    World,
    machines::Machine,
    network::Attachment,
    probing::Probing,
    sandbox::Sandbox,
    status::{State, Status, Told},
    template::{Template, container},
    volumes::Volumes,
};
use crate::harness::{binaries::binary, process::Process};

/// Between two looks at a pod and its process.
const PAUSE: Duration = Duration::from_millis(100);
/// Before a container that ended is started again; doubled each time. A kubelet begins with 10 s and ends at 5 min.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
/// Images whose names hold this cannot be pulled.
const MISSING_IMAGE: &str = "missing";

/// One pod on its machine.
pub(super) struct Worker {
    world: Arc<World>,
    pod: Arc<Pod>,
    machine: Arc<Machine>,
    folder: PathBuf,
    status: Status,
    restarts: u32,
}

/// Why a container does not run any more.
enum End {
    /// The pod is to be deleted, or was.
    Deleted(ExitStatus),
    /// Whatever else.
    Restart,
}

impl Worker {
    /// A pod that was bound to this machine.
    pub(super) fn new(world: Arc<World>, pod: Arc<Pod>, machine: Arc<Machine>) -> Self {
        let folder = world.folder.join("pods").join(pod.uid().unwrap_or_default());
        let status = Status::of(world.client.clone(), &pod);
        Self { world, pod, machine, folder, status, restarts: 0 }
    }

    /// Runs the pod until it is deleted.
    pub(super) async fn live(mut self) {
        while self.present().is_some() {
            self.machine.power(true).await;
            let machine = Arc::clone(&self.machine);
            let outcome = tokio::select! {
                // Whatever runs is dropped, and with it killed; nothing is said of it any more.
                () = machine.power(false) => {
                    self.restarts += 1;
                    continue;
                }
                outcome = self.run() => outcome,
            };
            match outcome {
                Ok(()) => return,
                Err(error) => eprintln!("kubelet: pod {}: {error:#}", self.pod.name_any()),
            }
            sleep(PAUSE).await;
        }
    }

    /// Runs it from nothing to its end.
    async fn run(&mut self) -> Result<()> {
        fs::create_dir_all(self.folder.join("root")).context("cannot make a pod's folder")?;
        let mut code = 0;
        if self.deletion().is_none() && self.image_is_there().await? {
            let network = self.world.network.attach(self.names())?;
            code = self.run_containers(&network).await?;
        }
        let told = Told { address: None, state: State::Terminated { code }, restarts: self.restarts };
        // It may be gone already, by force.
        let _ = self.status.tell(told).await;
        self.status.confirm_deletion().await
    }

    /// Waits for the image, for as long as the pod is wanted.
    async fn image_is_there(&mut self) -> Result<bool> {
        let image = container(&self.pod)?.image.clone().unwrap_or_default();
        while image.contains(MISSING_IMAGE) {
            if self.deletion().is_some() {
                return Ok(false);
            }
            self.wait("ImagePullBackOff", format!("Back-off pulling image {image:?}"), None).await?;
        }
        Ok(true)
    }

    /// Starts the container again and again; its exit code once the pod is to be deleted.
    async fn run_containers(&mut self, network: &Attachment) -> Result<i32> {
        let mut backoff = FIRST_BACKOFF;
        loop {
            // Its volumes may not be there yet.
            let process = loop {
                match self.start(network).await {
                    Ok(process) => break process,
                    Err(_) if self.deletion().is_some() => return Ok(0),
                    Err(error) => self.wait("ContainerCreating", format!("{error:#}"), Some(network)).await?,
                }
            };
            if let End::Deleted(status) = self.attend(process, network).await? {
                return Ok(status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(-1));
            }
            self.restarts += 1;
            let begun = Instant::now();
            while begun.elapsed() < backoff {
                if self.deletion().is_some() {
                    return Ok(0);
                }
                self.wait("CrashLoopBackOff", "it ended".to_owned(), Some(network)).await?;
            }
            backoff = LONGEST_BACKOFF.min(backoff * 2);
        }
    }

    /// Starts a process as the pod asks for it.
    async fn start(&self, network: &Attachment) -> Result<Process> {
        let template = Template::of(&self.pod, network.address())?;
        let sandbox = Sandbox {
            root: self.folder.join("root"),
            program: binary("silhouette-server")?,
            hosts: self.world.network.hosts_file().to_owned(),
            network: network.namespace_file(),
            mounts: self.world.volumes.mounts(&self.pod, &self.folder, template.user).await?,
            memory: template.memory,
            read_only: template.read_only,
        };
        let log = OpenOptions::new().create(true).append(true).open(self.world.log_of(&self.pod.name_any()));
        let log = log.context("cannot open a pod's log")?;
        let (program, arguments) = template.command.split_first().context("a container has a command")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(&template.environment)
            .uid(template.user.0)
            .gid(template.user.1)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share a log")?)
            .stderr(log);
        sandbox.run(command)
    }

    /// Watches over a process until it has ended.
    async fn attend(&mut self, mut process: Process, network: &Attachment) -> Result<End> {
        let since = Timestamp::now();
        let probing = Probing::begin(container(&self.pod)?, network.address())?;
        let mut hangs = false;
        loop {
            if let Some(grace) = self.deletion() {
                return self.end(process, grace, &probing, network, since).await.map(End::Deleted);
            }
            if process.status()?.is_some() {
                return Ok(End::Restart);
            }
            let lost = Volumes::claims_of(&self.pod).find(|claim| self.world.volumes.is_to_be_wiped(claim));
            if let Some(claim) = lost {
                process.kill()?;
                self.world.volumes.wipe(claim)?;
                return Ok(End::Restart);
            }
            if self.world.hanging.lock().contains(&self.pod.name_any()) != hangs {
                hangs = !hangs;
                if hangs { process.pause()? } else { process.resume()? }
            }
            let health = probing.health();
            if health.failed {
                let spec = self.pod.spec.as_ref();
                let grace = spec.and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30);
                let grace = Duration::from_secs(grace.max(0) as u64);
                self.end(process, grace, &probing, network, since).await?;
                return Ok(End::Restart);
            }
            self.tell(State::Running { since, health }, Some(network)).await?;
            sleep(PAUSE).await;
        }
    }

    /// Asks a process to end, and kills it after its grace. Its readiness is told meanwhile.
    async fn end(
        &mut self,
        mut process: Process,
        grace: Duration,
        probing: &Probing,
        network: &Attachment,
        since: Timestamp,
    ) -> Result<ExitStatus> {
        // One that has ended already is not there to be told.
        let _ = process.terminate();
        let begun = Instant::now();
        while begun.elapsed() < grace {
            if let Some(status) = process.status()? {
                return Ok(status);
            }
            // The pod may be gone by force: the process still has its grace.
            let _ = self.tell(State::Running { since, health: probing.health() }, Some(network)).await;
            sleep(PAUSE).await;
        }
        process.kill()?;
        Ok(ExitStatus::from_raw(9))
    }

    /// Says what it waits for, and waits a little.
    async fn wait(&mut self, reason: &'static str, message: String, network: Option<&Attachment>) -> Result<()> {
        self.tell(State::Waiting { reason, message }, network).await?;
        sleep(PAUSE).await;
        Ok(())
    }

    async fn tell(&mut self, state: State, network: Option<&Attachment>) -> Result<()> {
        let address = network.map(Attachment::address);
        self.status.tell(Told { address, state, restarts: self.restarts }).await
    }

    /// The pod as it is now, if it still exists.
    fn present(&self) -> Option<Arc<Pod>> {
        let reference = ObjectRef::from_obj(&*self.pod);
        self.world.pods.get(&reference).filter(|pod| pod.uid() == self.pod.uid())
    }

    /// The grace that the pod has left to end, if it is to.
    fn deletion(&self) -> Option<Duration> {
        match self.present() {
            Some(pod) => {
                pod.metadata.deletion_timestamp.as_ref()?;
                let seconds = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
                Some(Duration::from_secs(seconds.max(0) as u64))
            }
            // By force, behind its kubelet's back.
            None => Some(Duration::ZERO),
        }
    }

    /// The names that a cluster's DNS would tell for it.
    fn names(&self) -> Vec<String> {
        let spec = self.pod.spec.as_ref();
        let names = spec.and_then(|spec| Some((spec.hostname.as_ref()?, spec.subdomain.as_ref()?)));
        let namespace = self.pod.namespace().unwrap_or_default();
        let name = names.map(|(host, subdomain)| format!("{host}.{subdomain}.{namespace}.svc"));
        name.iter().flat_map(|name| [name.clone(), format!("{name}.cluster.local")]).collect()
    }
}

//! What stands for scheduler, kubelets and volumes where there are none: real servers for pods.
//!
//! API server, etcd and controller manager are real; a container runtime is not needed. This binds pods to machines,
//! starts a real `silhouette-server` for each pod exactly as the pod says (command line, variables, configuration,
//! claim, user, network address and names of its own), and writes its status from the process and its probes. A pod
//! that is deleted is asked to end, has its grace, and is then confirmed to be gone.
//!
//! It differs from real kubelets in what a test cannot wait for or a machine cannot give: containers are restarted
//! after shorter pauses, and memory is said, not limited.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::{
    Api, Client, ResourceExt as _,
    api::PostParams,
    runtime::{
        WatchStreamExt as _,
        reflector::{self, ObjectRef, Store},
        watcher,
    },
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

mod machines;
mod network;
mod probing;
mod sandbox;
mod status;
mod template;
mod volumes;
mod worker;

use self::{machines::Machine, network::Network, volumes::Volumes, worker::Worker};
use crate::harness::waiting::eventually;

/// Between two rounds of binding pods and claims.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two signs of life of a machine.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Lines of each pod's log that a failed test shows.
const SHOWN_LINES: usize = 15;

/// Machines on which the pods of one namespace run. All processes end when this is dropped.
pub struct Kubelets {
    world: Arc<World>,
    _tasks: JoinSet<()>,
}

/// What all of it shares.
struct World {
    client: Client,
    namespace: String,
    folder: PathBuf,
    pods: Store<Pod>,
    machines: Vec<Arc<Machine>>,
    network: Arc<Network>,
    volumes: Volumes,
    /// Pods whose processes stand still, by their names.
    hanging: Mutex<BTreeSet<String>>,
}

impl Kubelets {
    /// This many machines for the pods of `namespace`, with everything that they keep in `folder`. Call once in an
    /// isolated test.
    pub async fn start(client: Client, namespace: &str, machines: usize, folder: &Path) -> Result<Self> {
        for part in ["disks", "logs", "pods"] {
            fs::create_dir_all(folder.join(part)).context("cannot make a folder for kubelets")?;
        }
        let mut tasks = JoinSet::new();
        let pods = watched::<Pod>(&client, namespace, &mut tasks);
        let claims = watched::<PersistentVolumeClaim>(&client, namespace, &mut tasks);
        let mut made = Vec::new();
        for number in 0..machines {
            made.push(Arc::new(Machine::new(&client, format!("machine-{number}")).await?));
        }
        let world = Arc::new(World {
            network: Network::new(folder)?,
            volumes: Volumes::new(&client, namespace, folder.join("disks"), claims),
            machines: made,
            client,
            namespace: namespace.to_owned(),
            folder: folder.to_owned(),
            pods,
            hanging: Mutex::default(),
        });
        tasks.spawn(Arc::clone(&world).serve());
        Ok(Self { world, _tasks: tasks })
    }

    /// The machine that a pod runs on.
    pub fn machine_of(&self, pod: &str) -> Result<String> {
        let pod = self.world.pods.get(&ObjectRef::new(pod).within(&self.world.namespace));
        pod.and_then(|pod| pod.spec.as_ref()?.node_name.clone()).context("the pod is on no machine")
    }

    /// Takes a machine's power away: its processes end at once, and nothing is heard of it any more.
    pub fn power_off(&self, machine: &str) -> Result<()> {
        self.machine(machine)?.set_power(false);
        Ok(())
    }

    /// Gives it power again.
    pub fn power_on(&self, machine: &str) -> Result<()> {
        self.machine(machine)?.set_power(true);
        Ok(())
    }

    /// Kills the process that uses a claim, and deletes what is on its disk; waits until that is done.
    pub async fn wipe(&self, claim: &str) -> Result<()> {
        self.world.volumes.ask_to_wipe(claim);
        eventually(&format!("the disk of {claim} is wiped"), async || {
            ensure!(!self.world.volumes.is_to_be_wiped(claim), "no process that uses it runs");
            Ok(())
        })
        .await
    }

    /// Lets a pod's process stand still, with its connections open, until it goes on or ends.
    pub fn hang(&self, pod: &str) {
        self.world.hanging.lock().insert(pod.to_owned());
    }

    /// Lets it go on.
    pub fn go_on(&self, pod: &str) {
        self.world.hanging.lock().remove(pod);
    }

    /// Everything that the processes of pods of this name have printed.
    pub fn log(&self, pod: &str) -> String {
        let log = fs::read(self.world.log_of(pod)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Shows the ends of all logs, for whoever looks for a failure's cause.
    pub fn show_logs(&self) {
        for entry in fs::read_dir(self.world.folder.join("logs")).into_iter().flatten().flatten() {
            let pod = entry.file_name().to_string_lossy().into_owned();
            let log = self.log(&pod);
            let lines: Vec<_> = log.lines().collect();
            let end = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
            eprintln!("--- the log of {pod} ends so:\n{}", end.join("\n"));
        }
    }

    fn machine(&self, name: &str) -> Result<&Machine> {
        let machine = self.world.machines.iter().find(|machine| machine.name() == name);
        machine.map(AsRef::as_ref).with_context(|| format!("there is no machine {name}"))
    }
}

impl World {
    /// Binds what is new, and lets each pod of a machine live, for ever.
    async fn serve(self: Arc<Self>) {
        let mut workers = JoinSet::new();
        let mut of_pods = BTreeMap::new();
        let mut beaten = Instant::now();
        loop {
            let pods = self.pods.state();
            for pod in &pods {
                let Some(machine) = pod.spec.as_ref().and_then(|spec| spec.node_name.as_ref()) else {
                    complain("a pod", self.bind(pod, &pods).await);
                    continue;
                };
                let machine = self.machines.iter().find(|found| found.name() == machine);
                if let (Some(machine), Some(uid)) = (machine, pod.uid()) {
                    of_pods.entry(uid).or_insert_with(|| {
                        let worker = Worker::new(Arc::clone(&self), Arc::clone(pod), Arc::clone(machine));
                        workers.spawn(worker.live())
                    });
                }
            }
            // A worker that ends before its pod's deletion was seen must not be followed by another.
            of_pods
                .retain(|uid, worker| !worker.is_finished() || pods.iter().any(|pod| pod.uid().as_ref() == Some(uid)));
            while workers.try_join_next().is_some() {}
            complain("claims", self.volumes.serve_claims().await);
            if beaten.elapsed() > HEARTBEAT {
                beaten = Instant::now();
                for machine in &self.machines {
                    complain("a machine", machine.beat(&self.client).await);
                }
            }
            sleep(PAUSE).await;
        }
    }

    /// Binds a pod to the machine that has the fewest, as a scheduler would that spreads them.
    async fn bind(&self, pod: &Pod, all: &[Arc<Pod>]) -> Result<()> {
        if pod.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let load = |machine: &&Arc<Machine>| {
            let on_it =
                |pod: &&Arc<Pod>| pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some(machine.name());
            all.iter().filter(on_it).count()
        };
        let machine = self.machines.iter().filter(|machine| machine.has_power()).min_by_key(load);
        let machine = machine.context("no machine has power")?;
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": pod.name_any(), "uid": pod.uid()},
            "target": {"apiVersion": "v1", "kind": "Node", "name": machine.name()},
        });
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let parameters = PostParams::default();
        match pods.create_subresource::<_, Value>("binding", &pod.name_any(), &parameters, &binding).await {
            // Bound or gone since: the picture was old.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            outcome => outcome.map(|_| ()).context("cannot bind it"),
        }
    }

    fn log_of(&self, pod: &str) -> PathBuf {
        self.folder.join("logs").join(pod)
    }
}

/// What the API server has of a kind, kept current.
fn watched<K>(client: &Client, namespace: &str, tasks: &mut JoinSet<()>) -> Store<K>
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + k8s_openapi::serde::de::DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    let (reader, writer) = reflector::store();
    let objects = Api::<K>::namespaced(client.clone(), namespace);
    let stream = reflector::reflector(writer, watcher(objects, watcher::Config::default())).default_backoff();
    tasks.spawn(stream.for_each(async |_| {}));
    reader
}

/// Tells what went wrong and will be tried again.
fn complain(of: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        eprintln!("kubelet: {of}: {error:#}");
    }
}

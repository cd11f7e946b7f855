//! etcd, API server and controller manager.

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::{
    api::core::v1::{Namespace, ServiceAccount},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, ResourceExt as _,
    runtime::{conditions::is_crd_established, wait::await_condition},
};
use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{sync::OnceCell, time::timeout};

use super::{
    arguments,
    caretaker::{self, Caretaker},
    certificates::{Authority, write, write_service_account_keys},
    identity::Identity,
    objects, programs,
    service::Service,
};
use crate::harness::{addresses::own_host, waiting::within};

/// How long a control plane may take to answer: ten seconds, but minutes on a machine that compiles at the same time.
const START_PATIENCE: Duration = Duration::from_mins(5);

/// The group whose members may do everything.
const MASTERS: Option<&str> = Some("system:masters");

/// A running control plane; it ends when it is dropped, and with this process at the latest.
#[derive(Debug)]
pub struct Kubernetes {
    server: String,
    authority: Authority,
    /// Who depends on another comes later.
    services: Mutex<Vec<Service>>,
    caretaker: Mutex<Option<Caretaker>>,
    folder: Option<TempDir>,
}

impl Kubernetes {
    /// Starts one for the caller alone. Our own kinds of objects are installed.
    pub async fn start() -> Result<Arc<Self>> {
        let folder =
            tempfile::Builder::new().prefix("silhouette-kubernetes-").tempdir().context("cannot make a folder")?;
        let host = own_host();
        let [etcd, peers, api, manager] = free_ports(host)?;
        let authority = Authority::new()?;
        write(&folder.path().join("authority.crt"), &authority.certificate())?;
        authority.server(host)?.write(folder.path(), "server")?;
        write_service_account_keys(folder.path())?;
        write(&folder.path().join("audit-policy.yaml"), arguments::AUDIT_POLICY)?;
        let started = Self {
            server: format!("https://{api}"),
            authority,
            services: Mutex::default(),
            caretaker: Mutex::new(Some(Caretaker::of(folder.path())?)),
            folder: Some(folder),
        };
        let manager_identity = started.identity("system:kube-controller-manager", MASTERS)?;
        manager_identity.write_kubeconfig(&started.folder().join("manager.kubeconfig"), "default")?;
        started.run("etcd", &arguments::etcd(etcd, peers))?;
        started.run("kube-apiserver", &arguments::api_server(etcd, api))?;
        started.run("kube-controller-manager", &arguments::controller_manager(manager))?;
        started.wait_until_ready().await?;
        started.install_crds().await?;
        Ok(Arc::new(started))
    }

    /// The one that all tests of this executable share.
    pub async fn shared() -> Result<Arc<Self>> {
        static SHARED: OnceCell<Arc<Kubernetes>> = OnceCell::const_new();
        SHARED.get_or_try_init(Self::start).await.cloned()
    }

    /// Somebody who may do everything.
    pub fn administrator(&self) -> Result<Identity> {
        self.identity("administrator", MASTERS)
    }

    /// Somebody who may do what RBAC grants this user, or this group.
    pub fn identity(&self, user: &str, group: Option<&str>) -> Result<Identity> {
        let certificate = self.authority.client(user, group)?;
        Ok(Identity::new(self.server.clone(), self.authority.certificate(), certificate))
    }

    /// A client of somebody who may do everything. It belongs to the calling test's runtime, and ends with it.
    pub async fn client(&self) -> Result<Client> {
        self.administrator()?.client().await
    }

    /// Where certificates, kubeconfig files and logs are.
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// The uids of pods that were asked to leave a namespace and had to, once for each time; of requests that named one.
    pub fn evicted(&self, namespace: &str) -> Result<Vec<String>> {
        let record = std::fs::read_to_string(self.folder().join("audit.log")).context("there is no record")?;
        let events = record.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
        let accepted = events
            .iter()
            .filter(|event| event["objectRef"]["namespace"] == namespace && event["responseStatus"]["code"] == 201);
        let uid =
            |event: &Value| event["requestObject"]["deleteOptions"]["preconditions"]["uid"].as_str().map(str::to_owned);
        Ok(accepted.filter_map(uid).collect())
    }

    /// Leaves everything where it is when the tests end, and shows how the logs end: a test has failed.
    pub(super) fn keep(&self) {
        for service in self.services.lock().iter() {
            eprintln!("--- {}", service.last_words());
        }
        match caretaker::keep(self.folder()) {
            Ok(()) => eprintln!("--- everything is kept in {}", self.folder().display()),
            Err(error) => eprintln!("--- {error:#}"),
        }
    }

    /// A process that must not outlive this one, whatever happens.
    pub(super) fn watch(&self, process: u32) -> Result<()> {
        match self.caretaker.lock().as_mut() {
            Some(caretaker) => caretaker.watch(process),
            None => Ok(()),
        }
    }

    fn run(&self, name: &'static str, arguments: &[String]) -> Result<()> {
        let service = Service::start(name, self.folder(), arguments)?;
        self.watch(service.id())?;
        self.services.lock().push(service);
        Ok(())
    }

    /// Waits until the API server answers and the controller manager works.
    async fn wait_until_ready(&self) -> Result<()> {
        let client = self.client().await?;
        let namespaces = Api::<Namespace>::all(client.clone());
        let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
        let outcome = within(START_PATIENCE, "a control plane is ready", async || {
            namespaces.get("default").await?;
            // A controller makes it.
            accounts.get("default").await?;
            Ok(())
        });
        // What has ended will never be ready, and its log tells why.
        tokio::select! {
            outcome = outcome => outcome?,
            error = self.failure() => return Err(error),
        }
        let version = client.apiserver_version().await?.git_version;
        ensure!(version == format!("v{}", programs::version()?), "the API server calls itself {version}");
        Ok(())
    }

    /// The end of one of the processes.
    async fn failure(&self) -> anyhow::Error {
        loop {
            if let Err(error) = self.services.lock().iter_mut().try_for_each(Service::check) {
                return error;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Installs what `crds/` has, and waits until it is served.
    async fn install_crds(&self) -> Result<()> {
        let client = self.client().await?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds");
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            for applied in objects::apply_file(&client, "default", &entry?.path()).await? {
                let name = applied.name_any();
                let definitions = Api::<CustomResourceDefinition>::all(client.clone());
                let served = await_condition(definitions, &name, is_crd_established());
                timeout(START_PATIENCE, served).await.with_context(|| format!("{name} is not served"))??;
            }
        }
        Ok(())
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        // Who depends on another ends first.
        while self.services.get_mut().pop().is_some() {}
        if let Some(folder) = self.folder.take_if(|folder| caretaker::is_kept(folder.path())) {
            let _ = folder.keep();
        }
        if let Some(caretaker) = self.caretaker.get_mut().take() {
            // Without it there is nobody who could clear up twice.
            let _ = caretaker.release();
        }
    }
}

/// Free ports at `host`, each given once.
pub(super) fn free_ports<const COUNT: usize>(host: IpAddr) -> Result<[SocketAddr; COUNT]> {
    // All are held until all are known.
    let listeners: Vec<_> = (0..COUNT).map(|_| TcpListener::bind((host, 0))).collect::<std::io::Result<_>>()?;
    let addresses: Vec<_> = listeners.iter().map(TcpListener::local_addr).collect::<std::io::Result<_>>()?;
    addresses.try_into().ok().context("each socket has an address")
}

//! `silhouette-operator run`: keeps clusters until it is stopped.

mod flags;
mod identity;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use kube::{Api, Client, Config, api::ListParams};
use silhouette_operator::{
    api::SilhouetteCluster,
    connection::connect,
    controller::Controller,
    lease::Election,
    report::Events,
    surroundings::Surroundings,
    telemetry::{self, Metrics, Part, Vitals},
};
use tokio::{
    net::TcpListener,
    select,
    signal::unix::{SignalKind, signal},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

pub(super) use self::flags::Run;
use super::exit::Failed;

/// The pause between two questions whether the resource is defined.
const ASK_AGAIN: Duration = Duration::from_secs(2);

impl Run {
    pub(super) async fn execute(self) -> Result<ExitCode, Failed> {
        let timing = self.timing().map_err(Failed::to_understand)?;
        telemetry::start_logs(self.log_format, &self.log_level).map_err(Failed::to_understand)?;
        let stopping = stop_signal().map_err(Failed::to_do)?;
        let config = Config::infer().await.context("the API server is not known").map_err(Failed::to_do)?;
        let lease_namespace = self.lease_namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let (metrics, vitals) = (Arc::new(Metrics::default()), Arc::new(Vitals::default()));
        let listener = TcpListener::bind(self.http_addr)
            .await
            .with_context(|| format!("cannot listen at {} (--http-addr)", self.http_addr))
            .map_err(Failed::to_do)?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            api_server = %config.cluster_url,
            http = %listener.local_addr().map_err(Failed::to_do)?,
            namespaces = if self.namespaces.is_empty() { "all".to_owned() } else { self.namespaces.join(",") },
            "starts"
        );
        let serving = telemetry::serve(listener, Arc::clone(&metrics), Arc::clone(&vitals));
        let _serving = AbortOnDropHandle::new(tokio::spawn(serving));
        // The Lease has a connection of its own: whatever the API server is slow at, renewals do not queue behind it.
        let lease_client = connect(config.clone(), self.lease_bounds(), Arc::clone(&metrics)).map_err(Failed::to_do)?;
        let client = connect(config, self.bounds(), Arc::clone(&metrics)).map_err(Failed::to_do)?;
        if stopping.run_until_cancelled(self.wait_for_definition(&client)).await.is_none() {
            return Ok(ExitCode::SUCCESS);
        }
        let identity = identity::identity();
        let mut election = None;
        if self.leader_election {
            vitals.enter(Part::StandsBy);
            let mut candidate =
                Election::new(lease_client, &lease_namespace, &self.lease_name, identity.unique.clone(), timing);
            if stopping.run_until_cancelled(candidate.acquire()).await.is_none() {
                return Ok(ExitCode::SUCCESS);
            }
            tracing::info!(lease = %format!("{lease_namespace}/{}", self.lease_name), identity = identity.unique, "leads");
            election = Some(candidate);
        }
        metrics.leads(true);
        let surroundings = Surroundings::new(client.clone(), &self.namespaces, self.patience());
        let events = Events::new(client, identity.pod);
        let (namespaces, pace) = (self.namespaces.clone(), self.pace());
        let controller = Controller::new(surroundings, namespaces, events, metrics, pace, stopping.clone());
        work(controller, &vitals, election).await.map_err(Failed::to_do)?;
        tracing::info!("stopped as asked");
        Ok(ExitCode::SUCCESS)
    }

    /// Waits until the API server knows the resource, in a namespace that is watched.
    async fn wait_for_definition(&self, client: &Client) {
        let client = client.clone();
        let resources: Api<SilhouetteCluster> = match self.namespaces.first() {
            Some(namespace) => Api::namespaced(client, namespace),
            None => Api::all(client),
        };
        let mut told = None;
        loop {
            let news = match resources.list_metadata(&ListParams::default().limit(1)).await {
                Ok(_) => return,
                Err(kube::Error::Api(status)) if status.code == 404 => {
                    "SilhouetteCluster is not defined yet: apply what `silhouette-operator crd` prints".to_owned()
                }
                Err(error) => format!("resources cannot be listed: {error}"),
            };
            // The same news again and again is none.
            if told.as_ref() != Some(&news) {
                tracing::warn!("waits: {news}");
                told = Some(news);
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

/// Runs the loop for as long as the lease is held, and gives the lease back once the loop has ended.
async fn work(controller: Controller, vitals: &Vitals, election: Option<Election>) -> anyhow::Result<()> {
    let Some(election) = election else {
        controller.run(vitals).await;
        return Ok(());
    };
    let done = CancellationToken::new();
    // In a task of its own, so that no pass keeps the lease from being written.
    let mut keeping = AbortOnDropHandle::new(tokio::spawn(election.keep(done.clone())));
    select! {
        // Whoever has lost the lease ends at once: passes that have begun are cut off wherever they are.
        lost = &mut keeping => match lost? {
            Ok(()) => Err(anyhow!("the lease was given back too early")),
            Err(error) => Err(error.into()),
        },
        () = controller.run(vitals) => {
            done.cancel();
            if let Err(error) = keeping.await? {
                tracing::warn!("the lease was not given back, and runs out: {error}");
            }
            Ok(())
        }
    }
}

/// Cancelled by SIGTERM or SIGINT.
fn stop_signal() -> anyhow::Result<CancellationToken> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = CancellationToken::new();
    let token = stopping.clone();
    tokio::spawn(async move {
        let by = select! {
            _ = terminated.recv() => "SIGTERM",
            _ = interrupted.recv() => "SIGINT",
        };
        tracing::info!(by, "stops: no step begins any more, and passes that have begun end");
        token.cancel();
    });
    Ok(stopping)
}

//! Probes of a container, with their thresholds: startup first, then readiness and liveness beside each other.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use k8s_openapi::{
    api::core::v1::{Container, HTTPGetAction, Probe},
    apimachinery::pkg::util::intstr::IntOrString,
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::harness::probe;

/// What probes have found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Health {
    /// Whether it has started.
    pub(super) started: bool,
    /// Whether it may be sent requests.
    pub(super) ready: bool,
    /// Whether it should be started anew.
    pub(super) failed: bool,
}

/// Probes of one container; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Probing {
    health: watch::Receiver<Health>,
    _task: JoinSet<()>,
}

/// A probe of this very container.
#[derive(Debug, Clone)]
struct Target {
    address: SocketAddr,
    path: String,
    initial_delay: Duration,
    period: Duration,
    timeout: Duration,
    failure_threshold: u32,
    success_threshold: u32,
}

impl Probing {
    /// Begins to probe a container that was started just now at `host`.
    pub(super) fn begin(container: &Container, host: IpAddr) -> Result<Self> {
        let target =
            |probe: &Option<Probe>| probe.as_ref().map(|probe| Target::new(probe, container, host)).transpose();
        let startup = target(&container.startup_probe)?;
        let readiness = target(&container.readiness_probe)?;
        let liveness = target(&container.liveness_probe)?;
        let (sender, health) = watch::channel(Health { started: false, ready: false, failed: false });
        let mut task = JoinSet::new();
        task.spawn(async move {
            if let Some(startup) = startup
                && !startup.first_verdict().await
            {
                sender.send_modify(|health| health.failed = true);
                return;
            }
            // What has no readiness probe is ready as soon as it has started.
            sender.send_modify(|health| (health.started, health.ready) = (true, readiness.is_none()));
            let tell_readiness = |passes| sender.send_modify(|health| health.ready = passes);
            let tell_liveness = |passes: bool| sender.send_modify(|health| health.failed = !passes);
            tokio::join!(follow(readiness, tell_readiness), follow(liveness, tell_liveness));
        });
        Ok(Self { health, _task: task })
    }

    /// What they have found so far.
    pub(super) fn health(&self) -> Health {
        *self.health.borrow()
    }
}

/// Tells each verdict of a probe, for ever.
async fn follow(target: Option<Target>, tell: impl Fn(bool)) {
    let Some(target) = target else { return };
    sleep(target.initial_delay).await;
    let mut streak = Streak::default();
    loop {
        if let Some(passes) = streak.count(target.passes().await, &target) {
            tell(passes);
        }
        sleep(target.period).await;
    }
}

/// How often in a row a probe had the same outcome.
#[derive(Debug, Default)]
struct Streak {
    passes: bool,
    length: u32,
}

impl Streak {
    /// Counts an outcome; the verdict, once it is long enough.
    fn count(&mut self, passes: bool, target: &Target) -> Option<bool> {
        if self.passes != passes {
            *self = Self { passes, length: 0 };
        }
        self.length = self.length.saturating_add(1);
        let threshold = if passes { target.success_threshold } else { target.failure_threshold };
        (self.length >= threshold).then_some(passes)
    }
}

impl Target {
    fn new(probe: &Probe, container: &Container, host: IpAddr) -> Result<Self> {
        let Some(HTTPGetAction { path, port, .. }) = &probe.http_get else {
            bail!("container {}: only HTTP probes are known here", container.name);
        };
        let port = match port {
            IntOrString::Int(port) => *port,
            IntOrString::String(name) => {
                let mut ports = container.ports.iter().flatten();
                let named = ports.find(|port| port.name.as_ref() == Some(name));
                named.with_context(|| format!("container {} has no port {name}", container.name))?.container_port
            }
        };
        let seconds = |value: Option<i32>, default: i32| Duration::from_secs(value.unwrap_or(default).max(0) as u64);
        Ok(Self {
            address: SocketAddr::new(host, u16::try_from(port).context("a port is not one")?),
            path: path.clone().unwrap_or_else(|| "/".to_owned()),
            initial_delay: seconds(probe.initial_delay_seconds, 0),
            period: seconds(probe.period_seconds, 10),
            timeout: seconds(probe.timeout_seconds, 1),
            failure_threshold: probe.failure_threshold.unwrap_or(3).max(1) as u32,
            success_threshold: probe.success_threshold.unwrap_or(1).max(1) as u32,
        })
    }

    /// Waits for the first verdict: passed, or failed as often as it may.
    async fn first_verdict(&self) -> bool {
        sleep(self.initial_delay).await;
        let mut streak = Streak::default();
        loop {
            if let Some(passes) = streak.count(self.passes().await, self) {
                return passes;
            }
            sleep(self.period).await;
        }
    }

    async fn passes(&self) -> bool {
        match probe::get_within(self.timeout, self.address, &self.path).await {
            Ok(answer) => (200..400).contains(&answer.status),
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use serde_json::json;

    use super::*;

    fn target() -> Target {
        let container = serde_json::from_value(json!({
            "name": "server",
            "ports": [{"name": "http", "containerPort": 7603}],
            "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "failureThreshold": 2},
        }))
        .unwrap();
        let Container { readiness_probe, .. } = &container;
        Target::new(readiness_probe.as_ref().unwrap(), &container, Ipv4Addr::LOCALHOST.into()).unwrap()
    }

    #[test]
    fn a_port_is_found_by_its_name() {
        assert_eq!(target().address, "127.0.0.1:7603".parse().unwrap());
    }

    #[test]
    fn a_verdict_takes_as_many_outcomes_in_a_row_as_the_threshold() {
        let (target, mut streak) = (target(), Streak::default());
        assert_eq!(streak.count(false, &target), None);
        assert_eq!(streak.count(true, &target), Some(true));
        assert_eq!(streak.count(false, &target), None, "a success in between begins the count anew");
        assert_eq!(streak.count(false, &target), Some(false));
    }
}

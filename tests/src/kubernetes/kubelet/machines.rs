//! Machines that pods run on: `Node` objects, and whether each has power.

use anyhow::{Context as _, Result};
use k8s_openapi::{api::core::v1::Node, jiff::Timestamp};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::watch;

/// A machine. While it has power it gives signs of life; when it gives none, the controller manager says after a while
/// that its node is lost.
#[derive(Debug)]
pub(super) struct Machine {
    name: String,
    has_power: watch::Sender<bool>,
    ready_since: Mutex<Timestamp>,
}

impl Machine {
    /// A machine that has power, and its object.
    pub(super) async fn new(client: &Client, name: String) -> Result<Self> {
        let node = serde_json::from_value(json!({
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        }))?;
        Api::<Node>::all(client.clone()).create(&PostParams::default(), &node).await.context("cannot make a Node")?;
        let ready_since = Mutex::new(Timestamp::now());
        let machine = Self { name, has_power: watch::Sender::new(true), ready_since };
        machine.beat(client).await?;
        Ok(machine)
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it runs.
    pub(super) fn has_power(&self) -> bool {
        *self.has_power.borrow()
    }

    /// Waits until it has power, or has none.
    pub(super) async fn power(&self, wanted: bool) {
        let mut power = self.has_power.subscribe();
        // It fails only when the sender is gone, which lives as long as `self`.
        let _ = power.wait_for(|has_power| *has_power == wanted).await;
    }

    /// Gives it power, or takes it away: then everything that runs on it ends between two instructions.
    pub(super) fn set_power(&self, has_power: bool) {
        if has_power {
            *self.ready_since.lock() = Timestamp::now();
        }
        self.has_power.send_replace(has_power);
    }

    /// Gives a sign of life, if it has power.
    pub(super) async fn beat(&self, client: &Client) -> Result<()> {
        if !self.has_power() {
            return Ok(());
        }
        let ready = json!({
            "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "its kubelet is a test's",
            "lastHeartbeatTime": Timestamp::now().to_string(),
            "lastTransitionTime": self.ready_since.lock().to_string(),
        });
        let room = json!({"cpu": "64", "memory": "256Gi", "pods": "110"});
        let status = json!({"status": {"conditions": [ready], "capacity": room, "allocatable": room}});
        let nodes = Api::<Node>::all(client.clone());
        let outcome = nodes.patch_status(&self.name, &PatchParams::default(), &Patch::Strategic(status)).await;
        outcome.map(|_| ()).with_context(|| format!("cannot write that {} lives", self.name))
    }
}

//! Machines that pods run on: `Node` objects, and whether each has power.

use anyhow::{Context as _, Result};
use k8s_openapi::{api::core::v1::Node, jiff::Timestamp};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use tokio::sync::watch;

/// A machine.
#[derive(Debug)]
pub(super) struct Machine {
    name: String,
    has_power: watch::Sender<bool>,
    nodes: Api<Node>,
}

impl Machine {
    /// A machine that has power, and its object.
    pub(super) async fn new(client: Client, name: String) -> Result<Self> {
        let machine = Self { name, has_power: watch::Sender::new(true), nodes: Api::all(client) };
        let node = serde_json::from_value(json!({
            "metadata": {"name": machine.name, "labels": {"kubernetes.io/hostname": machine.name}},
        }))?;
        machine.nodes.create(&PostParams::default(), &node).await.context("cannot make a Node")?;
        machine.report("True", "KubeletReady").await?;
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

    /// Ends everything that runs on it between two instructions. The controller manager would notice after 40 s that
    /// nothing is heard of it any more; here the object says so at once.
    pub(super) async fn power_off(&self) -> Result<()> {
        self.has_power.send_replace(false);
        self.report("Unknown", "NodeStatusUnknown").await
    }

    /// Starts it again.
    pub(super) async fn power_on(&self) -> Result<()> {
        self.report("True", "KubeletReady").await?;
        self.has_power.send_replace(true);
        Ok(())
    }

    /// Says anew that it lives, if it does: what is not heard of for long counts as lost.
    pub(super) async fn beat(&self) -> Result<()> {
        if self.has_power() { self.report("True", "KubeletReady").await } else { Ok(()) }
    }

    async fn report(&self, ready: &str, reason: &str) -> Result<()> {
        let now = Timestamp::now().to_string();
        let ready = json!({
            "type": "Ready", "status": ready, "reason": reason, "message": "said by the test",
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        });
        let room = json!({"cpu": "64", "memory": "256Gi", "pods": "110"});
        let status = json!({"status": {"conditions": [ready], "capacity": room, "allocatable": room}});
        let patch = Patch::Strategic(status);
        self.nodes.patch_status(&self.name, &PatchParams::default(), &patch).await.context("cannot write a Node")?;
        Ok(())
    }
}

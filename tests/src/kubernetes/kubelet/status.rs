//! A pod's status as its kubelet tells it.

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use k8s_openapi::{api::core::v1::Pod, jiff::Timestamp};
use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
};
use serde_json::{Value, json};

use super::{probing::Health, template::container};

/// What a pod's kubelet knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// The pod's address.
    pub(super) address: Option<IpAddr>,
    /// What its container does.
    pub(super) state: State,
    /// How often its container was started anew.
    pub(super) restarts: u32,
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// It is about to be started.
    Waiting {
        /// Such as `ImagePullBackOff`.
        reason: &'static str,
        /// Why, for people.
        message: String,
    },
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
        /// What its probes found.
        health: Health,
    },
    /// It has ended for good.
    Terminated {
        /// Exit code, 128 and the number for a signal.
        code: i32,
    },
}

/// Writes one pod's status, when it differs from what was written last.
#[derive(Debug)]
pub(super) struct Status {
    pods: Api<Pod>,
    pod: Pod,
    written: Option<Told>,
    ready: (bool, Timestamp),
}

impl Status {
    /// The status of this very pod.
    pub(super) fn of(client: Client, pod: &Pod) -> Self {
        let pods = Api::namespaced(client, &pod.namespace().unwrap_or_default());
        Self { pods, pod: pod.clone(), written: None, ready: (false, Timestamp::now()) }
    }

    /// Tells what its kubelet knows.
    pub(super) async fn tell(&mut self, told: Told) -> Result<()> {
        if self.written.as_ref() == Some(&told) {
            return Ok(());
        }
        let is_ready = matches!(told.state, State::Running { health: Health { ready: true, .. }, .. });
        if self.ready.0 != is_ready {
            self.ready = (is_ready, Timestamp::now());
        }
        // By uid: a pod that was made anew under the same name has a kubelet's word of its own.
        let patch = json!({"metadata": {"uid": self.pod.uid()}, "status": self.status(&told)?});
        let parameters = PatchParams::default();
        let outcome = self.pods.patch_status(&self.pod.name_any(), &parameters, &Patch::Strategic(patch)).await;
        outcome.with_context(|| format!("cannot tell the status of {}", self.pod.name_any()))?;
        self.written = Some(told);
        Ok(())
    }

    /// Says that it is gone: the last word of a kubelet about a pod that was to be deleted.
    pub(super) async fn confirm_deletion(&self) -> Result<()> {
        let preconditions = Some(Preconditions { uid: self.pod.uid(), resource_version: None });
        let parameters = DeleteParams { grace_period_seconds: Some(0), preconditions, ..DeleteParams::default() };
        match self.pods.delete(&self.pod.name_any(), &parameters).await {
            // Not there, or another of that name.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            outcome => outcome.map(|_| ()).context("cannot confirm that a pod is gone"),
        }
    }

    fn status(&self, told: &Told) -> Result<Value> {
        let container = container(&self.pod)?;
        let (is_ready, since) = (self.ready.0, self.ready.1.to_string());
        let condition = |kind: &str, holds: bool| {
            let status = if holds { "True" } else { "False" };
            json!({"type": kind, "status": status, "lastTransitionTime": since})
        };
        let (phase, started, state) = match &told.state {
            State::Waiting { reason, message } => {
                let phase = if told.restarts > 0 { "Running" } else { "Pending" };
                (phase, false, json!({"waiting": {"reason": reason, "message": message}}))
            }
            State::Running { since, health } => {
                ("Running", health.started, json!({"running": {"startedAt": since.to_string()}}))
            }
            State::Terminated { code } => {
                let phase = if *code == 0 { "Succeeded" } else { "Failed" };
                (phase, false, json!({"terminated": {"exitCode": code, "reason": "Ended"}}))
            }
        };
        // Addresses would be added to those of before: a machine that had no power gives its pods others.
        let replace = [json!({"$patch": "replace"})];
        let addresses: Vec<_> = told.address.iter().map(|address| json!({"ip": address})).chain(replace).collect();
        let conditions =
            [condition("Initialized", true), condition("ContainersReady", is_ready), condition("Ready", is_ready)];
        Ok(json!({
            "phase": phase,
            "conditions": conditions,
            "podIP": told.address,
            "podIPs": addresses,
            "containerStatuses": [{
                "name": container.name,
                "image": container.image,
                "imageID": "",
                "ready": is_ready,
                "started": started,
                "restartCount": told.restarts,
                "state": state,
            }],
        }))
    }
}

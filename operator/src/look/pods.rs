//! What a pod shows.

#[cfg(test)]
mod tests;

use k8s_openapi::{
    api::core::v1::{ContainerState, Node, Pod, PodCondition},
    jiff::{SignedDuration, Timestamp},
};
use kube::ResourceExt as _;

use super::machines::{is_lost, ready_since};
use crate::{
    ids::{ResourceVersion, Revision, Uid},
    observed::{Container, NodeSeen, PodSeen},
    resources::SERVER_CONTAINER,
};

/// The label that a StatefulSet's controller gives to pods: the version of the template that they were made from.
const REVISION: &str = "controller-revision-hash";

/// For how long a pod must not have been Ready before its Kubernetes node's word is trusted: what a node reports about a
/// pod comes late after it has started, or has come back.
const STUCK_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// The Kubernetes node that a pod is on.
pub(super) fn machine_name(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

/// A pod on this Kubernetes node, of which there may be no object.
pub(super) fn pod_seen(pod: &Pod, machine: Option<(&str, Option<&Node>)>, now: Timestamp) -> PodSeen {
    let lost = machine.is_some_and(|(_, machine)| is_lost(machine));
    let ready = condition(pod, "Ready");
    PodSeen {
        uid: Uid(pod.uid().unwrap_or_default()),
        version: ResourceVersion(pod.resource_version().unwrap_or_default()),
        revision: Revision(pod.labels().get(REVISION).cloned().unwrap_or_default()),
        container: if lost { Container::Unknown } else { container(pod) },
        ready: ready.is_some_and(|ready| ready.status == "True"),
        terminating: pod.metadata.deletion_timestamp.is_some(),
        stuck: ready_since(machine.and_then(|(_, machine)| machine))
            .is_some_and(|machine_ready| is_stuck(pod, machine_ready, now)),
        node: machine.map(|(name, _)| NodeSeen { name: name.to_owned(), is_lost: lost }),
    }
}

/// Whether a pod's node, which reports, says that the server runs.
fn container(pod: &Pod) -> Container {
    let not_running = |reason: &str| Container::NotRunning { reason: reason.to_owned() };
    let Some(status) = &pod.status else { return not_running("Pending") };
    match status.phase.as_deref() {
        // All containers have ended, whatever else is said of them.
        Some(phase @ ("Failed" | "Succeeded")) => return not_running(status.reason.as_deref().unwrap_or(phase)),
        Some("Unknown") => return Container::Unknown,
        _ => {}
    }
    match server_state(pod) {
        Some(ContainerState { running: Some(_), .. }) => Container::Running,
        Some(ContainerState { waiting: Some(waiting), .. }) => {
            not_running(waiting.reason.as_deref().unwrap_or("Waiting"))
        }
        Some(ContainerState { terminated: Some(terminated), .. }) => {
            not_running(terminated.reason.as_deref().unwrap_or("Terminated"))
        }
        // Nobody has it yet.
        _ if machine_name(pod).is_none() => {
            let scheduled = condition(pod, "PodScheduled").and_then(|scheduled| scheduled.reason.as_deref());
            not_running(scheduled.unwrap_or("Pending"))
        }
        // Its node may have started it a moment ago.
        _ => Container::Unknown,
    }
}

/// Whether a pod has not been Ready for so long, on a node that has been Ready for as long, that it will not be by itself.
fn is_stuck(pod: &Pod, machine_ready: Timestamp, now: Timestamp) -> bool {
    let Some(unready) = condition(pod, "Ready").filter(|ready| ready.status != "True") else { return false };
    let Some(unready_since) = unready.last_transition_time.as_ref() else { return false };
    let began = match server_state(pod) {
        Some(ContainerState { running: Some(running), .. }) => running.started_at.as_ref(),
        _ => pod.metadata.creation_timestamp.as_ref(),
    };
    let since = began.map_or(unready_since.0, |began| began.0.max(unready_since.0)).max(machine_ready);
    now.duration_since(since) >= STUCK_AFTER
}

/// The state of the container in which the server runs.
fn server_state(pod: &Pod) -> Option<&ContainerState> {
    let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
    containers.iter().find(|container| container.name == SERVER_CONTAINER)?.state.as_ref()
}

fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.type_ == kind)
}

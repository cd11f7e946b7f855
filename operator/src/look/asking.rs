//! Nodes that are asked: all of a cluster at once, so that one that hangs costs its time once.

use std::{collections::BTreeMap, net::IpAddr};

use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;

use super::{
    LookError, Sight, Subject,
    answers::{is_of_pod, membership},
    objects::{Objects, read_pods},
    places,
};
use crate::{
    api::SilhouetteCluster,
    ids::{ClusterId, Ordinal, Uid},
    nodes::{Node, NodeError, PodAddress, Said},
    surroundings::Surroundings,
};

/// Asks all nodes of a cluster. Those that do not answer are not in it.
pub(super) async fn ask_all(
    surroundings: &Surroundings,
    subject: Subject<'_>,
    objects: &Objects,
) -> BTreeMap<Ordinal, Said> {
    let nodes = objects.pods.iter().filter_map(|pod| reachable(surroundings, subject, pod));
    let asked = nodes.map(|(ordinal, node)| async move { Some((ordinal, ask(&node).await?)) });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Asks one node. What another says in its place is no answer.
async fn ask(node: &Node) -> Option<Said> {
    let pod = node.pod();
    match node.ask().await {
        Ok(said) if is_of_pod(&said.identity, &pod.namespace, &pod.name) => Some(said),
        Ok(said) => {
            tracing::warn!(pod = pod.name, answers = said.identity.name, "another node has the pod's address");
            None
        }
        Err(error) => {
            tracing::debug!("{error}");
            None
        }
    }
}

/// The node at a place, to be told something.
pub async fn node(
    surroundings: &Surroundings,
    cluster: &SilhouetteCluster,
    ordinal: Ordinal,
) -> Result<Node, LookError> {
    let subject = Subject::of(cluster)?;
    let pods = read_pods(surroundings, subject, Sight::Cached).await?;
    let mut nodes = pods.iter().filter_map(|pod| reachable(surroundings, subject, pod));
    let node = nodes.find(|(place, _)| *place == ordinal).map(|(_, node)| node);
    node.ok_or_else(|| LookError::NoAddress { pod: format!("{}-{ordinal}", subject.name) })
}

/// The node that leads a cluster by its own word, to be told something.
pub async fn leader(
    surroundings: &Surroundings,
    cluster: &SilhouetteCluster,
    id: &ClusterId,
) -> Result<Node, LookError> {
    let subject = Subject::of(cluster)?;
    let pods = read_pods(surroundings, subject, Sight::Cached).await?;
    let nodes: Vec<Node> = pods.iter().filter_map(|pod| Some(reachable(surroundings, subject, pod)?.1)).collect();
    let asked = join_all(nodes.into_iter().map(|node| async move { (node.status().await, node) })).await;
    let leaders = asked.into_iter().filter_map(|(status, node)| {
        let status = status.inspect_err(|error: &NodeError| tracing::debug!("{error}")).ok()?;
        let identity = status.identity.as_ref()?;
        let (cluster, member) = membership(identity)?;
        let is_in_place = is_of_pod(identity, &node.pod().namespace, &node.pod().name);
        (is_in_place && cluster == *id && status.leader_id == member.0).then_some((status.term, node))
    });
    // Who led before may not know yet that it does no more.
    let leader = leaders.max_by_key(|(term, _)| *term).map(|(_, node)| node);
    leader.ok_or_else(|| LookError::NoLeader { cluster: id.0.clone() })
}

/// The node in a pod, if it has an address and may run.
fn reachable(surroundings: &Surroundings, subject: Subject<'_>, pod: &Pod) -> Option<(Ordinal, Node)> {
    let name = pod.name_any();
    let ordinal = places::of_pod(subject.name, &name)?;
    let status = pod.status.as_ref()?;
    // The address of a pod that has ended may be another's by now.
    if matches!(status.phase.as_deref(), Some("Failed" | "Succeeded")) {
        return None;
    }
    let ip: IpAddr = status.pod_ip.as_deref()?.parse().ok()?;
    let address = PodAddress::new(subject.namespace, &name, Uid(pod.uid()?), ip);
    Some((ordinal, surroundings.nodes.node(&address)))
}

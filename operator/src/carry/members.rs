//! Calls to nodes: founding, numbers, membership, leadership.

use std::{net::IpAddr, time::Duration};

use futures::future::join_all;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt as _, api::ListParams};

use super::Error;
use crate::{
    ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId, Uid},
    nodes::{Node, PodAddress, Said},
    plan::MemberChange,
    resources::labels,
    surroundings::Surroundings,
};

/// A voter that another takes the place of must not have been heard of for so long. The leader counts it once more when
/// the change arrives: what was silent when it was planned may have come back.
const REPLACED_SILENCE: Duration = Duration::from_secs(30);

/// The nodes of a resource.
pub(super) struct Members<'a> {
    surroundings: &'a Surroundings,
    pods: Api<Pod>,
    namespace: &'a str,
    /// The resource's name.
    name: &'a str,
}

impl<'a> Members<'a> {
    pub(super) fn new(surroundings: &'a Surroundings, namespace: &'a str, name: &'a str) -> Self {
        let pods = Api::namespaced(surroundings.client.clone(), namespace);
        Self { surroundings, pods, namespace, name }
    }

    /// Founds a cluster on a disk, if it is still this one and empty.
    pub(super) async fn bootstrap(
        &self,
        pod: &str,
        instance: &InstanceId,
        cluster: &ClusterId,
        initial_members: u32,
    ) -> Result<(), Error> {
        Ok(self.node_in(pod).await?.bootstrap(cluster, instance, initial_members).await?)
    }

    /// Gives the node in a pod a number, if its disk is still this one.
    pub(super) async fn allocate(
        &self,
        cluster: &ClusterId,
        pod: &str,
        instance: &InstanceId,
        replaces: Option<MemberId>,
    ) -> Result<(), Error> {
        let newcomer = self.node_in(pod).await?.ask().await?.identity;
        if newcomer.instance_id != instance.0 {
            return Err(Error::Changed { object: format!("the disk of pod {pod}") });
        }
        self.leader(cluster).await?.allocate_member(cluster, &newcomer, replaces).await?;
        Ok(())
    }

    /// Tells the node in a pod its number, if its disk is still this one.
    pub(super) async fn join(
        &self,
        cluster: &ClusterId,
        pod: &str,
        instance: &InstanceId,
        member: MemberId,
    ) -> Result<(), Error> {
        Ok(self.node_in(pod).await?.join(cluster, instance, member).await?)
    }

    /// Changes who replicates and who votes, if the configuration is still the one that was seen.
    pub(super) async fn change(
        &self,
        cluster: &ClusterId,
        index: ConfigurationIndex,
        changes: &[(MemberId, MemberChange)],
    ) -> Result<(), Error> {
        Ok(self.leader(cluster).await?.change_members(cluster, index, changes, REPLACED_SILENCE).await?)
    }

    /// Hands leadership to a voter.
    pub(super) async fn transfer_leadership(&self, cluster: &ClusterId, to: MemberId) -> Result<(), Error> {
        Ok(self.leader(cluster).await?.transfer_leadership(cluster, to).await?)
    }

    /// The node in a pod, wherever the pod is by now.
    async fn node_in(&self, pod: &str) -> Result<Node, Error> {
        let present = self.pods.get(pod).await.map_err(Error::of(format!("pod {pod}")))?;
        self.node(&present).ok_or_else(|| Error::NoAddress { pod: pod.to_owned() })
    }

    /// The node that leads a cluster. All are asked at once: one that hangs delays nothing, and a node that only knows
    /// who leads would have to pass the call on.
    async fn leader(&self, cluster: &ClusterId) -> Result<Node, Error> {
        let parameters = ListParams::default().labels(&format!("{}={}", labels::CLUSTER, self.name));
        let pods = self.pods.list(&parameters).await.map_err(Error::of(format!("pods of {}", self.name)))?;
        let nodes: Vec<Node> = pods.iter().filter_map(|pod| self.node(pod)).collect();
        let said = join_all(nodes.iter().map(Node::ask)).await;
        let answered = nodes.into_iter().zip(said).filter_map(|(node, said)| Some((node, said.ok()?)));
        // One that was cut off may still take itself for the leader of an older term.
        let leading = answered.filter(|(_, said)| leads(said, cluster)).max_by_key(|(_, said)| said.status.term);
        leading.map(|(node, _)| node).ok_or_else(|| Error::NoLeader { cluster: cluster.clone() })
    }

    fn node(&self, pod: &Pod) -> Option<Node> {
        let ip: IpAddr = pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()?;
        let address = PodAddress::new(self.namespace, &pod.name_any(), Uid(pod.uid()?), ip);
        Some(self.surroundings.nodes.node(&address))
    }
}

/// Whether a node leads this cluster.
fn leads(said: &Said, cluster: &ClusterId) -> bool {
    let own = &said.identity;
    own.cluster_id == cluster.0 && own.member_id != 0 && said.status.leader_id == own.member_id
}

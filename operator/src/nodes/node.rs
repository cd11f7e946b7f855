//! Calls to one node.

use std::{future::Future, time::Duration};

use silhouette_proto::v1::{self, cluster_client::ClusterClient};
use tokio::time::timeout;
use tonic::{Response, Status, transport::Channel};

use super::{NodeError, Nodes, PodAddress};
use crate::{
    ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId},
    plan::MemberChange,
};

/// The node in a pod.
#[derive(Debug, Clone)]
pub struct Node {
    nodes: Nodes,
    pod: PodAddress,
    client: ClusterClient<Channel>,
}

/// What a node says when it is asked how it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Who it is.
    pub identity: v1::Identity,
    /// Its own view of itself.
    pub status: v1::GetStatusResponse,
    /// Its cluster's configuration as it has applied it; none if it belongs to no cluster, or knows nobody there yet.
    pub configuration: Option<v1::Configuration>,
}

impl Node {
    pub(super) fn new(nodes: Nodes, pod: PodAddress, channel: Channel) -> Self {
        Self { nodes, pod, client: ClusterClient::new(channel) }
    }

    /// The pod that it is in.
    pub fn pod(&self) -> &PodAddress {
        &self.pod
    }

    /// Asks who it is, how it is and whom it knows, all at once.
    pub async fn ask(&self) -> Result<Said, NodeError> {
        let (status, configuration) = tokio::join!(self.status(), self.configuration());
        let mut status = status?;
        let identity = status.identity.take().ok_or_else(|| self.incomplete("its identity"))?;
        Ok(Said { identity, status, configuration: configuration? })
    }

    /// Asks for its own view of itself.
    pub async fn status(&self) -> Result<v1::GetStatusResponse, NodeError> {
        let mut client = self.client.clone();
        self.question(async move { client.get_status(v1::GetStatusRequest {}).await }).await
    }

    /// Asks for its cluster's configuration; none if it belongs to no cluster, or knows nobody there yet.
    pub async fn configuration(&self) -> Result<Option<v1::Configuration>, NodeError> {
        let mut client = self.client.clone();
        match self.question(async move { client.list_members(v1::ListMembersRequest {}).await }).await {
            Ok(listed) => listed.configuration.map(Some).ok_or_else(|| self.incomplete("its configuration")),
            // It has answered, and has none to tell.
            Err(NodeError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Founds a cluster on its disk, if that is still this one and empty.
    pub async fn bootstrap(
        &self,
        cluster: &ClusterId,
        instance: &InstanceId,
        initial_members: u32,
    ) -> Result<(), NodeError> {
        let mut client = self.client.clone();
        let request =
            v1::BootstrapRequest { cluster_id: cluster.0.clone(), initial_members, instance_id: instance.0.clone() };
        self.change(async move { client.bootstrap(request).await }).await?;
        Ok(())
    }

    /// Has its cluster give a data directory, whose node reaches others and is reached as it says itself, a number.
    pub async fn allocate_member(
        &self,
        cluster: &ClusterId,
        newcomer: &v1::Identity,
        replaces: Option<MemberId>,
    ) -> Result<MemberId, NodeError> {
        let mut client = self.client.clone();
        let request = v1::AllocateMemberRequest {
            cluster_id: cluster.0.clone(),
            instance_id: newcomer.instance_id.clone(),
            name: newcomer.name.clone(),
            addresses: newcomer.addresses.clone(),
            replaces: replaces.map_or(0, |member| member.0),
        };
        let allocated = self.change(async move { client.allocate_member(request).await }).await?;
        Ok(MemberId(allocated.member_id))
    }

    /// Tells it its number, if its disk is still this one.
    pub async fn join(&self, cluster: &ClusterId, instance: &InstanceId, member: MemberId) -> Result<(), NodeError> {
        let mut client = self.client.clone();
        let request =
            v1::JoinRequest { cluster_id: cluster.0.clone(), instance_id: instance.0.clone(), member_id: member.0 };
        self.change(async move { client.join(request).await }).await?;
        Ok(())
    }

    /// Has its cluster change its members, if the configuration is still the one that was seen. A member whose place a
    /// promoted one takes goes only if its leader has not heard of it for `replaced_silence`.
    pub async fn change_members(
        &self,
        cluster: &ClusterId,
        index: ConfigurationIndex,
        changes: &[(MemberId, MemberChange)],
        replaced_silence: Duration,
    ) -> Result<(), NodeError> {
        let mut client = self.client.clone();
        let part = |(member, change): &(MemberId, MemberChange)| v1::MemberChange {
            member_id: member.0,
            action: action(*change).into(),
        };
        let request = v1::ChangeMembersRequest {
            cluster_id: cluster.0.clone(),
            expected_conf_index: index.0,
            changes: changes.iter().map(part).collect(),
            replaced_silent_ms: u64::try_from(replaced_silence.as_millis()).unwrap_or(u64::MAX),
        };
        self.change(async move { client.change_members(request).await }).await?;
        Ok(())
    }

    /// Has its cluster's leadership handed to a voter, and waits until that voter leads.
    pub async fn transfer_leadership(&self, cluster: &ClusterId, to: MemberId) -> Result<(), NodeError> {
        let mut client = self.client.clone();
        let request = v1::TransferLeadershipRequest { cluster_id: cluster.0.clone(), member_id: to.0 };
        self.change(async move { client.transfer_leadership(request).await }).await?;
        Ok(())
    }

    async fn question<T>(&self, call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, NodeError> {
        self.call(self.nodes.patience().questions, call).await
    }

    async fn change<T>(&self, call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, NodeError> {
        self.call(self.nodes.patience().changes, call).await
    }

    /// Waits for an answer for so long.
    async fn call<T>(
        &self,
        patience: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, NodeError> {
        let answer = match timeout(patience, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(NodeError::of(&self.pod.name, &status)),
            Err(_) => Err(NodeError::Silent { pod: self.pod.name.clone(), after: patience }),
        };
        if answer.as_ref().is_err_and(NodeError::ends_connection) {
            // A node that was paused or cut off keeps its connections open: only another one tells whether it is back.
            self.nodes.forget(&self.pod);
        }
        answer
    }

    fn incomplete(&self, missing: &'static str) -> NodeError {
        NodeError::Incomplete { pod: self.pod.name.clone(), missing }
    }
}

fn action(change: MemberChange) -> v1::MemberAction {
    match change {
        MemberChange::AddLearner => v1::MemberAction::AddLearner,
        MemberChange::Promote => v1::MemberAction::Promote,
        MemberChange::Remove => v1::MemberAction::Remove,
    }
}

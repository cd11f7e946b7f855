//! The service `Cluster`: identity, formation, membership and leadership, for administrators.

mod diagnostics;
mod inspect;
mod membership;
mod status;

use std::sync::Arc;

use silhouette_proto::v1::{self, cluster_client::ClusterClient, cluster_server::Cluster};
use tonic::{Request, Response, Status};

use super::{
    forward::Forwarder,
    validate::{Bootstrapping, Joining, comparison_key},
};
use crate::{node::NodeHandle, service::refusal::Refusal};

/// The service `Cluster` of a node.
#[derive(Clone)]
pub struct ClusterService {
    node: NodeHandle,
    forwarder: Arc<Forwarder>,
}

impl ClusterService {
    /// The service of `node`.
    pub fn new(node: NodeHandle) -> Self {
        let forwarder = Arc::new(Forwarder::new(&node));
        Self { node, forwarder }
    }
}

#[tonic::async_trait]
impl Cluster for ClusterService {
    async fn get_identity(
        &self,
        _: Request<v1::GetIdentityRequest>,
    ) -> Result<Response<v1::GetIdentityResponse>, Status> {
        Ok(Response::new(v1::GetIdentityResponse { identity: Some(status::identity(&self.node)?) }))
    }

    async fn bootstrap(
        &self,
        request: Request<v1::BootstrapRequest>,
    ) -> Result<Response<v1::BootstrapResponse>, Status> {
        let Bootstrapping { cluster, initial_members, instance } = Bootstrapping::read(request.get_ref())?;
        self.node.bootstrap(cluster, initial_members, instance).await?;
        Ok(Response::new(v1::BootstrapResponse { identity: Some(status::identity(&self.node)?) }))
    }

    async fn allocate_member(
        &self,
        request: Request<v1::AllocateMemberRequest>,
    ) -> Result<Response<v1::AllocateMemberResponse>, Status> {
        let there = |leader, request| async move { ClusterClient::new(leader).allocate_member(request).await };
        self.forwarder.carry_out(self.node.administered()?, request, membership::allocate, there).await
    }

    async fn join(&self, request: Request<v1::JoinRequest>) -> Result<Response<v1::JoinResponse>, Status> {
        let Joining { cluster, instance, member } = Joining::read(request.get_ref())?;
        self.node.join(cluster, instance, member).await?;
        Ok(Response::new(v1::JoinResponse { identity: Some(status::identity(&self.node)?) }))
    }

    async fn change_members(
        &self,
        request: Request<v1::ChangeMembersRequest>,
    ) -> Result<Response<v1::ChangeMembersResponse>, Status> {
        let there = |leader, request| async move { ClusterClient::new(leader).change_members(request).await };
        self.forwarder.carry_out(self.node.administered()?, request, membership::change, there).await
    }

    async fn list_members(
        &self,
        _: Request<v1::ListMembersRequest>,
    ) -> Result<Response<v1::ListMembersResponse>, Status> {
        let configuration = membership::configuration(&self.node.administered()?);
        // A member that still waits for its first leader knows nobody: whoever asks must ask another one.
        if configuration.conf_index == 0 {
            return Err(Refusal::NoLeader.into());
        }
        Ok(Response::new(v1::ListMembersResponse { configuration: Some(configuration) }))
    }

    async fn transfer_leadership(
        &self,
        request: Request<v1::TransferLeadershipRequest>,
    ) -> Result<Response<v1::TransferLeadershipResponse>, Status> {
        let there = |leader, request| async move { ClusterClient::new(leader).transfer_leadership(request).await };
        self.forwarder.carry_out(self.node.administered()?, request, membership::transfer, there).await
    }

    async fn get_status(&self, _: Request<v1::GetStatusRequest>) -> Result<Response<v1::GetStatusResponse>, Status> {
        Ok(Response::new(status::status(&self.node).await?))
    }

    async fn inspect_state(
        &self,
        request: Request<v1::InspectStateRequest>,
    ) -> Result<Response<v1::InspectStateResponse>, Status> {
        let key = comparison_key(&request.get_ref().comparison_key)?;
        Ok(Response::new(inspect::inspect(self.node.administered()?, key).await?))
    }

    async fn get_diagnostics(
        &self,
        _: Request<v1::GetDiagnosticsRequest>,
    ) -> Result<Response<v1::GetDiagnosticsResponse>, Status> {
        Ok(Response::new(diagnostics::diagnostics(&self.node).await))
    }
}

//! The service `Rounds`: how workers publish and follow what becomes of a round.

mod batch;
mod publish;
mod read;
mod seal;
mod start;
mod watch;

use std::{pin::Pin, sync::Arc};

use futures::Stream;
use silhouette_proto::v1::{self, rounds_client::RoundsClient, rounds_server::Rounds};
use tokio::sync::Mutex;
use tonic::{Request, Response, Status, Streaming};

use super::{
    forward::{Forwarder, Place, Traffic},
    relay,
};
use crate::node::NodeHandle;

/// Messages of a stream to a client.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The service `Rounds` of a node.
#[derive(Clone)]
pub struct RoundsService {
    node: NodeHandle,
    forwarder: Arc<Forwarder>,
    /// Held while a round is started. All workers of a round start it at about the same time; one after another, all
    /// but the first find it started, and the log holds one entry of it rather than one a worker.
    starts: Arc<Mutex<()>>,
}

impl RoundsService {
    /// The service of `node`.
    pub fn new(node: NodeHandle) -> Self {
        let forwarder = Arc::new(Forwarder::new(&node));
        Self { node, forwarder, starts: Arc::default() }
    }
}

#[tonic::async_trait]
impl Rounds for RoundsService {
    async fn start_round(
        &self,
        request: Request<v1::StartRoundRequest>,
    ) -> Result<Response<v1::StartRoundResponse>, Status> {
        let starts = Arc::clone(&self.starts);
        let here = |member, request| async move {
            let _turn = starts.lock().await;
            start::start(&member, &request).await
        };
        let there = |leader, request| async move { RoundsClient::new(leader).start_round(request).await };
        self.forwarder.carry_out(self.node.member()?, request, here, there).await
    }

    type PublishValuesStream = Answers<v1::PublishValuesResponse>;

    async fn publish_values(
        &self,
        request: Request<Streaming<v1::PublishValuesRequest>>,
    ) -> Result<Response<Self::PublishValuesStream>, Status> {
        let member = self.node.member()?;
        let (metadata, _, mut parts) = request.into_parts();
        let configuration = &self.node.settings().configuration;
        let bounds = publish::Bounds {
            window: configuration.publishing.window_chunks,
            message_bytes: configuration.limits.message_bytes.get(),
        };
        let header = publish::header(&mut parts, bounds).await?;
        match self.forwarder.place(&member, &metadata, Traffic::Streams)? {
            Place::Here => Ok(Response::new(publish::publish(member, &header, parts, bounds).await?)),
            Place::There(leader) if header.relay => Ok(Response::new(relay::relay(leader, header, parts).await?)),
            Place::There(_) => Err(Forwarder::redirection(&member).into()),
        }
    }

    async fn publish_batch(
        &self,
        request: Request<v1::PublishBatchRequest>,
    ) -> Result<Response<v1::PublishBatchResponse>, Status> {
        let there = |leader, request| async move { RoundsClient::new(leader).publish_batch(request).await };
        self.forwarder.carry_out(self.node.member()?, request, batch::publish, there).await
    }

    async fn seal_round(
        &self,
        request: Request<v1::SealRoundRequest>,
    ) -> Result<Response<v1::SealRoundResponse>, Status> {
        let there = |leader, request| async move { RoundsClient::new(leader).seal_round(request).await };
        self.forwarder.carry_out(self.node.member()?, request, seal::seal, there).await
    }

    async fn delete_round(
        &self,
        request: Request<v1::DeleteRoundRequest>,
    ) -> Result<Response<v1::DeleteRoundResponse>, Status> {
        let there = |leader, request| async move { RoundsClient::new(leader).delete_round(request).await };
        self.forwarder.carry_out(self.node.member()?, request, seal::delete, there).await
    }

    async fn get_round(&self, request: Request<v1::GetRoundRequest>) -> Result<Response<v1::GetRoundResponse>, Status> {
        Ok(Response::new(read::get(&self.node.member()?, &request.into_inner()).await?))
    }

    async fn list_rounds(&self, _: Request<v1::ListRoundsRequest>) -> Result<Response<v1::ListRoundsResponse>, Status> {
        Ok(Response::new(read::list(&self.node.member()?).await?))
    }

    type WatchRoundStream = Answers<v1::WatchRoundResponse>;

    async fn watch_round(
        &self,
        request: Request<v1::WatchRoundRequest>,
    ) -> Result<Response<Self::WatchRoundStream>, Status> {
        Ok(Response::new(watch::watch(self.node.clone(), &request.into_inner()).await?))
    }
}

//! The calls that a node answers on its client address.
//!
//! Each call checks its request ([`validate`]), asks consensus or the state ([`agreement`]), puts the answer into
//! messages ([`wire`]), and refuses with a stable reason ([`refusal`]). Writes are carried out by the leader, wherever
//! they arrive ([`forward`]); reads by any node.
//!
//! Nothing here logs a key, a value or a query.

mod agreement;
mod cluster;
mod forward;
#[cfg(test)]
mod generated_page;
#[cfg(test)]
mod limits_page;
pub mod refusal;
mod relay;
mod retrieval;
mod rounds;
#[cfg(test)]
pub(crate) mod scenario;
mod unreadable;
mod validate;
mod wire;

use std::io;

pub use cluster::ClusterService;
pub(crate) use forward::FORWARDED;
pub use retrieval::RetrievalService;
pub use rounds::RoundsService;
use silhouette_proto::v1::{
    cluster_server::ClusterServer, retrieval_server::RetrievalServer, rounds_server::RoundsServer,
};
use tonic::service::{LayerExt, Routes};
use tower::util::MapResponseLayer;

use crate::node::NodeHandle;

/// The services `Rounds`, `Retrieval` and `Cluster` of a node. Fails if the operating system gives no threads.
pub fn routes(node: NodeHandle) -> io::Result<Routes> {
    let message_bytes = node.settings().configuration.limits.message_bytes.get();
    let explained = MapResponseLayer::new(move |response| unreadable::explain(response, message_bytes));
    let message_bytes = message_bytes as usize;
    let rounds = RoundsServer::new(RoundsService::new(node.clone())).max_decoding_message_size(message_bytes);
    let retrieval =
        RetrievalServer::new(RetrievalService::start(node.clone())?).max_decoding_message_size(message_bytes);
    let cluster = ClusterServer::new(ClusterService::new(node)).max_decoding_message_size(message_bytes);
    let routes = Routes::new(explained.named_layer(rounds))
        .add_service(explained.named_layer(retrieval))
        .add_service(explained.named_layer(cluster));
    Ok(routes)
}

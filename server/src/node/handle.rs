//! What services see of the node.

use std::sync::Arc;

use crate::{
    config::Settings,
    consensus::Consensus,
    encoding::Encodings,
    ids::{ClusterId, InstanceId, MemberId},
    readiness::Verdict,
    service::refusal::Refusal,
    storage::Store,
    telemetry::Metrics,
};

/// The running parts of a node that belongs to a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Member {
    /// Its part in the cluster's agreement.
    pub consensus: Consensus,
    /// The encodings that it holds.
    pub encodings: Encodings,
}

/// A node as its services see it. Cheap to clone.
#[derive(Clone)]
pub struct NodeHandle {}

impl NodeHandle {
    /// What the node was told.
    pub fn settings(&self) -> &Arc<Settings> {
        todo!()
    }

    /// Counts for `/metrics`.
    pub fn metrics(&self) -> &Arc<Metrics> {
        todo!()
    }

    /// The data directory; refused with `STARTING` until it is open.
    pub fn store(&self) -> Result<Arc<Store>, Refusal> {
        todo!()
    }

    /// The member that runs here; refused with `STARTING`, `UNINITIALISED`, `REMOVED` or `STORAGE_FAILED`.
    pub fn member(&self) -> Result<Member, Refusal> {
        todo!()
    }

    /// `host:port` where others reach clients', peers' and HTTP addresses.
    pub fn advertised(&self) -> silhouette_proto::v1::Addresses {
        todo!()
    }

    /// Makes this uninitialised node the one voter of a new cluster, and runs the member. Idempotent for the cluster.
    pub async fn bootstrap(&self, cluster: ClusterId, initial_members: u32) -> Result<(), Refusal> {
        todo!()
    }

    /// Makes this uninitialised node a member that waits for a leader. Idempotent for the same cluster and number.
    pub async fn join(&self, cluster: ClusterId, instance: InstanceId, id: MemberId) -> Result<(), Refusal> {
        todo!()
    }

    /// What readiness decided last.
    pub fn verdict(&self) -> Verdict {
        todo!()
    }

    /// Whether the node is shutting down.
    pub fn is_draining(&self) -> bool {
        todo!()
    }
}

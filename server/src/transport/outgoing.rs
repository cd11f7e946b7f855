//! The connections to peers.

use std::time::Duration;

use silhouette_proto::v1::{PeerHeader, raft_client::RaftClient};
use tonic::{Status, transport::Channel};

use crate::{
    ids::{ClusterId, MemberId},
    state::Command,
};

/// How connections to peers are made.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// A connection attempt fails after so long.
    pub connect_timeout: Duration,
    /// Pause before the next attempt.
    pub retry_pause: Duration,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(2), retry_pause: Duration::from_millis(200) }
    }
}

/// The connections of a member to its peers. Cheap to clone.
#[derive(Clone)]
pub struct Transport {}

/// A peer's bulk connection, and the header that requests to it carry.
#[derive(Debug, Clone)]
pub struct BulkPeer {
    /// The client, with this project's message limits.
    pub client: RaftClient<Channel>,
    /// Who speaks to whom.
    pub header: PeerHeader,
}

impl Transport {
    /// The transport of `member`, whose own Raft service others reach at `advertised` (`host:port`).
    /// Must be called within a tokio runtime.
    pub fn new(cluster: ClusterId, member: MemberId, advertised: String, settings: TransportSettings) -> Self {
        todo!()
    }

    /// The bulk connection to a peer, if its address is known.
    pub fn bulk(&self, member: MemberId) -> Option<BulkPeer> {
        todo!()
    }

    /// Hands a report of this member to the leader, which logs it; returns once it is applied there.
    pub async fn submit_report(&self, leader: MemberId, report: &Command) -> Result<(), Status> {
        todo!()
    }
}

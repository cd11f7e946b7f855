//! The connections to peers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use raft::prelude::Message;
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

    /// Queues raft messages to their receivers, by kind on the control, append or bulk connection. Never blocks; what
    /// does not fit a queue, or goes to a peer that cannot be reached, is dropped and told by `on_unreachable`.
    pub(crate) fn send(&self, messages: Vec<Message>) {
        todo!()
    }

    /// Says where peers are, whenever the membership changes; connections to others end.
    pub(crate) fn set_peers(&self, peers: BTreeMap<MemberId, String>) {
        todo!()
    }

    /// Where a peer that spoke to this member says it is reached, for a joiner that knows nobody yet.
    pub(crate) fn learn_peer(&self, member: MemberId, address: String) {
        todo!()
    }

    /// Calls this whenever messages to a member were dropped or their delivery failed (`report_unreachable`).
    pub(crate) fn on_unreachable(&self, report: Arc<dyn Fn(MemberId) + Send + Sync>) {
        todo!()
    }

    /// Hands a report of this member to the leader, which logs it; returns once it is applied there.
    pub async fn submit_report(&self, leader: MemberId, report: &Command) -> Result<(), Status> {
        todo!()
    }
}

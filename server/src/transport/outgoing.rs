//! The outgoing side: who the peers are, and what is sent to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use raft::prelude::Message;
use silhouette_proto::v1::{PeerHeader, SubmitReportRequest};
use tokio::{runtime::Handle, sync::watch};
use tonic::{Request, Status};

use super::{BulkPeer, TransportSettings, codec::encode_report, lane::Observer, peer::Peer};
use crate::{
    ids::{ClusterId, MemberId},
    service::refusal::Refusal,
    state::Command,
};

/// A leader that has not answered a report within this time is not worth waiting for: reports are repeated.
const REPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// No more peers are learnt of by what they say themselves: far more than vote, or learn at a time.
const MOST_PEERS: usize = 64;

/// The connections of a member to its peers. Cheap to clone.
#[derive(Clone)]
pub struct Transport {
    shared: Arc<Shared>,
}

struct Shared {
    cluster: ClusterId,
    member: MemberId,
    advertised: String,
    settings: TransportSettings,
    /// Raft's thread has no runtime of its own.
    runtime: Handle,
    observer: Arc<Observer>,
    peers: Mutex<BTreeMap<MemberId, Peer>>,
}

impl Transport {
    /// The transport of `member`, whose own Raft service others reach at `advertised` (`host:port`).
    /// Must be called within a tokio runtime.
    pub fn new(cluster: ClusterId, member: MemberId, advertised: String, settings: TransportSettings) -> Self {
        let (runtime, observer, peers) = (Handle::current(), Arc::new(Observer::new()), Mutex::default());
        Self { shared: Arc::new(Shared { cluster, member, advertised, settings, runtime, observer, peers }) }
    }

    /// The bulk connection to a peer, if its address is known.
    pub fn bulk(&self, member: MemberId) -> Option<BulkPeer> {
        self.shared.peers.lock().get(&member).map(Peer::bulk)
    }

    /// Becomes true once a peer said that this member was removed from the cluster.
    pub fn removed(&self) -> watch::Receiver<bool> {
        self.shared.observer.removed()
    }

    /// Queues raft messages to their receivers: appends on one connection, all others on another. Never blocks; what
    /// does not fit a queue, or goes to a peer that cannot be reached, is dropped and told by `on_unreachable`.
    pub(crate) fn send(&self, messages: Vec<Message>) {
        let mut dropped = BTreeSet::new();
        {
            let peers = self.shared.peers.lock();
            for message in messages {
                let receiver = MemberId(message.to);
                if !peers.get(&receiver).is_some_and(|peer| peer.push(message)) {
                    dropped.insert(receiver);
                }
            }
        }
        for member in dropped {
            self.shared.observer.unreachable(member);
        }
    }

    /// Says where peers are, whenever the membership changes; connections to others end.
    pub(crate) fn set_peers(&self, peers: BTreeMap<MemberId, String>) {
        let mut known = self.shared.peers.lock();
        known.retain(|member, _| peers.contains_key(member));
        for (member, address) in peers {
            self.shared.locate(&mut known, member, address);
        }
    }

    /// Where a peer that spoke to this member says it is reached, for a joiner that knows nobody yet.
    pub(crate) fn learn_peer(&self, member: MemberId, address: String) {
        let mut known = self.shared.peers.lock();
        if known.contains_key(&member) || known.len() < MOST_PEERS {
            self.shared.locate(&mut known, member, address);
        }
    }

    /// Calls this whenever messages to a member were dropped or their delivery failed (`report_unreachable`). It is
    /// called on the thread that sends, too, and must not block.
    pub(crate) fn on_unreachable(&self, report: Arc<dyn Fn(MemberId) + Send + Sync>) {
        self.shared.observer.on_unreachable(report);
    }

    /// Hands a report of this member to the leader, which logs it; returns once it is applied there.
    pub async fn submit_report(&self, leader: MemberId, report: &Command) -> Result<(), Status> {
        let BulkPeer { mut client, header } = self.bulk(leader).ok_or_else(|| Status::from(Refusal::NoLeader))?;
        let report = encode_report(report).map_err(|error| Status::internal(error.to_string()))?;
        let mut request = Request::new(SubmitReportRequest { header: Some(header), report });
        request.set_timeout(REPORT_TIMEOUT);
        client.submit_report(request).await.map(drop)
    }
}

impl Shared {
    /// Connects to `member` at `address`, unless it is known to be there.
    fn locate(&self, peers: &mut BTreeMap<MemberId, Peer>, member: MemberId, address: String) {
        let known = peers.get(&member).is_some_and(|peer| peer.address() == address);
        if known || member == self.member || address.is_empty() {
            return;
        }
        let header = PeerHeader {
            cluster_id: self.cluster.to_string(),
            from_member: self.member.0,
            to_member: member.0,
            from_address: self.advertised.clone(),
        };
        let _runtime = self.runtime.enter();
        match Peer::new(address, header, &self.settings, &self.observer) {
            Ok(peer) => drop(peers.insert(member, peer)),
            Err(error) => tracing::warn!(peer = %member, %error, "the address of a peer is none"),
        }
    }
}

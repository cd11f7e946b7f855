//! One peer: its three connections.

use std::{sync::Arc, time::Duration};

use raft::prelude::{Message, MessageType};
use silhouette_proto::v1::{PeerHeader, raft_client::RaftClient};
use tonic::transport::{Channel, Endpoint, Error};

use super::{
    MAX_MESSAGE_BYTES, TransportSettings,
    lane::{Lane, Observer},
};

/// A silent connection is probed after so long: half the time within which a node that heard no leader leaves the
/// service.
const KEEPALIVE_INTERVAL: Duration = Duration::from_millis(1500);
/// A connection whose probe is not answered for so long is dead. Longer than a busy machine's stalls.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(4);
/// Bytes that may be under way to a peer on one connection: some appends, or parts of a file.
const WINDOW_BYTES: u32 = 8 << 20;

/// A peer's bulk connection, and the header that requests to it carry.
#[derive(Debug, Clone)]
pub struct BulkPeer {
    /// The client, with this project's message limits.
    pub client: RaftClient<Channel>,
    /// Who speaks to whom.
    pub header: PeerHeader,
}

/// The connections to a peer. They are made when they are first needed, and end with it.
pub(super) struct Peer {
    address: String,
    control: Lane,
    append: Lane,
    bulk: BulkPeer,
}

impl Peer {
    /// The peer at `address`. Within a tokio runtime.
    pub(super) fn new(
        address: String,
        header: PeerHeader,
        settings: &TransportSettings,
        observer: &Arc<Observer>,
    ) -> Result<Self, Error> {
        let endpoint = endpoint(&address, settings)?;
        // Each lazy channel is a connection of its own.
        let client = || {
            RaftClient::new(endpoint.connect_lazy())
                .max_decoding_message_size(MAX_MESSAGE_BYTES)
                .max_encoding_message_size(MAX_MESSAGE_BYTES)
        };
        let lane = || Lane::start(client(), header.clone(), settings.retry_pause, Arc::clone(observer));
        let (control, append) = (lane(), lane());
        Ok(Self { address, control, append, bulk: BulkPeer { client: client(), header } })
    }

    /// Where it is.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Its bulk connection.
    pub(super) fn bulk(&self) -> BulkPeer {
        self.bulk.clone()
    }

    /// Queues a message on the connection for its kind; `false` if it does not fit and is dropped.
    pub(super) fn push(&self, message: Message) -> bool {
        match message.get_msg_type() {
            MessageType::MsgAppend => self.append.push(message),
            _ => self.control.push(message),
        }
    }
}

fn endpoint(address: &str, settings: &TransportSettings) -> Result<Endpoint, Error> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    Ok(endpoint
        .connect_timeout(settings.connect_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES))
}

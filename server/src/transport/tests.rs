//! Streams over loopback: to a peer that collects what it receives, to none, and to a node without a member.

use std::{collections::BTreeMap, pin::Pin, sync::Arc, time::Duration};

use futures::Stream;
use raft::prelude::{Entry, Message, MessageType};
use silhouette_proto::v1::{
    self,
    raft_server::{Raft, RaftServer},
};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming, transport::Server};
use tonic_types::StatusExt;

use super::{MAX_MESSAGE_BYTES, RaftService, Transport, TransportSettings, codec::decode_messages};
use crate::{ids::MemberId, state::Command};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer that passes on what it receives, or refuses everything as a member that has removed the sender does.
struct Collector {
    received: mpsc::UnboundedSender<v1::ExchangeRequest>,
    refuses: bool,
}

type Nothing<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Raft for Collector {
    async fn exchange(
        &self,
        request: Request<Streaming<v1::ExchangeRequest>>,
    ) -> Result<Response<v1::ExchangeResponse>, Status> {
        if self.refuses {
            return Err(crate::service::refusal::Refusal::Removed { member: MemberId(1) }.into());
        }
        let mut batches = request.into_inner();
        while let Some(batch) = batches.message().await? {
            self.received.send(batch).ok();
        }
        Ok(Response::new(v1::ExchangeResponse {}))
    }

    type FetchSnapshotStream = Nothing<v1::FetchSnapshotResponse>;
    type FetchEncodingStream = Nothing<v1::FetchEncodingResponse>;

    async fn fetch_snapshot(
        &self,
        _: Request<v1::FetchSnapshotRequest>,
    ) -> Result<Response<Self::FetchSnapshotStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn fetch_encoding(
        &self,
        _: Request<v1::FetchEncodingRequest>,
    ) -> Result<Response<Self::FetchEncodingStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn submit_report(
        &self,
        _: Request<v1::SubmitReportRequest>,
    ) -> Result<Response<v1::SubmitReportResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

/// Serves on a free port until the test's runtime ends; returns the address.
async fn serve<T: Raft>(server: RaftServer<T>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(Server::builder().add_service(server).serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

async fn collector(refuses: bool) -> (String, mpsc::UnboundedReceiver<v1::ExchangeRequest>) {
    let (received, batches) = mpsc::unbounded_channel();
    let server = RaftServer::new(Collector { received, refuses }).max_decoding_message_size(MAX_MESSAGE_BYTES);
    (serve(server).await, batches)
}

/// The transport of member 1, with member 2 at `address`, and the members that it calls unreachable.
fn transport(address: &str) -> (Transport, mpsc::UnboundedReceiver<MemberId>) {
    let settings = TransportSettings { retry_pause: Duration::from_millis(5), ..TransportSettings::default() };
    let cluster = "demo".parse().expect("a cluster id");
    let transport = Transport::new(cluster, MemberId(1), "127.0.0.1:9".to_owned(), settings);
    let (report, reports) = mpsc::unbounded_channel();
    transport.on_unreachable(Arc::new(move |member| _ = report.send(member)));
    transport.set_peers(BTreeMap::from([(MemberId(2), address.to_owned())]));
    (transport, reports)
}

fn message(kind: MessageType, index: u64, bytes: usize) -> Message {
    let entries = vec![Entry { data: vec![7; bytes], ..Entry::default() }];
    Message { msg_type: kind.into(), from: 1, to: 2, index, entries, ..Message::default() }
}

#[tokio::test]
async fn messages_arrive_whole_and_in_order() {
    let (address, mut batches) = collector(false).await;
    let (transport, _reports) = transport(&address);
    transport.send((0..100).map(|index| message(MessageType::MsgAppend, index, 100_000)).collect());
    let mut next = 0;
    while next < 100 {
        let batch = timeout(PATIENCE, batches.recv()).await.expect("in time").expect("a batch");
        let header = batch.header.expect("a header");
        assert_eq!((header.cluster_id.as_str(), header.from_member, header.to_member), ("demo", 1, 2));
        assert_eq!(header.from_address, "127.0.0.1:9");
        for message in decode_messages(batch.messages).expect("messages") {
            assert_eq!((message.index, message.entries[0].data.len()), (next, 100_000));
            next += 1;
        }
    }
}

#[tokio::test]
async fn control_messages_do_not_wait_behind_appends() {
    let (address, mut batches) = collector(false).await;
    let (transport, _reports) = transport(&address);
    transport.send(vec![message(MessageType::MsgAppend, 1, 1), message(MessageType::MsgHeartbeat, 2, 1)]);
    for _ in 0..2 {
        let batch = timeout(PATIENCE, batches.recv()).await.expect("in time").expect("a batch");
        assert_eq!(batch.messages.len(), 1, "each came on a stream of its own");
    }
}

#[tokio::test]
async fn a_full_queue_drops_messages_and_tells() {
    // Accepts connections, as the kernel does for a stopped process, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (transport, mut reports) = transport(&listener.local_addr().expect("an address").to_string());
    for index in 0..100 {
        transport.send(vec![message(MessageType::MsgAppend, index, 1 << 20)]);
    }
    assert_eq!(timeout(PATIENCE, reports.recv()).await.expect("in time"), Some(MemberId(2)));
}

#[tokio::test]
async fn a_peer_that_cannot_be_reached_is_told_and_reached_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let (transport, mut reports) = transport(&address.to_string());
    transport.send(vec![message(MessageType::MsgHeartbeat, 1, 0)]);
    assert_eq!(timeout(PATIENCE, reports.recv()).await.expect("in time"), Some(MemberId(2)));

    let (received, mut batches) = mpsc::unbounded_channel();
    let listener = TcpListener::bind(address).await.expect("the port is free again");
    let server = Server::builder().add_service(RaftServer::new(Collector { received, refuses: false }));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let mut resend = tokio::time::interval(Duration::from_millis(20));
    let arrived = async {
        loop {
            tokio::select! {
                batch = batches.recv() => return batch,
                _ = resend.tick() => transport.send(vec![message(MessageType::MsgHeartbeat, 2, 0)]),
            }
        }
    };
    assert!(timeout(PATIENCE, arrived).await.expect("in time").is_some());
}

#[tokio::test]
async fn messages_to_strangers_are_told_at_once() {
    let (transport, mut reports) = transport("127.0.0.1:9");
    transport.send(vec![Message { to: 3, ..Message::default() }]);
    assert_eq!(reports.try_recv(), Ok(MemberId(3)));
}

#[tokio::test]
async fn a_member_hears_that_it_was_removed() {
    let (address, _batches) = collector(true).await;
    let (transport, _reports) = transport(&address);
    let mut removed = transport.removed();
    transport.send(vec![message(MessageType::MsgHeartbeat, 1, 0)]);
    let heard = timeout(PATIENCE, removed.wait_for(|removed| *removed)).await;
    assert!(heard.expect("in time").is_ok());
}

#[tokio::test]
async fn connections_end_when_a_peer_leaves() {
    let (transport, mut reports) = transport("127.0.0.1:9");
    assert!(transport.bulk(MemberId(2)).is_some());
    transport.set_peers(BTreeMap::new());
    assert!(transport.bulk(MemberId(2)).is_none());
    transport.send(vec![message(MessageType::MsgHeartbeat, 1, 0)]);
    assert_eq!(reports.try_recv(), Ok(MemberId(2)));
    transport.learn_peer(MemberId(2), "127.0.0.1:9".to_owned());
    assert!(transport.bulk(MemberId(2)).is_some());
}

#[tokio::test]
async fn a_node_without_a_member_says_so() {
    let address = serve(RaftService::new().server()).await;
    let (transport, _reports) = transport(&address);
    let report = Command::ReportHeld { uid: crate::ids::RoundUid([1; 16]), member: MemberId(1) };
    let status = transport.submit_report(MemberId(2), &report).await.expect_err("nobody is there");
    assert_eq!(status.get_details_error_info().map(|info| info.reason), Some("UNINITIALISED".to_owned()));
}

#[tokio::test]
async fn only_so_many_peers_are_learnt_of_by_what_they_say() {
    let (transport, _reports) = transport("127.0.0.1:2");
    for member in 3..200 {
        transport.learn_peer(MemberId(member), format!("127.0.0.1:{member}"));
    }
    assert!(transport.bulk(MemberId(3)).is_some());
    assert!(transport.bulk(MemberId(199)).is_none());
    transport.set_peers(BTreeMap::from([(MemberId(199), "127.0.0.1:199".to_owned())]));
    assert!(transport.bulk(MemberId(199)).is_some(), "what the state says is known in any case");
}

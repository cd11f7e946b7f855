//! Taking a file from sources that break off or have another one.

use std::{collections::BTreeMap, pin::Pin};

use futures::{Stream, StreamExt as _, stream};
use silhouette_proto::v1::{
    self, FetchEncodingResponse,
    raft_server::{Raft, RaftServer},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Streaming, transport::Server};

use super::*;
use crate::transport::{Transport, TransportSettings};

const FILE: &[u8] = b"an encoding of a few parts";
const PART: usize = 4;
const SOURCE: MemberId = MemberId(2);

/// A source that sends so many parts of a file a call, and then breaks off.
struct Source {
    file: &'static [u8],
    parts: usize,
}

type Parts<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Raft for Source {
    type FetchSnapshotStream = Parts<v1::FetchSnapshotResponse>;
    type FetchEncodingStream = Parts<FetchEncodingResponse>;

    async fn fetch_encoding(
        &self,
        request: Request<FetchEncodingRequest>,
    ) -> Result<Response<Self::FetchEncodingStream>, Status> {
        let (file, offset) = (self.file, request.into_inner().offset as usize);
        let total_bytes = file.len() as u64;
        let parts = file[offset..].chunks(PART).map(Bytes::from_static);
        let parts =
            stream::iter(parts.take(self.parts).map(move |part| Ok(FetchEncodingResponse { part, total_bytes })));
        Ok(Response::new(Box::pin(parts.chain(stream::iter([Err(Status::unavailable("broken off"))])))))
    }

    async fn exchange(
        &self,
        _: Request<Streaming<v1::ExchangeRequest>>,
    ) -> Result<Response<v1::ExchangeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn fetch_snapshot(
        &self,
        _: Request<v1::FetchSnapshotRequest>,
    ) -> Result<Response<Self::FetchSnapshotStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn submit_report(
        &self,
        _: Request<v1::SubmitReportRequest>,
    ) -> Result<Response<v1::SubmitReportResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

/// Serves until the test's runtime ends.
async fn serve(source: Source) -> BulkPeer {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = Server::builder().add_service(RaftServer::new(source));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let cluster = "demo".parse().expect("a cluster id");
    let transport = Transport::new(cluster, MemberId(1), String::new(), TransportSettings::default());
    transport.set_peers(BTreeMap::from([(SOURCE, address)]));
    transport.bulk(SOURCE).expect("the peer is known")
}

async fn take_from(peer: &BulkPeer, partial: &mut BytesMut) -> Result<(), Status> {
    let (uid, digest) = (RoundUid([1; 16]), Digest([2; 32]));
    take(peer.clone(), uid, EncodingFile::Encoding, digest, FILE.len() as u64, partial).await
}

#[tokio::test]
async fn a_broken_transfer_goes_on_where_it_ended() {
    let peer = serve(Source { file: FILE, parts: 3 }).await;
    let mut partial = BytesMut::new();
    for whole in [12, 24] {
        take_from(&peer, &mut partial).await.expect_err("it breaks off");
        assert_eq!(partial, FILE[..whole]);
    }
    take_from(&peer, &mut partial).await.expect("the rest fits");
    assert_eq!(partial, FILE);
}

#[tokio::test]
async fn a_file_of_another_length_is_not_taken() {
    let peer = serve(Source { file: b"a file that is longer than the wanted one", parts: 100 }).await;
    let mut partial = BytesMut::new();
    take_from(&peer, &mut partial).await.expect_err("another file");
    assert!(partial.is_empty());
}

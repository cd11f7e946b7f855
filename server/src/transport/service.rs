//! The inbound `Raft` service.

use std::{pin::Pin, sync::Arc};

use futures::Stream;
use silhouette_proto::v1::{self, FetchEncodingRequest, FetchEncodingResponse, raft_server::RaftServer};
use tonic::{Request, Response, Status, Streaming};

use crate::consensus::Consensus;

/// Parts of a file.
pub type EncodingStream = Pin<Box<dyn Stream<Item = Result<FetchEncodingResponse, Status>> + Send>>;

/// Where the encodings that this member holds are read from.
pub trait EncodingSource: Send + Sync + 'static {
    /// Streams a file of a Ready round from an offset; the header was checked.
    fn fetch(&self, request: FetchEncodingRequest) -> Result<EncodingStream, Status>;
}

/// The inbound `Raft` service. It answers `UNINITIALISED` until a member is attached. Cheap to clone.
#[derive(Clone, Default)]
pub struct RaftService {}

impl RaftService {
    /// A service without a member.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on, serves this member.
    pub fn attach(&self, consensus: Consensus, encodings: Arc<dyn EncodingSource>) {
        todo!()
    }

    /// Serves no member any more.
    pub fn detach(&self) {
        todo!()
    }

    /// The gRPC service, with the message limits that peers need.
    pub fn server(&self) -> RaftServer<Self> {
        todo!()
    }
}

type PartStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl v1::raft_server::Raft for RaftService {
    async fn exchange(
        &self,
        request: Request<Streaming<v1::ExchangeRequest>>,
    ) -> Result<Response<v1::ExchangeResponse>, Status> {
        todo!()
    }

    type FetchSnapshotStream = PartStream<v1::FetchSnapshotResponse>;

    async fn fetch_snapshot(
        &self,
        request: Request<v1::FetchSnapshotRequest>,
    ) -> Result<Response<Self::FetchSnapshotStream>, Status> {
        todo!()
    }

    type FetchEncodingStream = EncodingStream;

    async fn fetch_encoding(
        &self,
        request: Request<FetchEncodingRequest>,
    ) -> Result<Response<Self::FetchEncodingStream>, Status> {
        todo!()
    }

    async fn submit_report(
        &self,
        request: Request<v1::SubmitReportRequest>,
    ) -> Result<Response<v1::SubmitReportResponse>, Status> {
        todo!()
    }
}

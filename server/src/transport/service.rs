//! The inbound `Raft` service.

use std::{pin::Pin, sync::Arc};

use futures::Stream;
use parking_lot::RwLock;
use silhouette_proto::v1::{
    self, ExchangeRequest, FetchEncodingRequest, FetchEncodingResponse, PeerHeader, raft_server::RaftServer,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{
    MAX_MESSAGE_BYTES,
    codec::{decode_messages, decode_report},
    header, snapshot_stream,
};
use crate::{
    consensus::Consensus,
    ids::{LogIndex, MemberId},
    service::refusal::Refusal,
};

/// Parts of a snapshot read ahead of its receiver: chunks are up to a few hundred kilobytes.
const SNAPSHOT_PARTS_AHEAD: usize = 4;

/// Parts of a file.
pub type EncodingStream = Pin<Box<dyn Stream<Item = Result<FetchEncodingResponse, Status>> + Send>>;

/// Where the encodings that this member holds are read from.
pub trait EncodingSource: Send + Sync + 'static {
    /// Streams a file of a Ready round from an offset; the header was checked.
    fn fetch(&self, request: FetchEncodingRequest) -> Result<EncodingStream, Status>;
}

/// The member that is served.
#[derive(Clone)]
struct Attached {
    consensus: Consensus,
    encodings: Arc<dyn EncodingSource>,
}

/// The inbound `Raft` service. It answers `UNINITIALISED` until a member is attached. Cheap to clone.
#[derive(Clone, Default)]
pub struct RaftService {
    attached: Arc<RwLock<Option<Attached>>>,
}

impl RaftService {
    /// A service without a member.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on, serves this member.
    pub fn attach(&self, consensus: Consensus, encodings: Arc<dyn EncodingSource>) {
        *self.attached.write() = Some(Attached { consensus, encodings });
    }

    /// Serves no member any more; streams under way end with their next request.
    pub fn detach(&self) {
        *self.attached.write() = None;
    }

    /// The gRPC service, with the message limits that peers need.
    pub fn server(&self) -> RaftServer<Self> {
        RaftServer::new(self.clone())
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// The member that is served, and the sender of a request with this header.
    fn receive(&self, header: Option<&PeerHeader>) -> Result<(Attached, MemberId), Refusal> {
        let attached = self.attached.read().clone().ok_or(Refusal::Uninitialised)?;
        let consensus = &attached.consensus;
        let state_of = |member| consensus.state().member_state(member);
        let sender = header::check(header, consensus.cluster_id(), consensus.member_id(), state_of)?;
        if let Some(header) = header.filter(|header| !header.from_address.is_empty()) {
            consensus.transport().learn_peer(sender, header.from_address.clone());
        }
        Ok((attached, sender))
    }
}

type PartStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl v1::raft_server::Raft for RaftService {
    async fn exchange(
        &self,
        request: Request<Streaming<ExchangeRequest>>,
    ) -> Result<Response<v1::ExchangeResponse>, Status> {
        let mut batches = request.into_inner();
        while let Some(batch) = batches.message().await? {
            // Each batch is checked anew: the sender may have been removed, or this member detached.
            let (member, sender) = self.receive(batch.header.as_ref())?;
            let mut messages = decode_messages(batch.messages)?;
            // The header was checked, and is whom raft answers.
            messages.retain(|message| message.from == sender.0);
            member.consensus.receive(messages).await;
        }
        Ok(Response::new(v1::ExchangeResponse {}))
    }

    type FetchSnapshotStream = PartStream<v1::FetchSnapshotResponse>;

    async fn fetch_snapshot(
        &self,
        request: Request<v1::FetchSnapshotRequest>,
    ) -> Result<Response<Self::FetchSnapshotStream>, Status> {
        let request = request.into_inner();
        let (Attached { consensus, .. }, _) = self.receive(request.header.as_ref())?;
        let id = request.snapshot_id[..]
            .try_into()
            .map_err(|_| Status::from(Refusal::field("snapshot_id", "must be 16 bytes")))?;
        let prepared = consensus
            .prepared_snapshot(LogIndex(request.index), id)
            .ok_or_else(|| Refusal::field("snapshot_id", "names no snapshot on offer here"))?;
        let (parts, stream) = mpsc::channel(SNAPSHOT_PARTS_AHEAD);
        tokio::task::spawn_blocking(move || {
            let chunks = consensus.chunks(prepared.chunks.clone());
            snapshot_stream::send(&prepared, chunks, &parts);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    type FetchEncodingStream = EncodingStream;

    async fn fetch_encoding(
        &self,
        request: Request<FetchEncodingRequest>,
    ) -> Result<Response<Self::FetchEncodingStream>, Status> {
        let request = request.into_inner();
        let (Attached { encodings, .. }, _) = self.receive(request.header.as_ref())?;
        encodings.fetch(request).map(Response::new)
    }

    async fn submit_report(
        &self,
        request: Request<v1::SubmitReportRequest>,
    ) -> Result<Response<v1::SubmitReportResponse>, Status> {
        let request = request.into_inner();
        let (Attached { consensus, .. }, sender) = self.receive(request.header.as_ref())?;
        let report = decode_report(sender, &request.report)?;
        match consensus.propose(report).await {
            Ok(_) => Ok(Response::new(v1::SubmitReportResponse {})),
            Err(error) => Err(Refusal::of_proposal(error, &*consensus.state()).into()),
        }
    }
}

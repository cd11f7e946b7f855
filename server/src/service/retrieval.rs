//! The service `Retrieval`: answers about rounds that are Ready, from what is held here, with or without a leader.

mod lookup;
mod parts;

use std::{sync::Arc, time::Instant};

use futures::{StreamExt, stream, stream::BoxStream};
use lookup::Served;
use silhouette_proto::v1::{self, get_shape_request, retrieval_server::Retrieval};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::{
    agreement::worker_failed,
    refusal::{Refusal, RoundName},
    validate::{RoundQuery, round_name},
    wire,
};
use crate::{
    encoding::HeldRound,
    node::{Member, NodeHandle},
    state::Downloads,
};

/// The service `Retrieval` of a node.
#[derive(Clone)]
pub struct RetrievalService {
    node: NodeHandle,
    /// One permit a query that may be answered at a time: each takes a core for milliseconds.
    queries: Arc<Semaphore>,
}

impl RetrievalService {
    /// The service of `node`.
    pub fn new(node: NodeHandle) -> Self {
        let queries = Arc::new(Semaphore::new(node.settings().query_threads.get()));
        Self { node, queries }
    }

    /// The round whose encoding a request names.
    async fn served(&self, uid: &str, encoding: &[u8]) -> Result<Served<Arc<HeldRound>>, Refusal> {
        let query = RoundQuery::read(uid, encoding)?;
        let served = serve(&self.node.member()?, &RoundName::Uid(query.uid)).await?;
        if served.held.encoding_digest() == query.encoding {
            Ok(served)
        } else {
            Err(Refusal::EncodingMismatch { id: served.id })
        }
    }
}

/// A Ready round that is held here.
async fn serve(member: &Member, name: &RoundName) -> Result<Served<Arc<HeldRound>>, Refusal> {
    let look = || {
        let state = member.consensus.state();
        lookup::look(&state, member.consensus.member_id(), name, |uid| member.encodings.get(uid))
    };
    match look() {
        // Perhaps this node is behind. A Ready round never changes, so any other answer stands.
        Err(Refusal::RoundNotFound { .. } | Refusal::RoundNotReady { .. }) => {
            member.read_index().await?;
            look()
        }
        answer => answer,
    }
}

#[tonic::async_trait]
impl Retrieval for RetrievalService {
    async fn get_shape(&self, request: Request<v1::GetShapeRequest>) -> Result<Response<v1::GetShapeResponse>, Status> {
        let name = round_name(request.get_ref().round.as_ref().map(|round| match round {
            get_shape_request::Round::RoundId(id) => Ok(id.as_str()),
            get_shape_request::Round::RoundUid(uid) => Err(uid.as_str()),
        }))?;
        let served = serve(&self.node.member()?, &name).await?;
        let shape = wire::shape(&wire::Description {
            uid: served.held.uid(),
            plan: served.held.plan(),
            parameters: served.held.parameters(),
            encoding: served.held.encoding_digest(),
            hint: served.held.hint_digest(),
            expected_lookups: served.expected_lookups,
            downloads: served.downloads,
        });
        Ok(Response::new(v1::GetShapeResponse { shape: Some(shape) }))
    }

    type GetHintStream = BoxStream<'static, Result<v1::GetHintResponse, Status>>;

    async fn get_hint(&self, request: Request<v1::GetHintRequest>) -> Result<Response<Self::GetHintStream>, Status> {
        let v1::GetHintRequest { round_uid, encoding_digest, offset } = request.into_inner();
        let hint = self.served(&round_uid, &encoding_digest).await?.held.hint();
        let total_bytes = hint.len() as u64;
        let parts = parts::parts(hint, offset, self.node.settings().configuration.retrieval.part_bytes)?;
        let messages = parts.map(move |part| Ok(v1::GetHintResponse { part, total_bytes }));
        Ok(Response::new(stream::iter(messages).boxed()))
    }

    async fn query(&self, request: Request<v1::QueryRequest>) -> Result<Response<v1::QueryResponse>, Status> {
        let v1::QueryRequest { round_uid, encoding_digest, query } = request.into_inner();
        let Served { id, held, .. } = self.served(&round_uid, &encoding_digest).await?;
        // Before it waits for its turn: a query that waits is held in memory.
        let expected = held.plan().query_bytes();
        if query.len() as u64 != expected {
            return Err(Refusal::QueryMalformed { id, expected, found: query.len() as u64 }.into());
        }
        // Closed never: it lives as long as the service.
        let permit = Arc::clone(&self.queries).acquire_owned().await.map_err(|_| Refusal::Draining)?;
        let metrics = Arc::clone(self.node.metrics());
        let answering = tokio::task::spawn_blocking(move || {
            // Kept until the answer is computed, even if its client has gone meanwhile.
            let _permit = permit;
            let begun = Instant::now();
            let answer = held.answer(&query).map_err(|_| Refusal::QueryMalformed {
                id,
                expected: held.plan().query_bytes(),
                found: query.len() as u64,
            })?;
            metrics.observe_query(begun.elapsed());
            Ok::<_, Refusal>(answer)
        });
        let answer = answering.await.map_err(|error| worker_failed(&error))??;
        Ok(Response::new(v1::QueryResponse { encoding_digest, answer: answer.into() }))
    }

    type DownloadEncodingStream = BoxStream<'static, Result<v1::DownloadEncodingResponse, Status>>;

    async fn download_encoding(
        &self,
        request: Request<v1::DownloadEncodingRequest>,
    ) -> Result<Response<Self::DownloadEncodingStream>, Status> {
        let v1::DownloadEncodingRequest { round_uid, encoding_digest, offset } = request.into_inner();
        let Served { id, held, downloads, .. } = self.served(&round_uid, &encoding_digest).await?;
        if downloads == Downloads::Forbidden {
            return Err(Refusal::DownloadsForbidden { id }.into());
        }
        let encoding = held.encoding();
        let total_bytes = encoding.len() as u64;
        let parts = parts::parts(encoding, offset, self.node.settings().configuration.retrieval.part_bytes)?;
        let messages = parts.map(move |part| Ok(v1::DownloadEncodingResponse { part, total_bytes }));
        Ok(Response::new(stream::iter(messages).boxed()))
    }
}

//! The service `Retrieval`: answers about rounds that are Ready, from what is held here, with or without a leader.

mod answering;
mod lookup;
mod parts;
mod queue;

use std::{io, sync::Arc};

use answering::{Answering, AnsweringSettings, Unanswered};
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use lookup::Served;
use queue::{Bounds, Full};
use silhouette_proto::v1::{self, get_shape_request, retrieval_server::Retrieval};
use tonic::{Request, Response, Status};

use super::{
    refusal::{Refusal, RoundName},
    validate::{RoundQuery, round_name},
    wire,
};
use crate::{
    encoding::HeldRound,
    limits::CallerInfo,
    node::{Member, NodeHandle},
    state::Downloads,
};

/// The service `Retrieval` of a node.
#[derive(Clone)]
pub struct RetrievalService {
    node: NodeHandle,
    answering: Arc<Answering<HeldRound>>,
}

impl RetrievalService {
    /// The service of `node`, with the threads that answer its queries.
    pub fn start(node: NodeHandle) -> io::Result<Self> {
        let retrieval = &node.settings().configuration.retrieval;
        let settings = AnsweringSettings {
            threads: node.settings().query_threads,
            batch_queries: retrieval.batch_queries,
            bounds: Bounds {
                queries: retrieval.waiting_queries,
                queries_per_connection: retrieval.waiting_queries_per_connection,
                bytes: retrieval.waiting_bytes,
            },
        };
        let answering = Answering::start(settings, node.metrics().retrieval().clone())?;
        Ok(Self { node, answering: Arc::new(answering) })
    }

    /// A file of a round from an offset on, in parts. It ends with a refusal once the round is not held any more.
    fn parts(
        &self,
        served: &Served<Arc<HeldRound>>,
        file: fn(&HeldRound) -> Bytes,
        offset: u64,
    ) -> Result<impl Iterator<Item = Result<Part, Refusal>> + Send + use<>, Refusal> {
        let total = file(&served.held).len();
        let (id, held) = (served.id.clone(), Arc::downgrade(&served.held));
        let look = move || match held.upgrade() {
            Some(held) => Ok(file(&held)),
            None => Err(Refusal::RoundNotHeld { id: id.clone(), holders: Vec::new() }),
        };
        let parts = parts::parts(total, offset, self.node.settings().configuration.retrieval.part_bytes, look)?;
        Ok(parts.map(move |bytes| Ok(Part { bytes: bytes?, total_bytes: total as u64 })))
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

/// A part of a file.
struct Part {
    bytes: Bytes,
    total_bytes: u64,
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
        let served = self.served(&round_uid, &encoding_digest).await?;
        let parts = self.parts(&served, HeldRound::hint, offset)?;
        let messages = parts.map(|part| {
            let Part { bytes, total_bytes } = part?;
            Ok(v1::GetHintResponse { part: bytes, total_bytes })
        });
        Ok(Response::new(stream::iter(messages).boxed()))
    }

    async fn query(&self, request: Request<v1::QueryRequest>) -> Result<Response<v1::QueryResponse>, Status> {
        let connection = request.extensions().get::<CallerInfo>().and_then(CallerInfo::connection);
        let v1::QueryRequest { round_uid, encoding_digest, query } = request.into_inner();
        let Served { id, held, .. } = self.served(&round_uid, &encoding_digest).await?;
        let (expected, found) = (held.plan().query_bytes(), query.len() as u64);
        let malformed = Refusal::QueryMalformed { id, expected, found };
        // Before it waits for its turn: a query that waits is held in memory.
        if found != expected {
            return Err(malformed.into());
        }
        let answer = self.answering.answer(connection, held, query).await.map_err(|why| match why {
            Unanswered::Malformed => malformed,
            Unanswered::Full(Full { setting, limit }) => Refusal::TooManyQueries { setting, limit: limit as u64 },
            Unanswered::Panicked => Refusal::Busy,
        })?;
        Ok(Response::new(v1::QueryResponse { encoding_digest, answer: answer.into() }))
    }

    type DownloadEncodingStream = BoxStream<'static, Result<v1::DownloadEncodingResponse, Status>>;

    async fn download_encoding(
        &self,
        request: Request<v1::DownloadEncodingRequest>,
    ) -> Result<Response<Self::DownloadEncodingStream>, Status> {
        let v1::DownloadEncodingRequest { round_uid, encoding_digest, offset } = request.into_inner();
        let served = self.served(&round_uid, &encoding_digest).await?;
        if served.downloads == Downloads::Forbidden {
            return Err(Refusal::DownloadsForbidden { id: served.id }.into());
        }
        let parts = self.parts(&served, HeldRound::encoding, offset)?;
        let messages = parts.map(|part| {
            let Part { bytes, total_bytes } = part?;
            Ok(v1::DownloadEncodingResponse { part: bytes, total_bytes })
        });
        Ok(Response::new(stream::iter(messages).boxed()))
    }
}

//! A node's services as anybody may call them: generated clients, nothing retried, nothing checked beforehand.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use silhouette_proto::v1::{
    self, cluster_client::ClusterClient, retrieval_client::RetrievalClient, rounds_client::RoundsClient,
};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

/// A call that takes longer is not answered.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// One node's services.
#[derive(Debug, Clone)]
pub struct Wire {
    /// The connection, for calls that no generated client makes.
    pub channel: Channel,
    /// Publication.
    pub rounds: RoundsClient<Channel>,
    /// Private lookups.
    pub retrieval: RetrievalClient<Channel>,
    /// Administration.
    pub cluster: ClusterClient<Channel>,
}

/// The services at `host:port`; connects when first used.
pub fn connect(address: &str) -> Result<Wire> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?
        .connect_timeout(Duration::from_secs(2))
        .timeout(CALL_TIMEOUT)
        .connect_lazy();
    Ok(Wire {
        rounds: RoundsClient::new(channel.clone()),
        retrieval: RetrievalClient::new(channel.clone()),
        cluster: ClusterClient::new(channel.clone()),
        channel,
    })
}

impl Wire {
    /// Who the node is.
    pub async fn identity(&self) -> Result<v1::Identity> {
        let response = self.cluster.clone().get_identity(v1::GetIdentityRequest {}).await?;
        response.into_inner().identity.context("a node has an identity")
    }

    /// The node's own view of itself.
    pub async fn status(&self) -> Result<v1::GetStatusResponse> {
        Ok(self.cluster.clone().get_status(v1::GetStatusRequest {}).await?.into_inner())
    }

    /// The configuration that the node has applied.
    pub async fn configuration(&self) -> Result<v1::Configuration> {
        let response = self.cluster.clone().list_members(v1::ListMembersRequest {}).await?;
        response.into_inner().configuration.context("a cluster has a configuration")
    }

    /// A keyed digest of the node's replicated state, and the index at which it was taken.
    pub async fn state_digest(&self, comparison_key: &[u8; 32]) -> Result<(u64, Vec<u8>)> {
        let request = v1::InspectStateRequest { comparison_key: comparison_key.to_vec().into() };
        let response = self.cluster.clone().inspect_state(request).await?.into_inner();
        ensure!(response.digest.len() == 32, "a state's digest has 32 bytes");
        Ok((response.applied_index, response.digest.to_vec()))
    }

    /// A round by its uid.
    pub async fn round(&self, uid: &str) -> Result<v1::Round> {
        let round = Some(v1::get_round_request::Round::RoundUid(uid.to_owned()));
        let response = self.rounds.clone().get_round(v1::GetRoundRequest { round }).await?;
        response.into_inner().round.context("the answer holds the round")
    }

    /// All rounds, oldest first.
    pub async fn list(&self) -> Result<Vec<v1::Round>> {
        Ok(self.rounds.clone().list_rounds(v1::ListRoundsRequest {}).await?.into_inner().rounds)
    }

    /// Starts a round.
    pub async fn start(&self, id: &str, spec: v1::RoundSpec) -> Result<v1::Round, Status> {
        let request = v1::StartRoundRequest { round_id: id.to_owned(), spec: Some(spec) };
        let response = self.rounds.clone().start_round(request).await?;
        response.into_inner().round.ok_or_else(|| Status::internal("the answer holds no round"))
    }

    /// Publishes in one message; whether it was published already.
    pub async fn publish(&self, uid: &str, worker: &str, pairs: Vec<v1::Pair>) -> Result<bool, Status> {
        let request = v1::PublishBatchRequest { round_uid: uid.to_owned(), worker: worker.to_owned(), pairs };
        Ok(self.rounds.clone().publish_batch(request).await?.into_inner().already)
    }

    /// Publishes by a stream of exactly these messages, and returns everything that came back.
    pub async fn stream(
        &self,
        messages: Vec<v1::PublishValuesRequest>,
    ) -> Result<Vec<v1::publish_values_response::Event>, Status> {
        let mut answers = self.rounds.clone().publish_values(tokio_stream::iter(messages)).await?.into_inner();
        let mut events = Vec::new();
        while let Some(answer) = answers.message().await? {
            events.extend(answer.event);
        }
        Ok(events)
    }
}

/// A spec for this many workers of any names, all else by default.
pub fn spec(workers: u32) -> v1::RoundSpec {
    v1::RoundSpec { expected: Some(v1::round_spec::Expected::WorkerCount(workers)), ..Default::default() }
}

/// A pair.
pub fn pair(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> v1::Pair {
    v1::Pair { key: key.into().into(), value: value.into().into() }
}

/// A stream's first message.
pub fn header(uid: &str, worker: &str, upload_id: [u8; 16]) -> v1::PublishValuesRequest {
    // Relayed, so that a test need not know who leads.
    let header = v1::PublishHeader {
        round_uid: uid.to_owned(),
        worker: worker.to_owned(),
        upload_id: upload_id.to_vec().into(),
        relay: true,
    };
    v1::PublishValuesRequest { part: Some(v1::publish_values_request::Part::Header(header)) }
}

/// A numbered part of a publication.
pub fn chunk(sequence: u64, pairs: Vec<v1::Pair>) -> v1::PublishValuesRequest {
    let chunk = v1::PublishChunk { sequence, pairs };
    v1::PublishValuesRequest { part: Some(v1::publish_values_request::Part::Chunk(chunk)) }
}

/// The last message of a stream that sent exactly `pairs` in this many chunks.
pub fn commit(chunks: u64, pairs: &[v1::Pair]) -> v1::PublishValuesRequest {
    let mut digests: Vec<_> = pairs.iter().map(|pair| silhouette_proto::pair_digest(&pair.key, &pair.value)).collect();
    let digest = silhouette_proto::content_digest(&mut digests).to_vec().into();
    let commit = v1::PublishCommit { chunks, pairs: pairs.len() as u64, digest };
    v1::PublishValuesRequest { part: Some(v1::publish_values_request::Part::Commit(commit)) }
}

/// A server's "no".
#[derive(Debug, Clone)]
pub struct Refused {
    /// gRPC's code.
    pub code: Code,
    /// The stable reason.
    pub reason: String,
    /// The sentence.
    pub message: String,
    /// The sentence's variables.
    pub metadata: BTreeMap<String, String>,
    /// Fields of an invalid request, with their sentences.
    pub fields: BTreeMap<String, String>,
}

/// Reads a refusal; an error if the call succeeded, or if the refusal is not one that a Silhouette server words.
pub fn refused<T>(outcome: Result<T, Status>) -> Result<Refused> {
    let Err(status) = outcome else { bail!("the call succeeded instead of being refused") };
    let info = status.get_details_error_info().with_context(|| format!("no ErrorInfo in {status:?}"))?;
    ensure!(info.domain == "silhouette.dev", "the reason's domain is {}", info.domain);
    ensure!(!status.message().is_empty(), "{} has no sentence", info.reason);
    let fields = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    Ok(Refused {
        code: status.code(),
        reason: info.reason,
        message: status.message().to_owned(),
        metadata: info.metadata.into_iter().collect(),
        fields: fields.into_iter().map(|violation| (violation.field, violation.description)).collect(),
    })
}

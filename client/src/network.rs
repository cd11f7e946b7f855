//! Calls to whichever node can serve them: connections, retries, redirection and discovery of members.

mod address;
mod backoff;
mod course;
mod directory;
mod failure;
mod quest;

use std::{future::Future, sync::Arc, time::Duration};

use silhouette_proto::v1::{Configuration, MemberState, retrieval_client::RetrievalClient};
use silhouette_proto::v1::{ListMembersRequest, cluster_client::ClusterClient, rounds_client::RoundsClient};
use tokio::time::{Instant, timeout};
use tonic::{
    Response, Status,
    transport::{Channel, Endpoint},
};

pub use address::Address;
pub(crate) use backoff::Backoff;
pub(crate) use failure::Failure;
pub(crate) use quest::Quest;

use self::directory::Directory;
use crate::{
    Error, random,
    request::{Connection, NameRequest, identified},
    settings::Settings,
};

/// Longest message that a node may send: an answer about rows of a mebibyte, and room.
const MAX_MESSAGE_BYTES: usize = 64 << 20;
/// Flow-control windows, so that a hint arrives at more than 64 KiB a round trip.
const STREAM_WINDOW_BYTES: u32 = 2 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;

/// What a call is, as far as retrying it matters. All calls are idempotent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// For errors, as in "listing the rounds".
    pub(crate) what: &'static str,
    /// Whether a lost answer leaves something changed.
    pub(crate) changes: bool,
    /// Whether the leader saves a hop.
    pub(crate) prefers_leader: bool,
}

impl Call {
    /// A call that changes nothing.
    pub(crate) const fn reads(what: &'static str) -> Self {
        Self { what, changes: false, prefers_leader: false }
    }

    /// A call that changes something; any node forwards it to the leader.
    pub(crate) const fn changes(what: &'static str) -> Self {
        Self { what, changes: true, prefers_leader: true }
    }
}

/// The cluster as a client sees it.
#[derive(Debug)]
pub(crate) struct Network {
    directory: Directory,
    settings: Settings,
}

impl Network {
    pub(crate) fn new(endpoints: Vec<Address>, settings: Settings) -> Self {
        let turn = (random::fraction() * endpoints.len() as f64) as usize;
        Self { directory: Directory::new(endpoints, turn), settings }
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Makes a call at any node, again and elsewhere until it is answered, refused or out of time.
    pub(crate) async fn call<T, A>(self: &Arc<Self>, call: Call, ask: impl Fn(Channel) -> A + Send) -> Result<T, Error>
    where
        A: Future<Output = Result<Response<T>, Status>> + Send,
    {
        self.refresh_if_due();
        Quest::anywhere(self, call, self.settings.timeout).answer(ask).await
    }

    /// Makes a call at one node, once.
    pub(crate) async fn call_once<T, A>(
        self: &Arc<Self>,
        address: &Address,
        call: Call,
        ask: impl FnOnce(Channel) -> A + Send,
    ) -> Result<T, Error>
    where
        A: Future<Output = Result<Response<T>, Status>> + Send,
    {
        let patience = self.settings.attempt_timeout.min(self.settings.timeout);
        identified(async {
            let answer = match self.connect(address).await {
                Ok(channel) => match timeout(patience, ask(channel)).await {
                    Ok(Ok(response)) => Ok(response.into_inner()),
                    Ok(Err(status)) => Err(Failure::from_status(&status)),
                    Err(_) => Err(Failure::silent(patience)),
                },
                Err(failure) => Err(failure),
            };
            answer.map_err(|failure| {
                self.note(address, &failure);
                let mut trail = failure::Trail::default();
                trail.add(failure);
                trail.conclude(call.what, call.changes, patience, address.to_string())
            })
        })
        .await
    }

    /// A connection to a node, made now if there is none.
    pub(crate) async fn connect(&self, address: &Address) -> Result<Channel, Failure> {
        if let Some(channel) = self.directory.channel(address) {
            return Ok(channel);
        }
        let patience = self.settings.connect_timeout;
        let not_sent = |error: &dyn std::error::Error| Failure::NotSent(format!("{address}: {}", innermost(error)));
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|error| not_sent(&error))?
            .connect_timeout(patience)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            // A node that was paused or cut off keeps its connections open: only silence tells, after as long as in an
            // attempt.
            .http2_keep_alive_interval(self.settings.attempt_timeout / 2)
            .keep_alive_timeout(self.settings.attempt_timeout / 2);
        let connected = timeout(patience, endpoint.connect()).await.map_err(|_| {
            let patience = humantime::format_duration(patience);
            Failure::NotSent(format!("{address}: no connection within {patience}"))
        })?;
        let channel = connected.map_err(|error| not_sent(&error))?;
        self.directory.keep(address, channel.clone());
        Ok(channel)
    }

    /// Remembers what a failure says about the node.
    pub(crate) fn note(&self, address: &Address, failure: &Failure) {
        let now = Instant::now();
        match failure {
            Failure::NotSent(_) | Failure::Broken(_) => self.directory.failed(address, now),
            Failure::Foreign { .. } => self.directory.refused(address, now),
            Failure::Refused(refusal) => {
                if let Some(leader) = refusal.metadata("leader").and_then(|leader| leader.parse().ok()) {
                    self.directory.set_leader(&leader);
                }
                if refusal.speaks_of_the_node() {
                    self.directory.refused(address, now);
                }
            }
        }
    }

    /// Asks for the members beside whatever else goes on, if it is time to.
    pub(crate) fn refresh_if_due(self: &Arc<Self>) {
        if self.settings.discover_members && self.directory.begin_refresh(Instant::now()) {
            let network = Arc::clone(self);
            tokio::spawn(async move { network.discover().await });
        }
    }

    /// Asks nodes for the cluster's members until one knows them. Best effort: an uninitialised cluster has none.
    pub(crate) async fn discover(self: &Arc<Self>) {
        for address in self.directory.candidates(false, Instant::now()) {
            let listed = self.call_once(&address, Call::reads("listing the members"), |channel| async {
                cluster(channel).list_members(ListMembersRequest {}).await
            });
            match listed.await {
                Ok(response) => {
                    if response.configuration.is_some_and(|configuration| self.learn_members(&configuration)) {
                        return;
                    }
                }
                Err(error) => tracing::debug!(%address, %error, "cannot learn the members here"),
            }
        }
    }

    /// Takes over members and leader from a configuration. False if there are none in it: a node that has just joined
    /// has not heard of them yet.
    pub(crate) fn learn_members(&self, configuration: &Configuration) -> bool {
        let votes = |state: i32| MemberState::try_from(state) == Ok(MemberState::Voter);
        if !configuration.members.iter().any(|member| votes(member.state)) {
            return false;
        }
        if !self.settings.discover_members {
            return true;
        }
        let serves = |state: i32| matches!(MemberState::try_from(state), Ok(MemberState::Learner | MemberState::Voter));
        let address = |member: &silhouette_proto::v1::Member| member.addresses.as_ref()?.client.parse::<Address>().ok();
        let members: Vec<_> =
            configuration.members.iter().filter(|member| serves(member.state)).filter_map(address).collect();
        let leader = configuration.members.iter().find(|member| member.member_id == configuration.leader_id);
        self.directory.set_members(&members, leader.and_then(address), Instant::now());
        true
    }

    /// How long a node may stay silent, when so much time is left.
    pub(crate) fn attempt_timeout(&self, left: Duration) -> Duration {
        self.settings.attempt_timeout.min(left)
    }
}

/// The cause at the bottom of an error, which is the one that tells something.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The service `Rounds` over a connection.
pub(crate) fn rounds(channel: Channel) -> RoundsClient<Connection> {
    RoundsClient::new(NameRequest::over(channel)).max_decoding_message_size(MAX_MESSAGE_BYTES)
}

/// The service `Retrieval` over a connection.
pub(crate) fn retrieval(channel: Channel) -> RetrievalClient<Connection> {
    RetrievalClient::new(NameRequest::over(channel)).max_decoding_message_size(MAX_MESSAGE_BYTES)
}

/// The service `Cluster` over a connection.
pub(crate) fn cluster(channel: Channel) -> ClusterClient<Connection> {
    ClusterClient::new(NameRequest::over(channel)).max_decoding_message_size(MAX_MESSAGE_BYTES)
}

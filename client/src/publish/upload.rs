//! The upload of a publication, over as many streams as it takes.

use std::{collections::BTreeSet, sync::Arc};

use silhouette_proto::v1::{
    PublishChunk, PublishCommit, PublishHeader, PublishValuesRequest, PublishValuesResponse,
    publish_values_request::Part, publish_values_response::Event,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, transport::Channel};

use super::{Chunks, Published};
use crate::{
    Error, Progress, RoundUid,
    network::{Address, Call, Failure, Network, Quest, rounds},
    random,
};

/// Messages of a stream beside its chunks: the header and the commit.
const FRAME_MESSAGES: usize = 2;
/// A chunk never arrived, or was dropped with an abandoned upload: the stream begins again where the server says.
const CHUNK_GAP: &str = "CHUNK_GAP";
const NOT_LEADER: &str = "NOT_LEADER";

/// One worker's upload. Its id stays the same however often the stream breaks, so that it resumes.
pub(super) struct Upload {
    network: Arc<Network>,
    round: RoundUid,
    worker: String,
    id: [u8; 16],
    chunks: Chunks,
    /// Chunks that are known to be durable.
    durable: u64,
    /// Leaders that other nodes named and that cannot be dialled from here.
    undialled: BTreeSet<Address>,
}

/// How one stream ended without an error of the whole upload.
enum End {
    Published { already: bool },
    Lost(Failure),
}

impl Upload {
    pub(super) fn new(network: Arc<Network>, round: RoundUid, worker: String, chunks: Chunks) -> Result<Self, Error> {
        Ok(Self { network, round, worker, id: random::bytes()?, chunks, durable: 0, undialled: BTreeSet::new() })
    }

    pub(super) async fn run(mut self, mut observe: impl FnMut(Progress) + Send) -> Result<Published, Error> {
        let total = self.chunks.bytes_before(self.chunks.len());
        observe(Progress { done: 0, total });
        let call = Call::changes("publishing");
        let mut quest = Quest::anywhere(&self.network, call, self.network.settings().timeout);
        if self.network.settings().discover_members && self.network.directory().leader().is_none() {
            // It only saves a detour: nodes that are silent are not waited for.
            let _ = timeout(self.network.settings().connect_timeout, self.network.discover()).await;
        }
        loop {
            self.network.refresh_if_due();
            let (address, channel) = self.connect(&mut quest).await?;
            let mut failure = match self.stream(&mut quest, &channel, false, &mut observe).await? {
                End::Published { already } => return Ok(self.published(already, total, observe)),
                End::Lost(failure) => failure,
            };
            if self.names_undialled_leader(&failure) {
                match self.stream(&mut quest, &channel, true, &mut observe).await? {
                    End::Published { already } => return Ok(self.published(already, total, observe)),
                    End::Lost(relayed) => {
                        // It speaks for the leader, which may have lost its disk. Another will be elected.
                        quest.begin_again();
                        failure = relayed;
                    }
                }
            }
            if matches!(&failure, Failure::Refused(refusal) if refusal.reason() == CHUNK_GAP) {
                quest.begin_again();
            } else {
                quest.fail(&address, failure)?;
            }
        }
    }

    fn published(&self, already: bool, total: u64, mut observe: impl FnMut(Progress)) -> Published {
        observe(Progress { done: total, total });
        Published { pairs: self.chunks.pairs(), already }
    }

    /// Connects to the next node, and remembers leaders that cannot be dialled.
    async fn connect(&mut self, quest: &mut Quest) -> Result<(Address, Channel), Error> {
        loop {
            let address = quest.next_address().await?;
            match self.network.connect(&address).await {
                Ok(channel) => {
                    self.undialled.remove(&address);
                    return Ok((address, channel));
                }
                Err(failure) => {
                    self.undialled.insert(address.clone());
                    quest.fail(&address, failure)?;
                }
            }
        }
    }

    /// Whether a node that does not lead sends us to a leader that we have tried to dial in vain.
    fn names_undialled_leader(&self, failure: &Failure) -> bool {
        let Failure::Refused(refusal) = failure else { return false };
        let leader = refusal.metadata("leader").and_then(|leader| leader.parse().ok());
        refusal.reason() == NOT_LEADER && leader.is_some_and(|leader| self.undialled.contains(&leader))
    }

    /// Sends what is not durable over one stream.
    async fn stream(
        &mut self,
        quest: &mut Quest,
        channel: &Channel,
        relay: bool,
        observe: &mut (impl FnMut(Progress) + Send),
    ) -> Result<End, Error> {
        let window = self.network.settings().chunks_in_flight as u64;
        let total = self.chunks.bytes_before(self.chunks.len());
        // Room for everything that may be under way, so that sending never waits.
        let (outgoing, messages) = mpsc::channel(window as usize + FRAME_MESSAGES);
        send(&outgoing, Part::Header(self.header(relay)));
        let mut service = rounds(channel.clone());
        let opening = service.publish_values(ReceiverStream::new(messages));
        let mut events = match timeout(quest.attempt_timeout(), opening).await {
            Ok(Ok(response)) => response.into_inner(),
            Ok(Err(status)) => return Ok(End::Lost(Failure::from_status(&status))),
            Err(_) => return Ok(End::Lost(Failure::silent(quest.attempt_timeout()))),
        };
        let mut next = match self.event(&mut events).await {
            Ok(Event::Resume(resume)) => resume.next_sequence,
            Ok(_) => {
                return Err(Error::inconsistent("the publication's stream", "it does not begin with where to resume"));
            }
            Err(failure) => return Ok(End::Lost(failure)),
        };
        // An upload that was dropped as abandoned begins again from the start.
        self.durable = Self::checked(next, 0, self.chunks.len())?;
        let mut committed = false;
        loop {
            while let Some(pairs) = self.chunks.get(next).filter(|_| next < self.durable + window) {
                send(&outgoing, Part::Chunk(PublishChunk { sequence: next, pairs }));
                next += 1;
            }
            if next == self.chunks.len() && !committed {
                send(&outgoing, Part::Commit(self.commit()));
                committed = true;
            }
            match self.event(&mut events).await {
                Ok(Event::Durable(durable)) => {
                    let reached = Self::checked(durable.next_sequence, self.durable, next)?;
                    if reached > self.durable {
                        self.durable = reached;
                        quest.progressed();
                        observe(Progress { done: self.chunks.bytes_before(reached), total });
                    }
                }
                Ok(Event::Published(published)) if committed => {
                    return Ok(End::Published { already: published.already });
                }
                Ok(Event::Published(_)) => {
                    return Err(Error::inconsistent(
                        "the publication's stream",
                        "it is acknowledged before its commit",
                    ));
                }
                Ok(Event::Resume(_)) => {
                    return Err(Error::inconsistent("the publication's stream", "it resumes in its middle"));
                }
                Err(failure) => return Ok(End::Lost(failure)),
            }
        }
    }

    /// The next event of a stream, which may not stay silent for long while something is under way.
    async fn event(&self, events: &mut Streaming<PublishValuesResponse>) -> Result<Event, Failure> {
        let patience = self.network.settings().attempt_timeout;
        match timeout(patience, events.message()).await {
            Ok(Ok(Some(PublishValuesResponse { event: Some(event) }))) => Ok(event),
            Ok(Ok(Some(_))) => Err(Failure::Broken("an event of an unknown kind".to_owned())),
            Ok(Ok(None)) => Err(Failure::Broken("the stream ended before the publication was acknowledged".to_owned())),
            Ok(Err(status)) => Err(Failure::from_status(&status)),
            Err(_) => Err(Failure::silent(patience)),
        }
    }

    /// A sequence number that a server names, which must lie between what it named before and what was sent.
    fn checked(sequence: u64, least: u64, most: u64) -> Result<u64, Error> {
        if (least..=most).contains(&sequence) {
            return Ok(sequence);
        }
        let problem = format!("chunk {sequence} is not between {least} and {most}");
        Err(Error::inconsistent("the publication's stream", problem))
    }

    fn header(&self, relay: bool) -> PublishHeader {
        PublishHeader {
            round_uid: self.round.to_string(),
            worker: self.worker.clone(),
            upload_id: self.id.to_vec().into(),
            relay,
        }
    }

    fn commit(&self) -> PublishCommit {
        PublishCommit {
            chunks: self.chunks.len(),
            pairs: self.chunks.pairs(),
            digest: self.chunks.digest().to_vec().into(),
        }
    }
}

/// Queues a message. A stream that has ended takes none, which its next event tells.
fn send(outgoing: &mpsc::Sender<PublishValuesRequest>, part: Part) {
    let sent = outgoing.try_send(PublishValuesRequest { part: Some(part) });
    debug_assert!(!matches!(sent, Err(mpsc::error::TrySendError::Full(_))), "there is room for all that is under way");
}

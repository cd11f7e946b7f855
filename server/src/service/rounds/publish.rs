//! `PublishValues`: a resumable upload of one worker's pairs, at the leader.
//!
//! ```text
//! header ──> Resume(next)      what is staged decides where the worker goes on
//! chunk  ──> AppendChunk       proposed in sequence, a window of them in flight
//!        <── Durable(next)     as they are applied
//! commit ──> CommitPublication once every chunk is applied
//!        <── Published
//! ```
//!
//! A stream that breaks leaves what is staged, so that the next one resumes.

mod script;
mod standing;

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, OptionFuture},
    stream,
    stream::FuturesOrdered,
};
use prost::Message;
use script::{Arrival, Ending, Script};
use silhouette_proto::v1::{
    self, PublishChunk, PublishHeader, PublishValuesRequest, PublishValuesResponse, publish_values_request::Part,
    publish_values_response::Event,
};
pub(super) use standing::{Admitted, Standing, admit};
use tonic::{Status, Streaming};

use super::Answers;
use crate::{
    consensus::{ProposeError, Submitted},
    node::Member,
    service::{
        agreement::unexpected,
        refusal::Refusal,
        unreadable,
        validate::{Commit, Header},
    },
    state::{Command, Rejection, Reply, check_pairs},
};

/// How much of a stream a node takes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Chunks that wait to become durable.
    pub(super) window: usize,
    /// Bytes of a message.
    pub(super) message_bytes: u32,
}

/// Reads the header, with which a stream must begin.
pub(super) async fn header(
    parts: &mut Streaming<PublishValuesRequest>,
    bounds: Bounds,
) -> Result<PublishHeader, Status> {
    let first = parts.message().await.map_err(|status| broken(&status, bounds).unwrap_or(status))?;
    match first.and_then(|message| message.part) {
        Some(Part::Header(header)) => Ok(header),
        _ => Err(Refusal::StreamMalformed { why: "it does not begin with a header" }.into()),
    }
}

/// What is said of a stream that broke: only what its sender did wrong.
fn broken(status: &Status, bounds: Bounds) -> Option<Status> {
    unreadable::is_unreadable(status).then(|| unreadable::unreadable(status, bounds.message_bytes))
}

/// Takes the rest of a stream.
pub(super) async fn publish(
    member: Member,
    header: &PublishHeader,
    parts: Streaming<PublishValuesRequest>,
    bounds: Bounds,
) -> Result<Answers<PublishValuesResponse>, Refusal> {
    let header = Header::read(header)?;
    member.settle().await?;
    let admitted = admit(&member.consensus.state(), &header)?;
    let script = Script::resume(admitted.next_sequence);
    let publishing = Publishing {
        member,
        header,
        admitted,
        script,
        parts,
        bounds,
        submitting: None,
        in_flight: FuturesOrdered::new(),
        greeted: false,
    };
    Ok(stream::try_unfold(publishing, |mut publishing| async move {
        let event = publishing.event().await?;
        Ok(event.map(|event| (PublishValuesResponse { event: Some(event) }, publishing)))
    })
    .boxed())
}

/// One stream of one upload.
struct Publishing {
    member: Member,
    header: Header,
    admitted: Admitted,
    script: Script,
    parts: Streaming<PublishValuesRequest>,
    bounds: Bounds,
    /// A chunk that waits for its share. One at a time, so that chunks enter the log in sequence.
    submitting: Option<BoxFuture<'static, Result<Submitted, ProposeError>>>,
    /// Chunks that are proposed.
    in_flight: FuturesOrdered<BoxFuture<'static, Result<Reply, ProposeError>>>,
    greeted: bool,
}

impl Publishing {
    /// Waits for the next event; `None` once the stream is over.
    async fn event(&mut self) -> Result<Option<Event>, Status> {
        if !self.greeted {
            self.greeted = true;
            return Ok(Some(Event::Resume(v1::Resume { next_sequence: self.script.next() })));
        }
        loop {
            let idle = self.submitting.is_none() && self.in_flight.is_empty();
            if idle && let Some(ending) = self.script.take_ending() {
                return self.end(ending).await;
            }
            let reads = self.script.is_open() && self.submitting.is_none() && self.in_flight.len() < self.bounds.window;
            tokio::select! {
                Some(submitted) = OptionFuture::from(self.submitting.as_mut()) => {
                    self.submitting = None;
                    let submitted = submitted.map_err(|error| self.member.refusal(error))?;
                    self.in_flight.push_back(submitted.outcome().boxed());
                }
                Some(outcome) = self.in_flight.next() => {
                    let next_sequence = self.applied(outcome)?;
                    if self.script.applied(next_sequence) {
                        return Ok(Some(self.durable()));
                    }
                }
                part = self.parts.next(), if reads => match part {
                    Some(Ok(message)) => {
                        if let Some(event) = self.take(message)? {
                            return Ok(Some(event));
                        }
                    }
                    // The worker is gone, or has sent what is no message.
                    Some(Err(status)) => return broken(&status, self.bounds).map_or(Ok(None), Err),
                    None => self.script.cut_short(),
                },
            }
        }
    }

    fn durable(&self) -> Event {
        Event::Durable(v1::Durable { next_sequence: self.script.durable() })
    }

    /// Takes a part of the stream.
    fn take(&mut self, message: PublishValuesRequest) -> Result<Option<Event>, Refusal> {
        match message.part {
            Some(Part::Chunk(chunk)) => match self.script.chunk(chunk.sequence)? {
                Arrival::Next if self.admitted.standing == Standing::Publishing => {
                    self.propose(&chunk)?;
                    Ok(None)
                }
                // Of a publication that is there: only its commit is compared.
                Arrival::Next => {
                    self.script.applied(self.script.next());
                    Ok(Some(self.durable()))
                }
                Arrival::Durable => Ok(Some(self.durable())),
                Arrival::InFlight => Ok(None),
            },
            Some(Part::Commit(commit)) => {
                let commit = Commit::read(&commit)?;
                // What the state lacks of an upload that was sent whole is a gap, which its worker fills; what the
                // stream itself lacks is a mistake.
                if self.admitted.standing == Standing::Publishing && commit.chunks != self.script.next() {
                    return Err(Rejection::PublicationIncomplete { worker: self.header.worker.clone() }.into());
                }
                self.script.commit(commit);
                Ok(None)
            }
            Some(Part::Header(_)) => Err(Refusal::StreamMalformed { why: "it has a second header" }),
            None => Err(Refusal::StreamMalformed { why: "it has a part of an unknown kind" }),
        }
    }

    /// Has a chunk appended.
    fn propose(&mut self, chunk: &PublishChunk) -> Result<(), Refusal> {
        let append = append(&self.header, &self.admitted, chunk)?;
        let consensus = self.member.consensus.clone();
        self.submitting = Some(async move { consensus.submit(append).await }.boxed());
        Ok(())
    }

    /// What became of a chunk that was proposed: the one to send next.
    fn applied(&self, outcome: Result<Reply, ProposeError>) -> Result<u64, Refusal> {
        match outcome.map_err(|error| self.member.refusal(error))? {
            Reply::Chunk { next_sequence } => Ok(next_sequence),
            other => Err(unexpected(&other)),
        }
    }

    /// Ends the stream once nothing is in flight.
    async fn end(&mut self, ending: Ending) -> Result<Option<Event>, Status> {
        match ending {
            Ending::Commit(commit) => {
                let already = publish_staged(&self.member, &self.header, self.admitted.standing, commit).await?;
                Ok(Some(Event::Published(v1::Published { already })))
            }
            Ending::CutShort => Err(Refusal::StreamMalformed { why: "it ended before its commit" }.into()),
            Ending::Over => Ok(None),
        }
    }
}

/// The command that appends a chunk, once its pairs are checked.
pub(super) fn append(header: &Header, admitted: &Admitted, chunk: &PublishChunk) -> Result<Command, Refusal> {
    let encoded = chunk.encode_to_vec();
    check_pairs(&chunk.pairs, encoded.len(), chunk.sequence, &admitted.spec, &admitted.limits)?;
    Ok(Command::AppendChunk {
        uid: header.uid,
        worker: header.worker.clone(),
        upload: header.upload,
        sequence: chunk.sequence,
        pairs: encoded.into(),
    })
}

/// Publishes what is staged, or compares it with what is published. Whether it was published already.
pub(super) async fn publish_staged(
    member: &Member,
    header: &Header,
    standing: Standing,
    commit: Commit,
) -> Result<bool, Refusal> {
    if standing == Standing::Forgotten {
        return Ok(true);
    }
    let Commit { chunks, pairs, digest } = commit;
    let Header { uid, worker, upload } = header.clone();
    match member.propose(Command::CommitPublication { uid, worker, upload, chunks, pairs, digest }).await? {
        Reply::Published { already } => Ok(already),
        other => Err(unexpected(&other)),
    }
}

//! One stream of raft messages to a peer: a bounded queue, and a task that sends it in batches.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::RwLock;
use raft::prelude::Message;
use silhouette_proto::v1::{ExchangeRequest, PeerHeader, raft_client::RaftClient};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

use super::codec::{encode_message, message_bytes};
use crate::{ids::MemberId, service::refusal::Reason};

/// Messages of one request are about so many bytes together, unless one alone is longer: they are stepped without a
/// sync between, so this is what a sync may exceed its share by.
const BATCH_BYTES: usize = 1 << 20;
/// Messages that may wait: some thousand heartbeats or answers.
const QUEUE_MESSAGES: usize = 4096;
/// Bytes of messages that may wait: twice what raft has in flight to a peer (16 appends of 1 MiB).
const QUEUE_BYTES: usize = 32 << 20;

/// Told when messages to a member were dropped.
pub(super) type Report = Arc<dyn Fn(MemberId) + Send + Sync>;

/// What the streams tell of their fate.
pub(super) struct Observer {
    unreachable: RwLock<Option<Report>>,
    removed: watch::Sender<bool>,
}

impl Observer {
    pub(super) fn new() -> Self {
        Self { unreachable: RwLock::new(None), removed: watch::Sender::new(false) }
    }

    /// Calls this from now on.
    pub(super) fn on_unreachable(&self, report: Report) {
        *self.unreachable.write() = Some(report);
    }

    /// Whether a peer said that this member was removed.
    pub(super) fn removed(&self) -> watch::Receiver<bool> {
        self.removed.subscribe()
    }

    /// Messages to `member` were dropped.
    pub(super) fn unreachable(&self, member: MemberId) {
        // Cloned, so that no lock is held while foreign code runs.
        let report = self.unreachable.read().clone();
        if let Some(report) = report {
            report(member);
        }
    }

    /// A peer refused or broke a stream.
    fn failed(&self, member: MemberId, status: &Status) {
        let removed = status.code() == Code::FailedPrecondition
            && status.get_details_error_info().is_some_and(|info| info.reason == Reason::Removed.as_str());
        if removed && !self.removed.send_replace(true) {
            tracing::warn!(peer = %member, "a peer says that this member was removed from the cluster");
        }
        self.unreachable(member);
    }
}

/// The queue of a stream. Dropping it ends the stream.
pub(super) struct Lane {
    queue: mpsc::Sender<Message>,
    queued_bytes: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Lane {
    /// Starts the stream to `header`'s receiver. Within a tokio runtime.
    pub(super) fn start(
        client: RaftClient<Channel>,
        header: PeerHeader,
        retry_pause: Duration,
        observer: Arc<Observer>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MESSAGES);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let queued = Arc::clone(&queued_bytes);
        let sender = Sender { waiting, queued_bytes: queued, client, header, retry_pause, observer, failing: false };
        Self { queue, queued_bytes, task: tokio::spawn(sender.run()).abort_handle() }
    }

    /// Queues a message; `false` if it does not fit and is dropped. Never blocks.
    pub(super) fn push(&self, message: Message) -> bool {
        let bytes = message_bytes(&message);
        if self.queued_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= QUEUE_BYTES
            && self.queue.try_send(message).is_ok()
        {
            return true;
        }
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        false
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task that sends what is queued.
struct Sender {
    waiting: mpsc::Receiver<Message>,
    queued_bytes: Arc<AtomicUsize>,
    client: RaftClient<Channel>,
    header: PeerHeader,
    retry_pause: Duration,
    observer: Arc<Observer>,
    /// Whether the last stream failed; so that an outage is logged once.
    failing: bool,
}

impl Sender {
    async fn run(mut self) {
        let peer = MemberId(self.header.to_member);
        while let Some(first) = self.next().await {
            let Some(status) = self.exchange(first).await else { return };
            // The whole status is long, and an outage long to read.
            let (code, why) = (status.code(), status.message());
            if self.failing {
                tracing::debug!(%peer, ?code, why, "still no stream to a peer");
            } else {
                tracing::warn!(%peer, ?code, why, "the stream to a peer failed");
            }
            self.failing = true;
            self.observer.failed(peer, &status);
            if self.discard_for_a_pause().await {
                self.observer.unreachable(peer);
            }
        }
    }

    /// Streams what is queued until the stream fails; `None` if the queue was closed.
    async fn exchange(&mut self, first: Message) -> Option<Status> {
        let (batches, stream) = mpsc::channel(1);
        let mut client = self.client.clone();
        let call = client.exchange(ReceiverStream::new(stream));
        let feed = async {
            let mut next = Some(first);
            let mut sent = 0_u64;
            while let Some(message) = next {
                let batch = self.batch(&message);
                if batches.send(batch).await.is_err() {
                    // The call has ended, and says how.
                    return futures::future::pending().await;
                }
                sent += 1;
                // The second batch fits only once the first was taken: there is a connection.
                if sent == 2 && self.failing {
                    self.failing = false;
                    tracing::info!(peer = self.header.to_member, "the stream to a peer works again");
                }
                next = self.next().await;
            }
        };
        tokio::select! {
            outcome = call => Some(outcome.err().unwrap_or_else(|| Status::unavailable("the peer ended the stream"))),
            () = feed => None,
        }
    }

    /// A request with `first` and what else is queued.
    fn batch(&mut self, first: &Message) -> ExchangeRequest {
        let first = encode_message(first);
        let mut bytes = first.len();
        let mut messages: Vec<Bytes> = vec![first];
        while bytes < BATCH_BYTES
            && let Ok(message) = self.waiting.try_recv()
        {
            self.taken(&message);
            let message = encode_message(&message);
            bytes += message.len();
            messages.push(message);
        }
        ExchangeRequest { header: Some(self.header.clone()), messages }
    }

    /// The next message; `None` once the queue is closed.
    async fn next(&mut self) -> Option<Message> {
        let message = self.waiting.recv().await?;
        self.taken(&message);
        Some(message)
    }

    fn taken(&self, message: &Message) {
        self.queued_bytes.fetch_sub(message_bytes(message), Ordering::Relaxed);
    }

    /// Waits before the next attempt, and drops what is queued meanwhile: raft sends what is still needed again, and
    /// old news would only delay it. Returns whether anything was dropped.
    async fn discard_for_a_pause(&mut self) -> bool {
        let (mut dropped, pause) = (false, self.retry_pause);
        let discard = async {
            while self.next().await.is_some() {
                dropped = true;
            }
        };
        tokio::time::timeout(pause, discard).await.ok();
        dropped
    }
}

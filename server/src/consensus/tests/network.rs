//! A network in memory: members hand messages to each other, unless they are cut off.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};
use parking_lot::Mutex;
use raft::prelude::{Message, MessageType};
use silhouette_proto::v1::{FetchSnapshotResponse, SnapshotChunk, SnapshotEnd, fetch_snapshot_response::Part};
use tokio::{runtime, sync::mpsc};
use tonic::Status;

use crate::{
    consensus::{
        Consensus,
        network::{Network, SnapshotParts},
        snapshots::SnapshotId,
    },
    fence::Fence,
    ids::{LogIndex, MemberId},
    transport::snapshot_digest::SnapshotDigest,
};

/// A member's messages on their way, in order.
type Queue = mpsc::UnboundedSender<Message>;

/// What a member wants to be told of lost messages.
type Report = Arc<dyn Fn(MemberId) + Send + Sync>;

/// A member that can be reached. Appended entries have a way of their own, as in the real network.
struct Reached {
    consensus: Consensus,
    appends: Queue,
    others: Queue,
}

/// The members that can be reached.
#[derive(Default)]
pub(crate) struct InMemory {
    members: Mutex<BTreeMap<MemberId, Reached>>,
    cut_off: Mutex<BTreeSet<MemberId>>,
    /// Whether the next snapshot with chunks is altered on its way.
    alters_snapshot: AtomicBool,
    /// Befalls whoever is asked for a snapshot next.
    fence: Mutex<Option<Fence>>,
    /// Snapshots that were handed out.
    given: Mutex<BTreeMap<MemberId, usize>>,
}

/// The network as one member sees it.
struct Port {
    network: Arc<InMemory>,
    member: MemberId,
    unreachable: Mutex<Option<Report>>,
}

impl InMemory {
    pub(super) fn of(self: &Arc<Self>, member: MemberId) -> Arc<dyn Network> {
        Arc::new(Port { network: Arc::clone(self), member, unreachable: Mutex::new(None) })
    }

    /// From now on, messages reach the member, in order.
    pub(super) fn attach(&self, member: MemberId, consensus: Consensus) {
        let queue = || {
            let (sender, mut queue) = mpsc::unbounded_channel();
            let receiver = consensus.clone();
            runtime::Handle::current().spawn(async move {
                while let Some(message) = queue.recv().await {
                    receiver.receive(vec![message]).await;
                }
            });
            sender
        };
        let (appends, others) = (queue(), queue());
        self.members.lock().insert(member, Reached { consensus, appends, others });
    }

    pub(super) fn detach(&self, member: MemberId) {
        self.members.lock().remove(&member);
    }

    /// Loses every message from and to the member.
    pub(super) fn cut_off(&self, member: MemberId) {
        self.cut_off.lock().insert(member);
    }

    pub(super) fn reconnect(&self, member: MemberId) {
        self.cut_off.lock().remove(&member);
    }

    /// Flips a bit of a chunk in the next snapshot that has one.
    pub(super) fn alter_next_snapshot(&self) {
        self.alters_snapshot.store(true, Ordering::SeqCst);
    }

    /// Whether a snapshot is still to be altered.
    pub(super) fn will_alter(&self) -> bool {
        self.alters_snapshot.load(Ordering::SeqCst)
    }

    /// Fences whoever is asked for a snapshot next, just before it is asked.
    pub(super) fn fence_at_next_snapshot(&self, fence: Fence) {
        *self.fence.lock() = Some(fence);
    }

    /// How many snapshots a member has handed out.
    pub(super) fn snapshots_given_by(&self, member: MemberId) -> usize {
        self.given.lock().get(&member).copied().unwrap_or_default()
    }

    fn connected(&self, from: MemberId, to: MemberId) -> bool {
        let cut_off = self.cut_off.lock();
        !cut_off.contains(&from) && !cut_off.contains(&to)
    }

    fn deliver(&self, from: MemberId, message: Message) -> bool {
        let to = MemberId(message.to);
        let members = self.members.lock();
        let Some(reached) = members.get(&to).filter(|_| self.connected(from, to)) else { return false };
        let queue = if message.msg_type() == MessageType::MsgAppend { &reached.appends } else { &reached.others };
        queue.send(message).is_ok()
    }
}

impl Network for Port {
    fn send(&self, messages: Vec<Message>) {
        for message in messages {
            let to = MemberId(message.to);
            let report = self.unreachable.lock().clone();
            if !self.network.deliver(self.member, message)
                && let Some(report) = report
            {
                report(to);
            }
        }
    }

    fn set_peers(&self, _peers: BTreeMap<MemberId, String>) {}

    fn on_unreachable(&self, report: Report) {
        *self.unreachable.lock() = Some(report);
    }

    fn fetch_snapshot(
        &self,
        leader: MemberId,
        index: LogIndex,
        id: SnapshotId,
    ) -> BoxFuture<'static, Result<SnapshotParts, Status>> {
        let source = self.network.members.lock().get(&leader).map(|reached| reached.consensus.clone());
        let connected = self.network.connected(self.member, leader);
        let network = Arc::clone(&self.network);
        Box::pin(async move {
            let source = source.filter(|_| connected).ok_or_else(|| Status::unavailable("cut off"))?;
            if let Some(fence) = network.fence.lock().take() {
                source.raise_fence(fence);
            }
            let prepared = source.prepared_snapshot(index, id).ok_or_else(|| Status::not_found("snapshot"))?;
            *network.given.lock().entry(leader).or_default() += 1;
            let mut digest = SnapshotDigest::new();
            digest.update_state(&prepared.state);
            let mut parts = vec![Part::State(Bytes::copy_from_slice(&prepared.state))];
            for chunk in source.chunks(prepared.chunks.clone()) {
                let (key, pairs) = chunk.map_err(|error| Status::aborted(error.to_string()))?;
                digest.update_chunk(&key, &pairs);
                let altered = network.alters_snapshot.swap(false, Ordering::SeqCst);
                let pairs = if altered { with_last_bit_flipped(&pairs) } else { pairs };
                parts.push(Part::Chunk(SnapshotChunk { key: key.to_bytes().to_vec().into(), pairs }));
            }
            let chunks = prepared.chunks.len() as u64;
            parts.push(Part::End(SnapshotEnd { chunks, digest: digest.finish().0.to_vec().into() }));
            let parts = parts.into_iter().map(|part| Ok(FetchSnapshotResponse { part: Some(part) }));
            Ok(stream::iter(parts).boxed())
        })
    }
}

fn with_last_bit_flipped(bytes: &[u8]) -> Bytes {
    let mut altered = bytes.to_vec();
    if let Some(last) = altered.last_mut() {
        *last ^= 1;
    }
    altered.into()
}

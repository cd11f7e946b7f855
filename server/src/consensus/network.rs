//! What the threads need of the connections to peers; the tests put members of one process in their place.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt as _, future::BoxFuture, stream::BoxStream};
use raft::prelude::Message;
use silhouette_proto::v1::{FetchSnapshotRequest, FetchSnapshotResponse};
use tonic::Status;

use super::snapshots::SnapshotId;
use crate::{
    ids::{LogIndex, MemberId},
    transport::Transport,
};

/// The parts of a snapshot as they arrive.
pub(super) type SnapshotParts = BoxStream<'static, Result<FetchSnapshotResponse, Status>>;

/// The connections to peers.
pub(super) trait Network: Send + Sync + 'static {
    /// Queues messages; never blocks.
    fn send(&self, messages: Vec<Message>);

    /// Says where peers are.
    fn set_peers(&self, peers: BTreeMap<MemberId, String>);

    /// Calls `report` whenever messages to a member were lost.
    fn on_unreachable(&self, report: Arc<dyn Fn(MemberId) + Send + Sync>);

    /// Asks a leader for a snapshot that it announced.
    fn fetch_snapshot(
        &self,
        leader: MemberId,
        index: LogIndex,
        id: SnapshotId,
    ) -> BoxFuture<'static, Result<SnapshotParts, Status>>;
}

impl Network for Transport {
    fn send(&self, messages: Vec<Message>) {
        Self::send(self, messages);
    }

    fn set_peers(&self, peers: BTreeMap<MemberId, String>) {
        Self::set_peers(self, peers);
    }

    fn on_unreachable(&self, report: Arc<dyn Fn(MemberId) + Send + Sync>) {
        Self::on_unreachable(self, report);
    }

    fn fetch_snapshot(
        &self,
        leader: MemberId,
        index: LogIndex,
        id: SnapshotId,
    ) -> BoxFuture<'static, Result<SnapshotParts, Status>> {
        let peer = self.bulk(leader);
        Box::pin(async move {
            let mut peer = peer.ok_or_else(|| Status::unavailable(format!("no connection to member {leader}")))?;
            let snapshot_id = id.to_vec().into();
            let request = FetchSnapshotRequest { header: Some(peer.header), index: index.0, snapshot_id };
            Ok(peer.client.fetch_snapshot(request).await?.into_inner().boxed())
        })
    }
}

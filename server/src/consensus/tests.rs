//! Members of one process, over disks of their own and a network in memory.

pub(crate) mod cluster;
pub(crate) mod commands;
mod fenced;
pub(crate) mod network;
mod single;

use std::{path::PathBuf, sync::Arc, time::Duration};

use commands::record;
use network::InMemory;
use tempfile::TempDir;

use super::{Consensus, RaftSettings, RaftStatus};
use crate::{
    ids::{ClusterId, ClusterTime, Digest, LogIndex, MemberId},
    state::{Limits, MemberAction, MembershipChange},
    storage::Store,
    transport::{Transport, TransportSettings},
};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn cluster_id() -> ClusterId {
    "test".parse().unwrap()
}

pub(crate) fn settings() -> RaftSettings {
    RaftSettings { tick: Duration::from_millis(20), snapshot_idle: Duration::from_secs(1), ..RaftSettings::default() }
}

/// A member and its disk.
pub(crate) struct Node {
    directory: TempDir,
    consensus: Option<Consensus>,
    settings: RaftSettings,
    network: Arc<InMemory>,
    id: MemberId,
}

impl Node {
    /// The founder of a cluster.
    pub(crate) fn found(network: &Arc<InMemory>, initial_members: u32, settings: RaftSettings) -> Self {
        let mut node = Self::on_empty_disk(network, 1, settings);
        let store = node.open();
        Consensus::bootstrap(&store, cluster_id(), initial_members, record(1), Limits::default()).unwrap();
        node.start(store);
        node
    }

    /// A member that was allocated and waits for a leader.
    fn join(network: &Arc<InMemory>, id: u64, settings: RaftSettings) -> Self {
        let mut node = Self::on_empty_disk(network, id, settings);
        let store = node.open();
        Consensus::join(&store, cluster_id(), MemberId(id)).unwrap();
        node.start(store);
        node
    }

    fn on_empty_disk(network: &Arc<InMemory>, id: u64, settings: RaftSettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, consensus: None, settings, network: Arc::clone(network), id: MemberId(id) }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn open(&self) -> Arc<Store> {
        Arc::new(Store::open(&self.path()).unwrap())
    }

    fn start(&mut self, store: Arc<Store>) {
        let address = format!("127.0.0.1:{}", self.id);
        let transport = Transport::new(cluster_id(), self.id, address, TransportSettings::default());
        let network = self.network.of(self.id);
        let consensus = Consensus::start_over(store, self.settings.clone(), transport, network).unwrap();
        self.network.attach(self.id, consensus.clone());
        self.consensus = Some(consensus);
    }

    async fn stop(&mut self) {
        self.network.detach(self.id);
        self.consensus.take().unwrap().stop().await;
    }

    async fn restart(&mut self) {
        self.stop().await;
        self.start(self.open());
    }

    pub(crate) fn consensus(&self) -> &Consensus {
        self.consensus.as_ref().unwrap()
    }

    /// Waits until the member's status is as wanted.
    pub(crate) async fn wait(&self, what: &str, holds: impl FnMut(&RaftStatus) -> bool) -> RaftStatus {
        let mut status = self.consensus().status();
        let waited = tokio::time::timeout(PATIENCE, status.wait_for(holds)).await;
        waited.unwrap_or_else(|_| panic!("member {} waited in vain: {what}", self.id)).unwrap().clone()
    }

    pub(crate) async fn wait_to_lead(&self) {
        self.wait("to lead", |status| status.leads() && status.own_term_applied).await;
    }

    pub(crate) async fn wait_applied(&self, index: LogIndex) {
        let mut applied = self.consensus().applied();
        let waited = tokio::time::timeout(PATIENCE, applied.wait_for(|applied| *applied >= index)).await;
        waited.unwrap_or_else(|_| panic!("member {} never applied {index}", self.id)).unwrap();
    }

    /// A digest of everything replicated, the same on members at the same index.
    fn digest(&self) -> Digest {
        let state = self.consensus().state();
        let chunks: Result<Vec<_>, _> = self.consensus().chunks(state.chunk_keys()).collect();
        state.inspect(&[7; 32], chunks.unwrap().into_iter())
    }

    fn change(&self, parts: &[(u64, MemberAction)]) -> MembershipChange {
        MembershipChange {
            time: ClusterTime(0),
            expected_conf_index: self.consensus().state().configuration().index,
            parts: parts.iter().map(|(member, action)| (MemberId(*member), *action)).collect(),
        }
    }
}

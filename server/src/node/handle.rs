//! What services, probes and the node's own parts see of the node.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use parking_lot::RwLock;
use silhouette_proto::v1::Addresses;
use tokio::{sync::Mutex, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Member, lifecycle::Lifecycle};
use crate::{
    config::Settings,
    ids::{ClusterId, InstanceId, MemberId},
    readiness::{Liveness, Verdict},
    service::refusal::Refusal,
    storage::Store,
    telemetry::{DatabaseFigures, DiskFigures, EncodingFigures, Figures, MemoryFigures, Metrics, RoundFigures},
    transport::RaftService,
};

/// A node as its services see it. Cheap to clone.
#[derive(Clone)]
pub struct NodeHandle {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Arc<Settings>,
    metrics: Arc<Metrics>,
    advertised: Addresses,
    peers: RaftService,
    lifecycle: RwLock<Lifecycle>,
    /// The member's tasks. Whoever changes the lifecycle holds it, so changes follow one another.
    tasks: Mutex<JoinSet<()>>,
    verdict: RwLock<Verdict>,
    disk_fault: RwLock<Option<String>>,
    caught_up: AtomicBool,
    draining: AtomicBool,
    leaving: CancellationToken,
}

impl NodeHandle {
    /// Of a node whose storage is not open yet.
    pub(crate) fn new(settings: Settings, advertised: Addresses) -> Self {
        Self {
            shared: Arc::new(Shared {
                settings: Arc::new(settings),
                metrics: Arc::default(),
                advertised,
                peers: RaftService::new(),
                lifecycle: RwLock::new(Lifecycle::Starting),
                tasks: Mutex::default(),
                verdict: RwLock::new(Verdict::unknown()),
                disk_fault: RwLock::new(None),
                caught_up: AtomicBool::new(false),
                draining: AtomicBool::new(false),
                leaving: CancellationToken::new(),
            }),
        }
    }

    /// What the node was told.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.shared.settings
    }

    /// Counts for `/metrics`.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// The data directory; refused with `STARTING` until it is open.
    pub fn store(&self) -> Result<Arc<Store>, Refusal> {
        self.shared.lifecycle.read().store().cloned().ok_or(Refusal::Starting)
    }

    /// The member that runs here and serves; refused with `STARTING`, `UNINITIALISED`, `REMOVED`, `STORAGE_FAILED` or
    /// `FENCED`.
    pub fn member(&self) -> Result<Member, Refusal> {
        let member = self.administered()?;
        match member.consensus.fence() {
            Some(_) => Err(Refusal::Fenced { member: member.consensus.member_id() }),
            None => Ok(member),
        }
    }

    /// As [`NodeHandle::member`], of a fenced member too: for calls that tell about the cluster or change who is in it.
    pub fn administered(&self) -> Result<Member, Refusal> {
        let member = match &*self.shared.lifecycle.read() {
            Lifecycle::Starting => return Err(Refusal::Starting),
            Lifecycle::Uninitialised(_) => return Err(Refusal::Uninitialised),
            Lifecycle::Removed(_, member) => return Err(Refusal::Removed { member: *member }),
            Lifecycle::Member(_, member) => member.clone(),
        };
        let (removed, failed) = {
            let status = member.consensus.status();
            let status = status.borrow();
            (status.removed, status.storage_fault.is_some())
        };
        match (removed, failed) {
            (true, _) => Err(Refusal::Removed { member: member.consensus.member_id() }),
            (false, true) => Err(Refusal::StorageFailed),
            (false, false) => Ok(member),
        }
    }

    /// The member that runs here, in whatever condition: to look at it, not to use it.
    pub(crate) fn running(&self) -> Option<Member> {
        self.shared.lifecycle.read().member().cloned()
    }

    /// `host:port` where others reach clients', peers' and HTTP addresses.
    pub fn advertised(&self) -> Addresses {
        self.shared.advertised.clone()
    }

    /// Makes this uninitialised node the one voter of a new cluster, and runs the member. Idempotent for the cluster.
    /// Refused if its data directory is not the `instance` that the caller means, if it means one.
    pub async fn bootstrap(
        &self,
        cluster: ClusterId,
        initial_members: u32,
        instance: Option<InstanceId>,
    ) -> Result<(), Refusal> {
        self.become_founder(cluster, initial_members, instance).await
    }

    /// Makes this uninitialised node a member that waits for a leader. Idempotent for the same cluster and number.
    pub async fn join(&self, cluster: ClusterId, instance: InstanceId, id: MemberId) -> Result<(), Refusal> {
        self.become_joiner(cluster, instance, id).await
    }

    /// What readiness decided last.
    pub fn verdict(&self) -> Verdict {
        self.shared.verdict.read().clone()
    }

    /// Whether the node is shutting down.
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Acquire)
    }

    /// Cancelled once a draining node has handed leadership over: streams end, connections are told to go away.
    pub(crate) fn leaving(&self) -> &CancellationToken {
        &self.shared.leaving
    }

    /// Whether the data directory is open and recovered.
    pub(crate) fn is_started(&self) -> bool {
        self.shared.lifecycle.read().store().is_some()
    }

    /// Whether a restart would help.
    pub(crate) fn liveness(&self) -> Liveness {
        let ticked = self.shared.lifecycle.read().member().and_then(|member| {
            let status = member.consensus.status();
            let status = status.borrow();
            (status.storage_fault.is_none() && !status.removed).then_some(status.ticked)
        });
        Liveness::judge(Instant::now(), ticked, self.settings().configuration.liveness.stall)
    }

    /// What a scrape shows of this moment. Blocks: it looks at files.
    pub(crate) fn figures(&self) -> Figures {
        let (disk, database) = self.shared.lifecycle.read().store().cloned().map_or_else(Default::default, |store| {
            (DiskFigures::of(&store, self.disk_fault().is_none()), DatabaseFigures::of(&store))
        });
        let memory = MemoryFigures { offered: self.settings().memory_budget_bytes, ..MemoryFigures::default() };
        let figures = Figures { ready: self.verdict().ready, memory, disk, database, ..Figures::default() };
        let member = self.shared.lifecycle.read().member().cloned();
        let Some(Member { consensus, encodings }) = member else {
            return figures;
        };
        let state = consensus.state();
        let budget = state.memory_budget_bytes().unwrap_or_default();
        Figures {
            raft: Some(consensus.status().borrow().clone()),
            applied: consensus.applied_counts().clone(),
            rounds: RoundFigures::of(&state),
            encodings: EncodingFigures::of(&state, consensus.member_id(), &encodings),
            memory: MemoryFigures { budget, reserved: state.reserved_bytes(), ..memory },
            ..figures
        }
    }

    pub(super) fn lifecycle(&self) -> Lifecycle {
        self.shared.lifecycle.read().clone()
    }

    pub(super) fn enter(&self, lifecycle: Lifecycle) {
        *self.shared.lifecycle.write() = lifecycle;
    }

    /// The tasks of the member that runs here.
    pub(super) fn tasks(&self) -> &Mutex<JoinSet<()>> {
        &self.shared.tasks
    }

    /// What members say to this node.
    pub(super) fn peers(&self) -> &RaftService {
        &self.shared.peers
    }

    pub(super) fn decide(&self, verdict: Verdict) {
        *self.shared.verdict.write() = verdict;
    }

    /// Why the disk did not take the last write that was tried.
    pub(super) fn disk_fault(&self) -> Option<String> {
        self.shared.disk_fault.read().clone()
    }

    pub(super) fn set_disk_fault(&self, fault: Option<String>) {
        *self.shared.disk_fault.write() = fault;
    }

    /// Whether what was committed when this process started is applied here.
    pub(super) fn has_caught_up(&self) -> bool {
        self.shared.caught_up.load(Ordering::Acquire)
    }

    pub(super) fn set_caught_up(&self) {
        self.shared.caught_up.store(true, Ordering::Release);
    }

    /// From now on the node is shutting down, and not ready.
    pub(super) fn begin_draining(&self) {
        self.shared.draining.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{config::Arguments, service::refusal::Reason};

    fn node(directory: &std::path::Path) -> NodeHandle {
        let flags = ["silhouette-server".as_ref(), "--data-dir".as_ref(), directory.as_os_str()];
        let arguments = Arguments::try_parse_from(flags).expect("the flags parse");
        NodeHandle::new(Settings::new(&arguments).expect("the settings make sense"), Addresses::default())
    }

    #[test]
    fn a_node_says_what_it_waits_for() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let node = node(directory.path());
        assert_eq!(node.store().err().map(|refusal| refusal.reason()), Some(Reason::Starting));
        assert_eq!(node.member().err().map(|refusal| refusal.reason()), Some(Reason::Starting));
        let store = Arc::new(Store::open(directory.path()).expect("the directory opens"));
        node.enter(Lifecycle::Uninitialised(Arc::clone(&store)));
        assert!(node.store().is_ok() && node.is_started());
        assert_eq!(node.member().err().map(|refusal| refusal.reason()), Some(Reason::Uninitialised));
        node.enter(Lifecycle::Removed(store, MemberId(4)));
        assert_eq!(node.member().err(), Some(Refusal::Removed { member: MemberId(4) }));
    }

    #[tokio::test]
    async fn a_join_for_another_instance_is_refused() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let node = node(directory.path());
        let store = Arc::new(Store::open(directory.path()).expect("the directory opens"));
        let ours = store.identity().instance();
        node.enter(Lifecycle::Uninitialised(store));
        let cluster: ClusterId = "c".parse().expect("an id");
        let refused = node.join(cluster, InstanceId([9; 16]), MemberId(2)).await;
        assert_eq!(refused, Err(Refusal::WrongInstance { ours }));
        assert_eq!(Refusal::WrongInstance { ours }.reason(), Reason::WrongInstance);
    }

    #[tokio::test]
    async fn a_bootstrap_of_another_instance_founds_nothing() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let node = node(directory.path());
        let store = Arc::new(Store::open(directory.path()).expect("the directory opens"));
        let ours = store.identity().instance();
        node.enter(Lifecycle::Uninitialised(Arc::clone(&store)));
        let cluster: ClusterId = "c".parse().expect("an id");
        let refused = node.bootstrap(cluster, 3, Some(InstanceId([9; 16]))).await;
        assert_eq!(refused, Err(Refusal::WrongInstance { ours }));
        assert!(!store.is_member());
    }
}

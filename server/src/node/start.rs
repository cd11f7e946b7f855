//! How a node opens its storage, becomes a member, and runs it.

use std::sync::Arc;

use tokio::{
    task::{JoinSet, block_in_place},
    time::sleep,
};

use super::{Member, NodeError, NodeHandle, lifecycle::Lifecycle};
use crate::{
    consensus::Consensus,
    duties,
    encoding::{ENCODING_VERSION, EncodingSettings, Encodings},
    ids::{ClusterId, InstanceId, MemberId},
    service::refusal::Refusal,
    state::{MemberRecord, MemberState},
    storage::{Identity, StorageError, Store},
    transport::Transport,
};

/// Number of the member that founds a cluster.
const FOUNDER: MemberId = MemberId(1);

/// Cluster that `--dev` founds.
const DEV_CLUSTER: &str = "dev";

impl NodeHandle {
    /// Opens the data directory and, if it is a member's, runs the member.
    pub(super) async fn open(&self) -> Result<(), NodeError> {
        let directory = self.settings().data_dir.clone();
        let refused = || NodeError::storage(directory.clone());
        let store = Arc::new(block_in_place(|| Store::open(&directory)).map_err(refused())?);
        let metrics = Arc::clone(self.metrics());
        store.observe_syncs(Arc::new(move |duration| metrics.observe_sync(duration)));
        let mut tasks = self.tasks().lock().await;
        match store.identity() {
            Identity::Uninitialised { instance } if self.settings().dev => {
                let cluster = ClusterId::try_from(DEV_CLUSTER.to_owned()).expect("the name is a cluster's");
                block_in_place(|| self.found(&store, instance, cluster, 1)).map_err(refused())?;
                self.run_member(store, &mut tasks).await.map_err(refused())
            }
            Identity::Uninitialised { instance } => {
                tracing::info!(%instance, "belongs to no cluster; waits for silhouettectl cluster create or add");
                self.enter(Lifecycle::Uninitialised(store));
                Ok(())
            }
            Identity::Member { removed: true, id, cluster, .. } => {
                tracing::warn!(member = %id, %cluster, "was removed from its cluster, and takes no part in it");
                self.enter(Lifecycle::Removed(store, id));
                Ok(())
            }
            Identity::Member { .. } => self.run_member(store, &mut tasks).await.map_err(refused()),
        }
    }

    pub(super) async fn become_founder(
        &self,
        cluster: ClusterId,
        initial_members: u32,
        instance: Option<InstanceId>,
    ) -> Result<(), Refusal> {
        if let Some(instance) = instance {
            self.check_instance(instance)?;
        }
        let (node, id) = (self.clone(), cluster.clone());
        self.initialise(cluster, None, move |store| node.found(store, store.identity().instance(), id, initial_members))
            .await
    }

    pub(super) async fn become_joiner(
        &self,
        cluster: ClusterId,
        instance: InstanceId,
        id: MemberId,
    ) -> Result<(), Refusal> {
        self.check_instance(instance)?;
        let name = cluster.clone();
        self.initialise(cluster, Some(id), move |store| Consensus::join(store, name, id)).await
    }

    /// Refuses a call that means another data directory. This node's is the same as long as it runs.
    fn check_instance(&self, meant: InstanceId) -> Result<(), Refusal> {
        let ours = self.store()?.identity().instance();
        if ours == meant { Ok(()) } else { Err(Refusal::WrongInstance { ours }) }
    }

    fn found(
        &self,
        store: &Store,
        instance: InstanceId,
        cluster: ClusterId,
        initial_members: u32,
    ) -> Result<(), StorageError> {
        let limits = self.settings().configuration.rounds.clone();
        Consensus::bootstrap(store, cluster, initial_members, self.record(instance, FOUNDER), limits)
    }

    /// Gives an uninitialised node its identity by `write`, and runs the member. Nothing is written if it has that
    /// identity already: this cluster, and this number if one is asked for.
    async fn initialise(
        &self,
        cluster: ClusterId,
        number: Option<MemberId>,
        write: impl FnOnce(&Store) -> Result<(), StorageError> + Send + 'static,
    ) -> Result<(), Refusal> {
        let node = self.clone();
        let initialise = async move {
            let mut tasks = node.tasks().lock().await;
            let store = node.store()?;
            match store.identity() {
                Identity::Uninitialised { .. } => block_in_place(|| write(&store))?,
                Identity::Member { removed: true, id, .. } => return Err(Refusal::Removed { member: id }),
                Identity::Member { cluster: ours, id, .. }
                    if ours != cluster || number.is_some_and(|number| number != id) =>
                {
                    return Err(Refusal::AlreadyInitialised { cluster: ours });
                }
                Identity::Member { .. } => {}
            }
            if node.lifecycle().member().is_none() {
                node.run_member(store, &mut tasks).await?;
            }
            Ok(())
        };
        // A task of its own, so that it is carried through even if the caller goes away meanwhile.
        tokio::spawn(initialise).await.unwrap_or(Err(Refusal::StorageFailed))
    }

    /// Runs the member whose directory `store` is.
    async fn run_member(&self, store: Arc<Store>, tasks: &mut JoinSet<()>) -> Result<(), StorageError> {
        let Identity::Member { instance, cluster, id, .. } = store.identity() else { return Ok(()) };
        let raft = &self.settings().configuration.raft;
        let transport = Transport::new(cluster.clone(), id, self.advertised().peer, raft.transport());
        let consensus = block_in_place(|| Consensus::start(Arc::clone(&store), raft.settings(), transport))?;
        let encodings = match block_in_place(|| Encodings::start(consensus.clone(), self.encoding_settings())) {
            Ok(encodings) => encodings,
            Err(error) => {
                consensus.stop().await;
                return Err(error);
            }
        };
        self.peers().attach(consensus.clone(), Arc::new(encodings.clone()));
        let election = raft.tick * u32::try_from(raft.election_ticks).unwrap_or(u32::MAX);
        tasks.spawn(duties::lead(consensus.clone(), election * 2));
        tasks.spawn(duties::register(consensus.clone(), self.record(instance, id)));
        tasks.spawn(duties::observe_rounds(consensus.clone(), Arc::clone(self.metrics())));
        tasks.spawn(self.clone().catch_up(consensus.clone()));
        tracing::info!(member = %id, %cluster, %instance, "runs as a member");
        self.enter(Lifecycle::Member(store, Member { consensus, encodings }));
        Ok(())
    }

    /// Waits until what was committed when this process started is applied here.
    async fn catch_up(self, consensus: Consensus) {
        while let Err(error) = consensus.read_index().await {
            tracing::debug!(%error, "has not caught up yet");
            sleep(self.settings().configuration.readiness.interval).await;
        }
        self.set_caught_up();
    }

    /// Ends the part of a member that was removed.
    pub(super) async fn retire(&self) {
        let mut tasks = self.tasks().lock().await;
        let Lifecycle::Member(store, Member { consensus, encodings }) = self.lifecycle() else { return };
        let id = consensus.member_id();
        tracing::warn!(member = %id, cluster = %consensus.cluster_id(), "was removed from its cluster");
        if let Err(error) = block_in_place(|| store.mark_removed()) {
            tracing::error!(%error, "cannot remember that this member was removed");
        }
        self.enter(Lifecycle::Removed(store, id));
        self.peers().detach();
        tasks.shutdown().await;
        encodings.stop().await;
        consensus.stop().await;
    }

    fn encoding_settings(&self) -> EncodingSettings {
        let metrics = Arc::clone(self.metrics());
        EncodingSettings {
            threads: self.settings().encoding_threads,
            part_bytes: self.settings().configuration.retrieval.part_bytes,
            rehash_interval: self.settings().configuration.encoding.rehash_interval,
            observe_encode: {
                let metrics = Arc::clone(&metrics);
                Arc::new(move |duration| metrics.observe_encode(duration))
            },
            observe_rehash: {
                let metrics = Arc::clone(&metrics);
                Arc::new(move || metrics.divergence().count_rehash())
            },
            observe_damage: Arc::new(move |part| metrics.divergence().count_damage(part)),
        }
    }

    /// What the cluster shall know of this node.
    fn record(&self, instance: InstanceId, id: MemberId) -> MemberRecord {
        let addresses = self.advertised();
        MemberRecord {
            id,
            instance,
            name: self.settings().name.clone(),
            client_address: addresses.client,
            peer_address: addresses.peer,
            http_address: addresses.http,
            encoding_version: ENCODING_VERSION,
            memory_budget_bytes: self.settings().memory_budget_bytes,
            // Both follow from the log alone; what a record says is ignored.
            replaces: None,
            state: MemberState::Joining,
        }
    }
}

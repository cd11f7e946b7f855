//! Bringing a member's threads up from what its disk holds.

use std::{
    io,
    sync::{
        Arc,
        atomic::AtomicBool,
        mpsc::{self, Receiver},
    },
    thread::JoinHandle,
};

use parking_lot::{Mutex, RwLock};
use raft::{Config, RawNode, ReadOnlyOption, prelude::HardState};
use tokio::{runtime, sync::watch};
use tokio_util::sync::CancellationToken;

use super::{
    AppliedCounts, Counters, RaftSettings, RaftStatus,
    apply_thread::ApplyThread,
    backlog::Backlog,
    clock::LeaderClock,
    entry::ProposalIds,
    fencing,
    logger::raft_logger,
    messages::{Input, Inputs, Shared},
    network::Network,
    pending::Pending,
    raft_storage::RaftStorage,
    raft_thread::{Following, Leading, RaftThread},
    reads::Reads,
    snapshots::Snapshots,
};
use crate::{
    ids::{ClusterId, LogIndex},
    storage::{Identity, Loaded, StorageError, Store},
};

/// What runs.
pub(super) struct Started {
    pub(super) shared: Arc<Shared>,
    pub(super) cluster: ClusterId,
    pub(super) threads: Vec<JoinHandle<()>>,
}

/// Starts the threads of the member whose directory `store` is.
pub(super) fn start(
    store: Arc<Store>,
    settings: RaftSettings,
    network: Arc<dyn Network>,
    ids: &ProposalIds,
    inputs: Inputs,
    input_queue: Receiver<Input>,
) -> Result<Started, StorageError> {
    let Identity::Member { cluster, id, .. } = store.identity() else {
        let why = "the directory belongs to no member yet".to_owned();
        return Err(StorageError::Damaged { record: "identity", why });
    };
    let Loaded { state, applied, damage } = store.load_state(&cluster)?;
    if let Some(damage) = damage {
        fencing::raise(&store, fencing::is_alone(&state, id), damage);
    }
    let log = Arc::clone(store.log());
    let snapshots = Arc::new(Snapshots::default());
    let shared = Arc::new(Shared {
        member: id,
        store,
        state: RwLock::new(state),
        pending: Pending::default(),
        backlog: Backlog::new(settings.unapplied_bytes),
        clock: LeaderClock::default(),
        snapshots: Arc::clone(&snapshots),
        applied: watch::Sender::new(LogIndex(applied.index)),
        counts: AppliedCounts::default(),
        status: watch::Sender::new(RaftStatus::initial(LogIndex(applied.index))),
        keys_destroyed: watch::Sender::new(0),
        installing: AtomicBool::new(false),
        stopped: CancellationToken::new(),
    });

    // The commit index is written without waiting for the disk, and the applied index with the state: after a crash it
    // may be the newer of the two.
    let stored = log.hard_state()?;
    let hard_state = HardState { commit: stored.commit.max(applied.index), ..stored };
    let conf_state = applied.get_conf_state().clone();
    let fault = Arc::new(Mutex::new(None));
    let storage = RaftStorage {
        log: Arc::clone(&log),
        snapshots,
        initial: (hard_state, conf_state.clone()),
        fault: Arc::clone(&fault),
    };
    let config = Config {
        id: id.0,
        election_tick: settings.election_ticks,
        heartbeat_tick: settings.heartbeat_ticks,
        applied: applied.index,
        max_size_per_msg: settings.append_bytes,
        max_inflight_msgs: settings.in_flight_appends,
        check_quorum: true,
        pre_vote: true,
        read_only_option: ReadOnlyOption::Safe,
        max_uncommitted_size: settings.uncommitted_bytes,
        max_committed_size_per_ready: settings.committed_bytes,
        ..Config::default()
    };
    let node = RawNode::new(&config, storage, &raft_logger()).map_err(StorageError::damaged("raft state"))?;

    let reported = inputs.clone();
    network.on_unreachable(Arc::new(move |member| drop(reported.send(Input::Unreachable(member)))));
    let (tasks, task_queue) = mpsc::channel();
    let apply = ApplyThread::new(Arc::clone(&shared), Arc::clone(&network), inputs.clone(), applied);
    let reads = Reads::new(ids.process(), settings.tick * 2, settings.read_timeout);
    let raft = RaftThread {
        shared: Arc::clone(&shared),
        settings,
        node,
        log,
        network,
        inputs,
        tasks,
        runtime: runtime::Handle::current(),
        conf_state,
        reads,
        fault,
        counters: Counters::default(),
        following: Following::default(),
        leading: Leading::default(),
    };
    let threads = vec![spawn("apply", move || apply.run(&task_queue))?, spawn("raft", move || raft.run(&input_queue))?];
    Ok(Started { shared, cluster, threads })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StorageError> {
    let failed = |source: io::Error| StorageError::File { action: "start a thread for", path: name.into(), source };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(failed)
}

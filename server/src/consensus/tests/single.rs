//! A cluster of one voter.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use raft::prelude::{ConfState, HardState, SnapshotMetadata};

use super::{
    Node, cluster_id,
    commands::{append, append_much, commit, record, start, start_late, uid},
    settings,
};
use crate::{
    consensus::{Consensus, ProposeError},
    ids::{LogIndex, MemberId},
    state::{Command, ExpectedPhase, Limits, MemberAction, Rejection, Reply, State},
    storage::{Identity, Loaded, StorageError, Store},
};

async fn single() -> Node {
    let node = Node::found(&Arc::default(), 1, settings());
    node.wait_to_lead().await;
    node
}

#[tokio::test]
async fn a_founder_leads_and_its_state_outlives_a_restart() {
    let mut node = single().await;
    assert!(node.consensus().state().formed());
    assert_eq!(node.consensus().propose(start(1)).await.unwrap(), Reply::Round { uid: uid(1) });
    assert_eq!(node.consensus().propose(append(1, "ann", 50)).await.unwrap(), Reply::Chunk { next_sequence: 1 });
    node.consensus().propose(commit(1, "ann", 50)).await.unwrap();
    let before = node.digest();
    node.restart().await;
    assert_eq!(node.digest(), before, "the state is read from disk");
    node.wait_to_lead().await;
    assert_eq!(node.digest(), before, "a new term changes nothing");
    node.consensus().propose(append(1, "bob", 50)).await.unwrap();
    node.consensus().propose(commit(1, "bob", 50)).await.unwrap();
    assert!(node.consensus().state().round(uid(1)).unwrap().is_complete());
    node.stop().await;
}

#[tokio::test]
async fn what_the_state_rejects_is_said_to_the_caller() {
    let mut node = single().await;
    let outcome = node.consensus().propose(commit(1, "ann", 1)).await;
    assert!(matches!(outcome, Err(ProposeError::Rejected(Rejection::RoundNotFound { .. }))), "{outcome:?}");
    node.stop().await;
}

#[tokio::test]
async fn a_read_waits_for_what_was_committed_before() {
    let mut node = single().await;
    node.consensus().propose(start(1)).await.unwrap();
    let written = *node.consensus().applied().borrow();
    assert!(node.consensus().read_index().await.unwrap() >= written);
    node.stop().await;
}

#[tokio::test]
async fn bootstrap_is_idempotent_and_refuses_another_cluster() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let found = |cluster| Consensus::bootstrap(&store, cluster, 3, record(1), Limits::default());
    found(cluster_id()).unwrap();
    found(cluster_id()).unwrap();
    assert!(matches!(found("other".parse().unwrap()), Err(StorageError::OtherIdentity { .. })));
    assert!(matches!(store.identity(), Identity::Member { id: MemberId(1), .. }));
}

#[test]
fn whoever_joins_keeps_nothing_of_a_bootstrap_that_a_crash_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = Store::open(directory.path()).unwrap();
        let state = State::bootstrap("never".parse().unwrap(), 3, record(1), Limits::default());
        let conf_state = ConfState { voters: vec![1], ..ConfState::default() };
        let first = SnapshotMetadata { index: 1, term: 1, conf_state: Some(conf_state) };
        store.install_state(&state, &first, Some(&HardState { term: 1, vote: 1, commit: 1 })).unwrap();
        assert!(matches!(store.identity(), Identity::Uninitialised { .. }));
        Consensus::join(&store, cluster_id(), MemberId(2)).unwrap();
    }
    let store = Store::open(directory.path()).unwrap();
    let Loaded { state, applied, .. } = store.load_state(&cluster_id()).unwrap();
    assert!(state.members().next().is_none());
    assert_eq!((applied, store.log().hard_state().unwrap()), (SnapshotMetadata::default(), HardState::default()));
    assert_eq!(store.log().term(LogIndex(1)), None, "no leader's log matches it");
}

#[tokio::test]
async fn a_start_that_is_refused_leaves_no_key() {
    let mut node = single().await;
    let consensus = node.consensus().clone();
    consensus.propose(start(1)).await.unwrap();
    let Command::StartRound { id, spec, .. } = start(1) else { unreachable!() };
    let again = consensus.propose(Command::StartRound { uid: uid(2), id, spec }).await.unwrap();
    assert_eq!(again, Reply::Round { uid: uid(1) });
    assert!(consensus.has_round_key(uid(1)));
    assert!(!consensus.has_round_key(uid(2)));
    assert!(!node.path().join("keys").join(uid(2).to_string()).exists());
    drop(consensus);
    node.restart().await;
    node.wait_to_lead().await;
    node.stop().await;
}

#[tokio::test]
async fn unsafe_membership_changes_are_refused() {
    let mut node = single().await;
    let consensus = node.consensus().clone();
    let allocate = Command::AllocateMember { instance: record(2).instance, record: record(2), replaces: None };
    consensus.propose(allocate).await.unwrap();
    consensus.propose(Command::RegisterMember { record: record(2) }).await.unwrap();

    let mut stale = node.change(&[(2, MemberAction::AddLearner)]);
    stale.expected_conf_index = LogIndex(99);
    let outcome = consensus.change_members(stale, Duration::ZERO).await;
    assert!(matches!(outcome, Err(ProposeError::ConfigurationChanged { index: LogIndex(1) })), "{outcome:?}");

    let added = consensus.change_members(node.change(&[(2, MemberAction::AddLearner)]), Duration::ZERO).await.unwrap();
    assert_eq!(consensus.state().configuration().index, added);
    let outcome = consensus.change_members(node.change(&[(2, MemberAction::Promote)]), Duration::ZERO).await;
    assert!(matches!(outcome, Err(ProposeError::NotCaughtUp { member: MemberId(2) })), "{outcome:?}");
    let outcome = consensus.change_members(node.change(&[(1, MemberAction::Remove)]), Duration::ZERO).await;
    assert!(matches!(outcome, Err(ProposeError::ChangeUnsafe { .. })), "{outcome:?}");
    consensus.change_members(node.change(&[(2, MemberAction::Remove)]), Duration::ZERO).await.unwrap();
    drop(consensus);
    node.stop().await;
}

#[tokio::test]
async fn a_shred_destroys_the_key_and_leaves_no_entry_that_needs_it() {
    let mut node = single().await;
    let consensus = node.consensus().clone();
    consensus.propose(start(1)).await.unwrap();
    consensus.propose(append(1, "ann", 50)).await.unwrap();
    assert!(consensus.has_round_key(uid(1)));
    consensus.propose(Command::DeleteRound { uid: uid(1) }).await.unwrap();
    let mut destroyed = consensus.keys_destroyed();
    let shredded = *consensus.applied().borrow();
    consensus.propose(Command::Shred { uid: uid(1) }).await.unwrap();
    destroyed.changed().await.unwrap();
    assert!(!consensus.has_round_key(uid(1)));
    assert!(!node.path().join("keys").join(uid(1).to_string()).exists());
    node.wait("for the log to be compacted", |status| status.first_index.0 >= shredded.0).await;
    let late = consensus.propose(append(1, "bob", 50)).await;
    assert!(matches!(late, Err(ProposeError::Rejected(Rejection::RoundNotFound { .. }))), "{late:?}");
    drop(consensus);
    node.restart().await;
    node.wait_to_lead().await;
    assert!(node.consensus().state().round(uid(1)).unwrap().is_shredded());
    node.stop().await;
}

#[tokio::test]
async fn nothing_that_a_key_seals_follows_its_shred() {
    let mut node = single().await;
    let consensus = node.consensus().clone();
    consensus.propose(start_late(1)).await.unwrap();
    consensus.propose(append(1, "ann", 50)).await.unwrap();
    let reason = "for the test".to_owned();
    consensus.propose(Command::Fail { uid: uid(1), expected: ExpectedPhase::Open, reason }).await.unwrap();
    let mut destroyed = consensus.keys_destroyed();
    // Right behind the shred, and once the key is gone.
    let (shredded, behind) =
        futures::join!(consensus.propose(Command::Shred { uid: uid(1) }), consensus.propose(append(1, "bob", 50)));
    shredded.unwrap();
    destroyed.changed().await.unwrap();
    let late = consensus.propose(append(1, "cid", 50)).await;
    for refused in [behind, late] {
        assert!(matches!(refused, Err(ProposeError::Rejected(Rejection::RoundClosed { .. }))), "{refused:?}");
    }
    drop(consensus);
    node.restart().await;
    node.wait_to_lead().await;
    node.stop().await;
}

#[tokio::test]
async fn a_member_whose_disk_fails_stops_serving_and_says_so() {
    let mut node = single().await;
    let consensus = node.consensus().clone();
    consensus.store().fail_writes();
    let outcome = consensus.propose(start(1)).await;
    assert!(matches!(outcome, Err(ProposeError::OutcomeUnknown { .. })), "others may have it: {outcome:?}");
    let status = node.wait("to say so", |status| status.storage_fault.is_some()).await;
    assert!(!status.leads());
    assert!(matches!(consensus.read_index().await, Err(ProposeError::StorageFailed)));
    assert!(consensus.leader_time().is_none());
    let outcome = consensus.propose(start(2)).await;
    assert!(matches!(outcome, Err(ProposeError::StorageFailed)), "{outcome:?}");
    drop(consensus);
    node.stop().await;
}

#[tokio::test]
async fn the_log_is_compacted_and_read_back() {
    let settings = crate::consensus::RaftSettings { compact_entries: 50, keep_entries: 10, ..settings() };
    let mut node = Node::found(&Arc::default(), 1, settings);
    node.wait_to_lead().await;
    for _ in 0..80 {
        node.consensus().propose(Command::Tick).await.unwrap();
    }
    node.wait("for the log to be compacted", |status| status.first_index > LogIndex(30)).await;
    let before = node.digest();
    node.restart().await;
    assert_eq!(node.digest(), before);
    node.wait_to_lead().await;
    node.consensus().compact_log().await;
    node.stop().await;
}

#[tokio::test]
async fn proposals_share_a_sync_as_far_as_it_stays_short() {
    // Each of them alone is as much as a sync shall write.
    let settings = crate::consensus::RaftSettings { stepped_bytes: 1 << 10, ..settings() };
    let mut node = Node::found(&Arc::default(), 1, settings);
    node.wait_to_lead().await;
    node.consensus().propose(start(1)).await.unwrap();
    let syncs = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&syncs);
    node.consensus().store().observe_syncs(Arc::new(move |_| _ = counted.fetch_add(1, Ordering::SeqCst)));
    let consensus = node.consensus().clone();
    let mut submitted = Vec::new();
    for sequence in 0..40 {
        submitted.push(consensus.submit(append_much(1, "ann", sequence, 1 << 10)).await.unwrap());
    }
    for submitted in submitted {
        submitted.outcome().await.unwrap();
    }
    assert!(syncs.load(Ordering::SeqCst) >= 40, "40 proposals took {syncs:?} syncs");
    drop(consensus);
    node.stop().await;
}

#[tokio::test]
async fn a_stopped_member_refuses_and_frees_its_directory() {
    let mut node = single().await;
    let left_over = node.consensus().clone();
    node.stop().await;
    assert!(matches!(left_over.propose(Command::Tick).await, Err(ProposeError::Stopped | ProposeError::NoLeader)));
    drop(left_over);
    node.open();
}

#[tokio::test]
async fn calls_may_run_on_any_thread() {
    fn may_move<T: Send>(_: T) {}
    let mut node = single().await;
    let consensus = node.consensus();
    may_move(consensus.propose(Command::Tick));
    may_move(consensus.change_members(node.change(&[]), Duration::ZERO));
    may_move(consensus.read_index());
    may_move(consensus.transfer_leadership(None));
    may_move(consensus.receive(Vec::new()));
    may_move(consensus.clone().stop());
    node.stop().await;
}

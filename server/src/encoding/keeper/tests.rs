//! What the keeper makes of failures: of threads, of files, of memory, of pairs.

use std::{fs, num::NonZeroUsize};

use bytes::Bytes;

use super::*;
use crate::{
    consensus::tests::{
        Node,
        cluster::{stop, three},
        commands::{append, commit, start, uid},
        settings as raft_settings,
    },
    duties,
    encoding::{
        Encodings,
        fixture::{UID, round, stored},
    },
    ids::UploadId,
    sealing,
    state::{ChunkKey, EncodingOutcome, Phase},
    storage::StorageError,
};

fn settings() -> EncodingSettings {
    EncodingSettings {
        threads: NonZeroUsize::MIN,
        part_bytes: 1 << 16,
        rehash_interval: Duration::from_hours(1),
        observe_encode: Arc::new(|_| ()),
        observe_rehash: Arc::new(|| ()),
        observe_damage: Arc::new(|_| ()),
    }
}

/// A keeper of a cluster's only member, and its disk.
async fn keeper() -> (Node, Keeper) {
    let node = Node::found(&Arc::default(), 1, raft_settings());
    node.wait_to_lead().await;
    let consensus = node.consensus().clone();
    let files = EncodingFiles::open(consensus.store().directory().join("encodings")).expect("a directory");
    let damages = Arc::new(Damages::new(Arc::new(|_| ())));
    let parts = Parts { consensus, files: Arc::new(files), shelf: Arc::default(), damages };
    (node, Keeper::new(parts, settings()))
}

fn sound(round: &Arc<HeldRound>) -> Finding {
    Finding { round: Arc::clone(round), memory_is_sound: true, encoding_file_is_sound: true, hint_file_is_sound: true }
}

#[tokio::test]
async fn a_thread_that_ends_without_a_result_has_failed_to_encode() {
    let (done, result) = oneshot::channel();
    let sealing = (RoundUid([1; 16]), 2);
    let mut job = Some(Job { sealing, result });
    drop(done);
    let (ended, made) = finished(&mut job).await;
    assert_eq!(ended, sealing);
    assert!(made.is_ok_and(|made| made.outcome == EncodingOutcome::Failed && made.round.is_none()));
}

#[tokio::test]
async fn a_round_that_has_changed_in_memory_is_served_no_more() {
    let (node, mut keeper) = keeper().await;
    let round = Arc::new(round(1));
    keeper.hold(Arc::clone(&round));
    assert!(keeper.shelf.get(UID).is_some());
    keeper.repair(Finding { memory_is_sound: false, ..sound(&round) }).await;
    assert!(keeper.shelf.get(UID).is_none());
    assert!(keeper.damages.has(UID));
    keeper.hold(round);
    assert!(!keeper.damages.has(UID), "it is sound again");
    stop(vec![node]).await;
}

#[tokio::test]
async fn damaged_files_are_written_again_from_memory_and_kept() {
    let (node, mut keeper) = keeper().await;
    let round = Arc::new(round(1));
    let (directory, files, agreed) = stored(&round);
    keeper.files = Arc::new(files);
    keeper.hold(Arc::clone(&round));
    for digest in agreed.digests() {
        let path = directory.path().join(digest.to_string());
        let whole = fs::read(&path).expect("it is there");
        fs::write(&path, b"damaged").expect("written");
        keeper.repair(Finding { encoding_file_is_sound: false, hint_file_is_sound: false, ..sound(&round) }).await;
        assert_eq!(fs::read(&path).expect("it is there again"), whole);
        assert!(path.with_extension("damaged").exists());
        assert!(keeper.shelf.get(UID).is_some() && !keeper.damages.has(UID));
    }
    stop(vec![node]).await;
}

#[tokio::test]
async fn what_is_found_of_a_round_that_was_replaced_meanwhile_is_no_matter() {
    let (node, mut keeper) = keeper().await;
    let before = Arc::new(round(1));
    keeper.hold(Arc::new(round(1)));
    keeper.repair(Finding { memory_is_sound: false, ..sound(&before) }).await;
    assert!(keeper.shelf.get(UID).is_some() && !keeper.damages.has(UID));
    stop(vec![node]).await;
}

/// A round that two workers have published to.
async fn published(leader: &Consensus) {
    leader.propose(start(1)).await.expect("started");
    for worker in ["ann", "bob"] {
        leader.propose(append(1, worker, 8)).await.expect("staged");
        leader.propose(commit(1, worker, 8)).await.expect("published");
    }
}

/// Puts something that is no chunk in the place of one.
fn damage_pairs(consensus: &Consensus) {
    let key = ChunkKey::new(uid(1), &"ann".parse().expect("a worker"), UploadId([1; 16]), 0);
    consensus.store().stage_chunks(&[(key, Bytes::from_static(b"\xff"))]).expect("written");
}

#[tokio::test]
async fn a_member_that_cannot_read_its_pairs_is_fenced() {
    let nodes = three(raft_settings()).await;
    let (leader, damaged) = (nodes[0].consensus(), nodes[1].consensus());
    published(leader).await;
    nodes[1].wait_applied(*leader.applied().borrow()).await;
    damage_pairs(damaged);
    let encodings = Encodings::start(damaged.clone(), settings()).expect("started");
    sealing::seal(leader, uid(1), 0).await.expect("sealed");
    nodes[1].wait("to be fenced", |_| damaged.fence().is_some()).await;
    assert!(matches!(damaged.fence(), Some(Fence::PairsUnreadable { round, .. }) if *round == uid(1)));
    encodings.stop().await;
    stop(nodes).await;
}

#[tokio::test]
async fn the_only_voter_goes_on_and_its_damaged_round_fails() {
    let node = Node::found(&Arc::default(), 1, raft_settings());
    node.wait_to_lead().await;
    let consensus = node.consensus();
    published(consensus).await;
    damage_pairs(consensus);
    let encodings = Encodings::start(consensus.clone(), settings()).expect("started");
    let duties = tokio::spawn(duties::lead(consensus.clone(), Duration::from_secs(1)));
    let failed = || consensus.state().round(uid(1)).is_some_and(|round| matches!(round.phase(), Phase::Failed { .. }));
    node.wait("to fail", |_| failed()).await;
    assert_eq!(consensus.fence(), None);
    duties.abort();
    encodings.stop().await;
    stop(vec![node]).await;
}

#[tokio::test]
async fn only_damage_of_pairs_that_are_still_needed_is_a_reason_to_fence() {
    let nodes = three(raft_settings()).await;
    let leader = nodes[0].consensus();
    published(leader).await;
    let missing = StorageError::ChunkMissing { uid: uid(1), sequence: 0 };
    assert!(!leader.has_lost_pairs(uid(1), 0, &missing), "it is not sealed yet");
    sealing::seal(leader, uid(1), 0).await.expect("sealed");
    assert!(leader.has_lost_pairs(uid(1), 0, &missing));
    assert!(!leader.has_lost_pairs(uid(1), 1, &missing), "it was not sealed again");
    let full = StorageError::file("write", "encodings")(std::io::ErrorKind::StorageFull.into());
    assert!(!leader.has_lost_pairs(uid(1), 0, &full), "a full disk may have room again");
    leader.propose(crate::state::Command::DeleteRound { uid: uid(1) }).await.expect("deleted");
    assert!(!leader.has_lost_pairs(uid(1), 0, &missing), "its chunks went with it");
    stop(nodes).await;
}

//! The data directory as a whole: the log, what is sealed, and what survives a crash.
//!
//! A crash is a store that is dropped without a word: whatever was not written is lost.

mod content;
mod damage;

use std::{collections::BTreeMap, fs, io, path::Path};

use content::{SECRET, chunk, chunk_key, command, entry, start, state_with_secret, uid};
use raft::prelude::{Entry, HardState, SnapshotMetadata};

use super::{Identity, Loaded, StorageError, Store, store::refused};
use crate::{
    ids::{LogIndex, MemberId, Term},
    state::{Command, State},
};

fn open(directory: &Path) -> Store {
    Store::open(directory).unwrap()
}

fn indices(entries: &[Entry]) -> Vec<(u64, u64)> {
    entries.iter().map(|entry| (entry.index, entry.term)).collect()
}

fn applied(index: u64) -> SnapshotMetadata {
    SnapshotMetadata { index, term: 1, ..SnapshotMetadata::default() }
}

/// Whether a file below `directory` contains `bytes`.
fn contains(directory: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(directory).unwrap().any(|file| {
        let path = file.unwrap().path();
        if path.is_dir() {
            return contains(&path, bytes);
        }
        fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn the_log_reads_back_what_was_appended_and_what_replaced_it() {
    let directory = tempfile::tempdir().unwrap();
    let hard_state = HardState { term: 2, vote: 1, commit: 2 };
    {
        let store = open(directory.path());
        let log = store.log();
        log.append(&[entry(1, 1, &Command::Tick), entry(2, 1, &Command::Tick), entry(3, 1, &Command::Tick)], None)
            .unwrap();
        log.append(&[entry(2, 2, &Command::Tick)], Some(&hard_state)).unwrap();
        assert!(matches!(log.append(&[entry(9, 2, &Command::Tick)], None), Err(StorageError::Gap { .. })));
    }
    let store = open(directory.path());
    let log = store.log();
    assert_eq!(log.last_index(), LogIndex(2));
    assert_eq!(indices(&log.entries(LogIndex(1), LogIndex(3), u64::MAX).unwrap()), [(1, 1), (2, 2)]);
    assert_eq!(log.entries(LogIndex(1), LogIndex(3), 1).unwrap().len(), 1, "at least one, whatever the limit");
    assert_eq!(log.hard_state().unwrap(), hard_state);
}

#[test]
fn a_compacted_log_knows_where_it_begins() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = open(directory.path());
        let entries: Vec<Entry> = (1..=5).map(|index| entry(index, index, &Command::Tick)).collect();
        store.log().append(&entries, None).unwrap();
        store.log().compact(LogIndex(3)).unwrap();
    }
    let store = open(directory.path());
    let log = store.log();
    assert_eq!((log.first_index(), log.last_index()), (LogIndex(4), LogIndex(5)));
    assert_eq!(log.truncated(), (LogIndex(3), Term(3)));
    assert_eq!((log.term(LogIndex(2)), log.term(LogIndex(3))), (None, Some(Term(3))));
    assert_eq!(log.bytes_through(LogIndex(3)), 0);
    assert!(matches!(log.append(&[entry(3, 9, &Command::Tick)], None), Err(StorageError::Gap { .. })));
}

#[test]
fn secrets_are_in_no_file_and_read_back() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = open(directory.path());
        store.log().append(&[entry(1, 1, &start(1)), entry(2, 1, &command(1))], None).unwrap();
        let mut batch = store.state_batch();
        batch.put_chunk(&chunk_key(1), &chunk()).unwrap();
        let state = state_with_secret();
        batch.save_round(uid(1), state.round(uid(1)).unwrap()).unwrap();
        batch.write(&state, &applied(2)).unwrap();
        store.flush().unwrap();
        assert!(!contains(directory.path(), SECRET));
        assert!(!contains(directory.path(), &content::round_secret_in_the_clear(&state)));
        assert!(contains(directory.path(), b"round-1"), "the search finds what is not secret");
    }
    let store = open(directory.path());
    let entries = store.log().entries(LogIndex(2), LogIndex(3), u64::MAX).unwrap();
    assert!(entries[0].data.windows(SECRET.len()).any(|window| window == SECRET));
    let chunks: Result<BTreeMap<_, _>, _> = store.chunks(vec![chunk_key(1)]).collect();
    assert_eq!(chunks.unwrap()[&chunk_key(1)], chunk());
    let Loaded { state, applied: metadata, .. } = store.load_state(&"test".parse().unwrap()).unwrap();
    assert_eq!(metadata.index, 2);
    assert_eq!(state.to_snapshot(), state_with_secret().to_snapshot());
}

#[test]
fn state_and_applied_index_are_written_together_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = open(directory.path());
        let state = state_with_secret();
        store.install_state(&state_without_round(), &applied(1), None).unwrap();
        let mut batch = store.state_batch();
        batch.put_chunk(&chunk_key(1), &chunk()).unwrap();
        batch.save_round(uid(1), state.round(uid(1)).unwrap()).unwrap();
        store.fail_writes();
        assert!(batch.write(&state, &applied(2)).is_err());
    }
    let store = open(directory.path());
    let Loaded { state, applied: metadata, .. } = store.load_state(&"test".parse().unwrap()).unwrap();
    assert_eq!(metadata.index, 1);
    assert!(state.round(uid(1)).is_none());
    assert!(store.chunks(vec![chunk_key(1)]).all(|chunk| chunk.is_err()));
}

fn state_without_round() -> State {
    content::empty_state()
}

/// A directory whose round was shredded in the state, and nothing else yet.
fn shredded_in_state(directory: &Path) -> Store {
    let store = open(directory);
    store.log().append(&[entry(1, 1, &start(1)), entry(2, 1, &command(1))], None).unwrap();
    let state = content::state_after_shred();
    let mut batch = store.state_batch();
    batch.put_chunk(&chunk_key(1), &chunk()).unwrap();
    batch.save_round(uid(1), state.round(uid(1)).unwrap()).unwrap();
    batch.delete_chunks(uid(1));
    batch.write(&state, &applied(2)).unwrap();
    store
}

#[test]
fn a_shred_that_a_crash_interrupted_is_finished_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("keys").join(uid(1).to_string());
    drop(shredded_in_state(directory.path()));
    assert!(key.exists(), "the crash came before the key's end");
    let store = open(directory.path());
    assert!(!key.exists());
    assert!(!store.has_round_key(uid(1)));
    assert_eq!(store.log().first_index(), LogIndex(3), "no entry is left that needs the key");
    assert!(matches!(store.keyring().ensure(uid(1)), Err(StorageError::KeyDestroyed { .. })));
    store.load_state(&"test".parse().unwrap()).unwrap();
}

#[test]
fn a_shred_leaves_neither_key_nor_chunks() {
    let directory = tempfile::tempdir().unwrap();
    let store = shredded_in_state(directory.path());
    store.log().compact(LogIndex(2)).unwrap();
    store.shred(uid(1)).unwrap();
    assert!(!directory.path().join("keys").join(uid(1).to_string()).exists());
    assert!(store.chunks(vec![chunk_key(1)]).all(|chunk| chunk.is_err()));
}

#[test]
fn a_key_whose_round_never_came_to_be_is_removed_and_may_be_made_again() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).keyring().ensure(uid(7)).unwrap();
    let store = open(directory.path());
    assert!(!store.has_round_key(uid(7)));
    store.keyring().ensure(uid(7)).unwrap();
}

#[test]
fn a_key_whose_round_is_only_in_the_log_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).log().append(&[entry(1, 1, &start(1)), entry(2, 1, &command(1))], None).unwrap();
    let store = open(directory.path());
    assert!(store.has_round_key(uid(1)));
    assert_eq!(store.log().entries(LogIndex(1), LogIndex(3), u64::MAX).unwrap().len(), 2);
}

#[test]
fn installing_a_snapshot_replaces_state_and_log_at_once() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = open(directory.path());
        store.log().append(&[entry(1, 1, &start(2)), entry(2, 1, &command(2))], None).unwrap();
        store.stage_chunks(&[(chunk_key(1), chunk())]).unwrap();
        let state = state_with_secret();
        store.install_state(&state, &applied(10), Some(&HardState { term: 3, vote: 0, commit: 10 })).unwrap();
        assert!(store.destroy_ended_keys(&state).unwrap(), "round 2 is not in the snapshot");
        assert!(!store.has_round_key(uid(2)));
    }
    let store = open(directory.path());
    assert_eq!((store.log().first_index(), store.log().last_index()), (LogIndex(11), LogIndex(10)));
    assert_eq!(store.log().hard_state().unwrap().term, 3);
    let Loaded { state, applied: metadata, .. } = store.load_state(&"test".parse().unwrap()).unwrap();
    assert_eq!(metadata.index, 10);
    assert_eq!(state.to_snapshot(), state_with_secret().to_snapshot());
}

#[test]
fn a_directory_is_opened_once_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    assert!(matches!(Store::open(directory.path()), Err(StorageError::Locked { .. })));
    drop(store);
    open(directory.path());
}

/// What the operating system refuses is given: the superuser, as whom tests may run, is refused nothing.
#[test]
fn a_database_whose_identity_was_lost_is_not_taken_for_an_empty_directory() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    fs::remove_file(directory.path().join("identity.json")).unwrap();
    let opened = Store::open(directory.path());
    assert!(matches!(opened, Err(StorageError::Damaged { record: "identity", .. })));
}

#[test]
fn a_directory_that_takes_no_writes_is_named_as_such() {
    let refusal = |kind: io::ErrorKind| refused(Path::new("data"), "write")(kind.into());
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
        let refusal = refusal(kind);
        assert!(matches!(&refusal, StorageError::ReadOnly { directory, .. } if directory == Path::new("data")));
    }
    assert!(matches!(refusal(io::ErrorKind::StorageFull), StorageError::File { action: "write", .. }));
}

#[test]
fn a_state_of_another_cluster_is_not_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.install_state(&state_without_round(), &applied(1), None).unwrap();
    let loaded = store.load_state(&"other".parse().unwrap());
    assert!(matches!(loaded, Err(StorageError::OtherIdentity { .. })));
}

#[test]
fn an_identity_belongs_to_one_member_of_one_cluster_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let instance = {
        let store = open(directory.path());
        store.become_member("test".parse().unwrap(), MemberId(4)).unwrap();
        store.become_member("test".parse().unwrap(), MemberId(4)).unwrap();
        let other = store.become_member("test".parse().unwrap(), MemberId(5));
        assert!(matches!(other, Err(StorageError::OtherIdentity { .. })));
        store.mark_removed().unwrap();
        store.identity().instance()
    };
    let identity = open(directory.path()).identity();
    assert_eq!(identity.instance(), instance);
    assert!(matches!(identity, Identity::Member { id: MemberId(4), removed: true, .. }));
}

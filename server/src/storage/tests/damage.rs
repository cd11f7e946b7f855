//! Chunks that are not what was written, and the mark of a member that has such.

use std::{fs, path::Path};

use bytes::Bytes;

use super::{
    Loaded, Store, applied,
    content::{SECRET, chunk, chunk_key, state_after_shred, state_with_secret, uid},
    open,
};
use crate::fence::Fence;

/// A stored round with a chunk in a table.
fn stored(directory: &Path) -> Store {
    let store = open(directory);
    let state = state_with_secret();
    let mut batch = store.state_batch();
    batch.put_chunk(&chunk_key(1), &chunk()).unwrap();
    batch.save_round(uid(1), state.round(uid(1)).unwrap()).unwrap();
    batch.write(&state, &applied(2)).unwrap();
    store.flush().unwrap();
    store
}

/// Flips a byte of the chunk where it lies on disk.
fn flip_byte_of_chunk(directory: &Path) {
    let tables = fs::read_dir(directory.join("db")).unwrap().map(|file| file.unwrap().path());
    let key = chunk_key(1).to_bytes();
    for table in tables.filter(|file| file.extension() == Some("sst".as_ref())) {
        let mut content = fs::read(&table).unwrap();
        if let Some(place) = content.windows(key.len()).position(|window| window == key) {
            content[place + key.len() + SECRET.len()] ^= 1;
            fs::write(&table, content).unwrap();
            return;
        }
    }
    panic!("no table holds the chunk");
}

fn load(store: &Store) -> Loaded {
    store.load_state(&"test".parse().unwrap()).unwrap()
}

#[test]
fn a_state_whose_chunk_is_damaged_is_loaded_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    drop(stored(directory.path()));
    flip_byte_of_chunk(directory.path());
    let Loaded { state, applied, damage } = load(&open(directory.path()));
    assert_eq!((applied.index, state.to_snapshot()), (2, state_with_secret().to_snapshot()));
    let Some(Fence::PairsUnreadable { round, why }) = damage else { panic!("it says {damage:?}") };
    assert_eq!(round, uid(1));
    assert!(why.contains("checksum"), "{why}");
}

#[test]
fn a_chunk_that_is_gone_or_of_no_sense_is_damage_too() {
    let directory = tempfile::tempdir().unwrap();
    let store = stored(directory.path());
    assert_eq!(load(&store).damage, None);
    store.stage_chunks(&[(chunk_key(1), Bytes::from_static(b"\xff"))]).unwrap();
    assert!(matches!(load(&store).damage, Some(Fence::PairsUnreadable { .. })));
    let mut batch = store.state_batch();
    batch.delete_chunk(&chunk_key(1));
    batch.write(&state_with_secret(), &applied(2)).unwrap();
    assert!(matches!(load(&store).damage, Some(Fence::PairsUnreadable { .. })));
}

#[test]
fn a_fence_is_found_again_and_its_first_reason_stays() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (Fence::InputDiffers { round: uid(1) }, Fence::InputDiffers { round: uid(2) });
    let store = open(directory.path());
    assert_eq!(store.fence(), None);
    store.raise_fence(first.clone());
    store.raise_fence(second);
    assert_eq!(store.fence(), Some(&first));
    drop(store);
    assert_eq!(open(directory.path()).fence(), Some(&first));
}

#[test]
fn a_fenced_member_with_a_damaged_table_goes_on_writing_after_a_shred() {
    let directory = tempfile::tempdir().unwrap();
    drop(stored(directory.path()));
    flip_byte_of_chunk(directory.path());
    let store = open(directory.path());
    store.raise_fence(Fence::InputDiffers { round: uid(1) });
    let state = state_after_shred();
    let mut batch = store.state_batch();
    batch.save_round(uid(1), state.round(uid(1)).unwrap()).unwrap();
    batch.delete_chunks(uid(1));
    batch.write(&state, &applied(3)).unwrap();
    store.shred(uid(1)).unwrap();
    assert!(!store.has_round_key(uid(1)));
    store.flush().unwrap();
    store.state_batch().write(&state, &applied(4)).unwrap();
}

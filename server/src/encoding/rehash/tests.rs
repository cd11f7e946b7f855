//! What is found of a round that has changed, and of one that has not.

use std::fs;

use super::*;
use crate::encoding::{
    checksum::Checksums,
    fixture::{round, stored},
};

/// Whether memory, the encoding's file and the hint's file are sound.
async fn found(round: HeldRound, files: &EncodingFiles) -> [bool; 3] {
    let finding = examine(Arc::new(round), files).await.expect("the runtime works");
    [finding.memory_is_sound, finding.encoding_file_is_sound, finding.hint_file_is_sound]
}

#[tokio::test]
async fn a_round_that_is_as_it_was_is_sound() {
    let round = round(1);
    let (_directory, files, _) = stored(&round);
    assert_eq!(found(round, &files).await, [true; 3]);
}

#[tokio::test]
async fn each_part_that_changed_in_memory_is_noticed() {
    let (is, was) = (round(1).checksums(), round(2).checksums());
    for checksums in [
        Checksums { encoding: was.encoding, ..is },
        Checksums { hint: was.hint, ..is },
        Checksums { matrix: was.matrix, ..is },
    ] {
        let round = round(1);
        let (_directory, files, _) = stored(&round);
        assert!(!found(round.loaded_as(checksums), &files).await[0]);
    }
}

#[tokio::test]
async fn a_byte_that_changed_in_a_file_is_noticed_wherever_it_is() {
    let round = || round(1);
    let length = round().encoding().len();
    for position in [0, length / 2, length - 1] {
        let (directory, files, agreed) = stored(&round());
        let path = directory.path().join(agreed.encoding.to_string());
        let mut bytes = fs::read(&path).expect("it is there");
        bytes[position] ^= 1;
        fs::write(&path, bytes).expect("written");
        let checksums = round().checksums();
        let encoding = is_file(files.open_file(agreed.encoding), length, checksums.encoding).await;
        assert!(!encoding.expect("the runtime works"), "byte {position}");
    }
}

#[tokio::test]
async fn files_that_are_missing_or_of_another_length_are_not_sound() {
    let round = round(1);
    let (directory, files, agreed) = stored(&round);
    let hint = directory.path().join(agreed.hint.to_string());
    fs::write(&hint, [round.hint().as_ref(), b"more"].concat()).expect("written");
    fs::remove_file(directory.path().join(agreed.encoding.to_string())).expect("removed");
    assert_eq!(found(round, &files).await, [true, false, false]);
}

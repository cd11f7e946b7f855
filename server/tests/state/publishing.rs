//! Publishing: resumed, repeated, in conflict, abandoned.

use std::collections::BTreeSet;

use bytes::Bytes;
use silhouette_okvs::ValueLayout;
use silhouette_server::{
    ids::{ClusterTime, UploadId},
    state::{Command, Due, Expected, Limits, PhaseName, Rejection, Reply, RestoreError, RoundSpec, UserKey},
};

use crate::machine::{Machine, append, commit, encoded, limits, round_id, spec, uid, upload, worker};

const PUBLISHED: Result<Reply, Rejection> = Ok(Reply::Published { already: false });
const ALREADY: Result<Reply, Rejection> = Ok(Reply::Published { already: true });

#[expect(clippy::unnecessary_wraps, reason = "compared with what is answered, beside refusals")]
fn chunk(next_sequence: u64) -> Result<Reply, Rejection> {
    Ok(Reply::Chunk { next_sequence })
}

fn gap(next_sequence: u64) -> Result<Reply, Rejection> {
    Err(Rejection::ChunkGap { next_sequence })
}

/// A cluster with an open round that waits for `workers` workers.
fn open(workers: u32) -> Machine {
    let mut machine = Machine::cluster();
    machine.start(1, spec(workers)).unwrap();
    machine
}

#[test]
fn chunks_are_staged_in_sequence_and_a_gap_says_where_to_go_on() {
    let mut machine = open(1);
    assert_eq!(machine.append(1, "w", 1, 1, &[("b", "")]), gap(0));
    assert_eq!(machine.append(1, "w", 1, 0, &[("a", "")]), chunk(1));
    assert_eq!(machine.append(1, "w", 1, 2, &[("c", "")]), gap(1));
    assert_eq!(machine.append(1, "w", 1, 1, &[("b", "")]), chunk(2));
    assert_eq!(machine.commit(1, "w", 1, 3, &[("a", ""), ("b", ""), ("c", "")]), gap(2));
    assert_eq!(machine.commit(1, "w", 1, 2, &[("b", ""), ("a", "")]), PUBLISHED);
}

#[test]
fn a_chunk_sent_twice_is_acknowledged_and_changes_nothing() {
    let mut machine = open(1);
    machine.append(1, "w", 1, 0, &[("a", "")]).unwrap();
    machine.append(1, "w", 1, 1, &[("b", "")]).unwrap();
    machine.unchanged(|machine| {
        assert_eq!(machine.append(1, "w", 1, 0, &[("a", "")]), chunk(2));
        assert_eq!(machine.append(1, "w", 1, 1, &[("b", "")]), chunk(2));
    });
}

#[test]
fn an_upload_resumes_where_it_was_after_a_restart() {
    let mut machine = open(1);
    machine.append(1, "w", 1, 0, &[("a", "")]).unwrap();
    machine.restart();
    let round = machine.round(uid(1)).unwrap();
    assert_eq!(round.next_sequence(&worker("w"), upload(1)), Some(1));
    assert_eq!(round.next_sequence(&worker("w"), upload(2)), None);
    assert_eq!(machine.append(1, "w", 1, 1, &[("a", "")]), Err(Rejection::DuplicateKey { key: UserKey::new(b"a") }));
    assert_eq!(machine.append(1, "w", 1, 1, &[("b", "")]), chunk(2));
    assert_eq!(machine.commit(1, "w", 1, 2, &[("a", ""), ("b", "")]), PUBLISHED);
}

#[test]
fn a_new_upload_replaces_the_old_one_whose_owner_is_told() {
    let mut machine = open(1);
    machine.append(1, "w", 1, 0, &[("a", "")]).unwrap();
    machine.append(1, "w", 1, 1, &[("b", "")]).unwrap();
    assert_eq!(machine.append(1, "w", 2, 1, &[("b", "")]), gap(0), "a new upload begins at the beginning");
    assert_eq!(machine.append(1, "w", 2, 0, &[("a", "")]), chunk(1), "keys of the old one are forgotten");
    assert_eq!(machine.chunks().len(), 1, "and its chunks");
    let superseded = Err(Rejection::UploadSuperseded { worker: worker("w") });
    machine.unchanged(|machine| {
        assert_eq!(machine.append(1, "w", 1, 2, &[("c", "")]), superseded);
        assert_eq!(
            machine.append(1, "w", 1, 0, &[("a", "")]),
            superseded,
            "a late chunk of the old one takes nothing back"
        );
        assert_eq!(machine.commit(1, "w", 1, 2, &[("a", ""), ("b", "")]), superseded);
        assert_eq!(machine.commit(1, "w", 1, 0, &[]), superseded);
    });
    assert_eq!(machine.commit(1, "w", 2, 1, &[("a", "")]), PUBLISHED);
}

#[test]
fn a_refused_beginning_replaces_nothing() {
    let mut machine = open(1);
    machine.append(1, "w", 1, 0, &[("a", "")]).unwrap();
    machine.unchanged(|machine| assert!(machine.append(1, "w", 2, 0, &[("", "")]).is_err()));
    assert_eq!(machine.commit(1, "w", 1, 1, &[("a", "")]), PUBLISHED);
}

#[test]
fn uploads_that_were_replaced_long_ago_are_forgotten() {
    let mut machine = open(1);
    for by in 1..=20 {
        assert_eq!(machine.append(1, "w", by, 0, &[("a", "")]), chunk(1));
    }
    assert_eq!(machine.append(1, "w", 12, 0, &[("a", "")]), Err(Rejection::UploadSuperseded { worker: worker("w") }));
    assert_eq!(machine.append(1, "w", 11, 1, &[("a", "")]), gap(0));
}

#[test]
fn the_same_content_again_succeeds_and_changes_nothing() {
    let mut machine = open(2);
    machine.append(1, "w", 1, 0, &[("a", "1"), ("b", "2")]).unwrap();
    assert_eq!(machine.commit(1, "w", 1, 1, &[("a", "1"), ("b", "2")]), PUBLISHED);
    machine.unchanged(|machine| {
        assert_eq!(machine.commit(1, "w", 1, 1, &[("a", "1"), ("b", "2")]), ALREADY);
        // Another process of the same worker, in another order and other chunks.
        assert_eq!(machine.append(1, "w", 2, 0, &[("b", "2")]), chunk(1));
        assert_eq!(machine.append(1, "w", 2, 1, &[("a", "1")]), chunk(2));
        assert_eq!(machine.commit(1, "w", 2, 2, &[("b", "2"), ("a", "1")]), ALREADY);
    });
}

#[test]
fn different_content_of_a_worker_that_has_published_is_refused() {
    let mut machine = open(2);
    machine.publish(1, "w", 1, &[("a", "1")]).unwrap();
    let differs = Err(Rejection::PublicationDiffers { worker: worker("w") });
    machine.unchanged(|machine| {
        assert_eq!(machine.publish(1, "w", 2, &[("a", "2")]), differs);
        assert_eq!(machine.commit(1, "w", 1, 1, &[("b", "1")]), differs);
        assert_eq!(machine.commit(1, "w", 2, 0, &[]), differs);
    });
}

#[test]
fn a_retry_that_comes_after_sealing_still_hears_that_it_succeeded() {
    let mut machine = open(1);
    let pairs = [("a", "1")];
    machine.publish(1, "w", 1, &pairs).unwrap();
    machine.seal(1, 0).unwrap();
    machine.unchanged(|machine| {
        assert_eq!(machine.publish(1, "w", 1, &pairs), ALREADY);
        assert_eq!(machine.publish(1, "w", 2, &pairs), ALREADY);
    });
    machine.report(1, 0, 1, encoded(1));
    machine.report(1, 0, 2, encoded(1));
    machine.apply(Command::Shred { uid: uid(1) }).unwrap();
    let closed = Err(Rejection::RoundClosed { id: round_id(1), phase: PhaseName::Ready });
    machine.unchanged(|machine| {
        assert_eq!(machine.publish(1, "w", 1, &pairs), ALREADY, "the same upload needs no comparison");
        assert_eq!(machine.publish(1, "w", 2, &pairs), closed, "nothing is left to compare another with");
    });
}

#[test]
fn a_worker_may_publish_nothing() {
    let mut machine = open(2);
    assert_eq!(machine.commit(1, "w", 1, 0, &[]), PUBLISHED);
    assert_eq!(machine.commit(1, "w", 1, 0, &[]), ALREADY);
    // And change its mind before it has published something.
    machine.append(1, "v", 1, 0, &[("a", "")]).unwrap();
    assert_eq!(machine.commit(1, "v", 2, 0, &[]), PUBLISHED);
    assert!(machine.chunks().is_empty());
    assert!(machine.round(uid(1)).unwrap().is_complete());
}

#[test]
fn a_commit_that_does_not_match_what_is_staged_is_refused() {
    let mut machine = open(1);
    machine.append(1, "w", 1, 0, &[("a", "1")]).unwrap();
    machine.append(1, "w", 1, 1, &[("b", "2")]).unwrap();
    let incomplete = Err(Rejection::PublicationIncomplete { worker: worker("w") });
    machine.unchanged(|machine| {
        assert_eq!(machine.commit(1, "w", 1, 1, &[("a", "1"), ("b", "2")]), incomplete, "too few chunks");
        assert_eq!(machine.commit(1, "w", 1, 2, &[("a", "1")]), incomplete, "too few pairs");
        assert_eq!(machine.commit(1, "w", 1, 2, &[("a", "1"), ("b", "3")]), incomplete, "another digest");
        assert_eq!(machine.commit(1, "w", 1, 0, &[]), incomplete, "nothing where something is staged");
        assert_eq!(
            machine.commit(1, "v", 1, 0, &[("a", "1")]),
            Err(Rejection::PublicationIncomplete { worker: worker("v") })
        );
    });
    assert_eq!(machine.commit(1, "w", 1, 2, &[("a", "1"), ("b", "2")]), PUBLISHED);
}

#[test]
fn the_second_commit_of_a_key_fails_and_its_staging_is_dropped() {
    let mut machine = open(2);
    machine.append(1, "second", 1, 0, &[("x", ""), ("shared", "")]).unwrap();
    machine.append(1, "first", 1, 0, &[("shared", "")]).unwrap();
    assert_eq!(machine.commit(1, "first", 1, 1, &[("shared", "")]), PUBLISHED, "a staged chunk claims nothing");
    let refused = machine.commit(1, "second", 1, 1, &[("x", ""), ("shared", "")]);
    assert_eq!(refused, Err(Rejection::KeyConflict { key: UserKey::new(b"shared"), worker: worker("first") }));
    assert_eq!(machine.chunks().len(), 1);
    assert_eq!(machine.round(uid(1)).unwrap().next_sequence(&worker("second"), upload(1)), None);
    assert_eq!(machine.publish(1, "second", 2, &[("x", "")]), PUBLISHED, "without the key it may");
}

#[test]
fn a_conflict_is_found_among_publications_of_before_a_restart() {
    let mut machine = open(3);
    machine.publish(1, "first", 1, &[("shared", "")]).unwrap();
    machine.append(1, "second", 1, 0, &[("shared", "")]).unwrap();
    machine.restart();
    let refused = machine.commit(1, "second", 1, 1, &[("shared", "")]);
    assert_eq!(refused, Err(Rejection::KeyConflict { key: UserKey::new(b"shared"), worker: worker("first") }));
}

#[test]
fn a_key_twice_in_a_publication_is_refused_wherever_it_comes_again() {
    let mut machine = open(1);
    let duplicate = Err(Rejection::DuplicateKey { key: UserKey::new(b"a") });
    machine.unchanged(|machine| assert_eq!(machine.append(1, "w", 1, 0, &[("a", "1"), ("a", "1")]), duplicate));
    machine.append(1, "w", 1, 0, &[("a", "1")]).unwrap();
    machine.unchanged(|machine| assert_eq!(machine.append(1, "w", 1, 1, &[("b", ""), ("a", "2")]), duplicate));
    assert_eq!(machine.append(1, "w", 1, 1, &[("b", "")]), chunk(2), "the refused chunk left nothing");
}

#[test]
fn neither_debug_nor_display_of_a_rejection_shows_the_key() {
    let mut machine = open(1);
    let rejection = machine.append(1, "w", 1, 0, &[("se-cret", ""), ("se-cret", "")]).unwrap_err();
    assert!(!format!("{rejection:?} {rejection}").contains("se-cret"));
}

#[test]
fn keys_and_values_have_their_lengths() {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { values: ValueLayout::Variable { max_bytes: 4 }, ..spec(1) }).unwrap();
    machine.start(2, RoundSpec { values: ValueLayout::Fixed { bytes: 4 }, ..spec(1) }).unwrap();
    let long = "k".repeat(33);
    machine.unchanged(|machine| {
        let (sequence, pair) = (0, 1);
        let mut refused =
            |n, key: &str, value: &str| machine.append(n, "w", 1, 0, &[("ok", "1234"), (key, value)]).unwrap_err();
        assert_eq!(refused(1, "", ""), Rejection::KeyEmpty { sequence, pair });
        assert_eq!(refused(1, &long, ""), Rejection::KeyTooLong { sequence, pair, bytes: 33, limit: 32 });
        assert_eq!(refused(1, "a", "12345"), Rejection::ValueTooLong { sequence, pair, bytes: 5, limit: 4 });
        assert_eq!(refused(2, "a", "12345"), Rejection::ValueLength { sequence, pair, bytes: 5, limit: 4 });
        assert_eq!(refused(2, "a", "123"), Rejection::ValueLength { sequence, pair, bytes: 3, limit: 4 });
    });
    assert_eq!(machine.append(1, "w", 1, 0, &[("\0\u{7f}", ""), ("a", "1234")]), chunk(1), "any bytes are a key");
}

#[test]
fn a_chunk_beyond_the_limit_or_without_sense_is_refused() {
    let mut machine = Machine::cluster_with(Limits { max_chunk_bytes: 30, ..limits() });
    machine.start(1, spec(1)).unwrap();
    machine.unchanged(|machine| {
        let refused = machine.append(1, "w", 1, 0, &[("a", "0123456789"), ("b", "0123456789")]);
        assert_eq!(refused, Err(Rejection::ChunkTooLarge { sequence: 0, bytes: 34, limit: 30 }));
        let Command::AppendChunk { uid, worker, upload, sequence, .. } = append(1, "w", 1, 0, &[]) else { panic!() };
        let nonsense = Command::AppendChunk { uid, worker, upload, sequence, pairs: Bytes::from_static(&[0xff; 9]) };
        assert!(matches!(machine.apply(nonsense), Err(Rejection::InvalidRequest { .. })));
    });
}

#[test]
fn a_round_holds_no_more_pairs_than_it_may() {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { max_pairs: Some(3), ..spec(3) }).unwrap();
    let full = Err(Rejection::TooManyPairs { id: round_id(1), limit: 3 });
    machine.publish(1, "first", 1, &[("a", "")]).unwrap();
    machine.append(1, "second", 1, 0, &[("b", ""), ("c", "")]).unwrap();
    machine.unchanged(|machine| assert_eq!(machine.append(1, "second", 1, 1, &[("d", "")]), full));
    machine.append(1, "third", 1, 0, &[("e", ""), ("f", "")]).unwrap();
    assert_eq!(machine.commit(1, "second", 1, 1, &[("b", ""), ("c", "")]), PUBLISHED);
    assert_eq!(machine.commit(1, "third", 1, 1, &[("e", ""), ("f", "")]), full);
    assert_eq!(machine.chunks().len(), 2, "what can never be committed is dropped");
    assert_eq!(machine.commit(1, "third", 2, 0, &[]), PUBLISHED);
}

#[test]
fn a_round_stages_no_more_bytes_than_it_may() {
    let mut machine = Machine::cluster_with(Limits { max_bytes_per_round: 1_000, ..limits() });
    machine.start(1, spec(5)).unwrap();
    for name in ["a", "b", "c"] {
        machine.append(1, name, 1, 0, &[]).unwrap();
    }
    machine.unchanged(|machine| {
        assert!(matches!(machine.append(1, "d", 1, 0, &[]), Err(Rejection::RoundTooLarge { limit: 1_000, .. })));
    });
    assert_eq!(machine.append(1, "c", 2, 0, &[]), chunk(1), "what is replaced does not count");
}

#[test]
fn only_expected_workers_publish() {
    let mut machine = Machine::cluster();
    let names = Expected::Names(BTreeSet::from([worker("a"), worker("b")]));
    machine.start(1, RoundSpec { expected: names, ..spec(1) }).unwrap();
    machine.start(2, spec(1)).unwrap();
    machine.append(2, "late", 1, 0, &[("k", "")]).unwrap();
    machine.publish(2, "a", 1, &[]).unwrap();
    machine.unchanged(|machine| {
        let unexpected = |name, n| Err(Rejection::WorkerNotExpected { worker: worker(name), id: round_id(n) });
        assert_eq!(machine.append(1, "c", 1, 0, &[("k", "")]), unexpected("c", 1));
        assert_eq!(machine.commit(1, "c", 1, 0, &[]), unexpected("c", 1));
        assert_eq!(machine.commit(2, "late", 1, 1, &[("k", "")]), unexpected("late", 2), "one too many");
    });
    assert_eq!(machine.publish(1, "b", 1, &[]), PUBLISHED);
}

#[test]
fn a_closed_or_unknown_round_takes_nothing() {
    let mut machine = open(2);
    machine.append(1, "late", 1, 0, &[("l", "")]).unwrap();
    machine.publish(1, "w", 1, &[("a", "")]).unwrap();
    machine.seal(1, 0).unwrap();
    assert_eq!(machine.chunks().len(), 1, "sealing drops what was not committed");
    machine.unchanged(|machine| {
        let closed = Err(Rejection::RoundClosed { id: round_id(1), phase: PhaseName::Sealed });
        assert_eq!(machine.append(1, "late", 1, 1, &[("m", "")]), closed);
        assert_eq!(machine.commit(1, "late", 1, 1, &[("l", "")]), closed);
        let unknown = Err(Rejection::RoundNotFound { uid: uid(9) });
        assert_eq!(machine.append(9, "w", 1, 0, &[]), unknown);
        assert_eq!(machine.commit(9, "w", 1, 0, &[]), unknown);
    });
}

#[test]
fn an_upload_that_stays_idle_for_a_minute_is_dropped() {
    let mut machine = open(1);
    machine.append(1, "w", 1, 0, &[("a", "")]).unwrap();
    machine.wait(59_999);
    assert_eq!(machine.due(), []);
    assert_eq!(machine.next_deadline(), Some(machine.now.after(1)));
    machine.wait(1);
    let idle_since = ClusterTime(machine.now.0 - 60_000);
    let abort = Command::AbortPublication { uid: uid(1), worker: worker("w"), upload: upload(1), idle_since };
    assert_eq!(machine.due(), [Due::Command(abort.clone())]);

    machine.apply(abort).unwrap();
    assert!(machine.chunks().is_empty());
    assert_eq!(machine.append(1, "w", 1, 1, &[("b", "")]), gap(0), "its owner begins anew");
    assert_eq!(machine.append(1, "w", 1, 0, &[("a", "")]), chunk(1));
}

#[test]
fn a_stale_abort_changes_nothing() {
    let mut machine = open(1);
    machine.append(1, "w", 1, 0, &[("a", "")]).unwrap();
    let began = machine.now;
    machine.wait(1);
    machine.append(1, "w", 1, 1, &[("b", "")]).unwrap();
    machine.publish(1, "v", 1, &[]).unwrap();
    let mut abort = |name, upload, idle_since| {
        machine.unchanged(|machine| {
            machine.apply(Command::AbortPublication { uid: uid(1), worker: worker(name), upload, idle_since }).unwrap();
        });
    };
    abort("w", upload(1), began);
    abort("w", UploadId([9; 16]), ClusterTime(u64::MAX));
    abort("v", upload(1), ClusterTime(u64::MAX));
    abort("x", upload(1), ClusterTime(u64::MAX));
}

#[test]
fn a_store_without_a_live_chunk_or_secret_gives_no_state() {
    let mut machine = open(2);
    machine.append(1, "w", 1, 0, &[("a", "")]).unwrap();
    machine.append(1, "w", 1, 1, &[("b", "")]).unwrap();
    let mut chunks = machine.chunks().clone();
    let (last, _) = chunks.pop_last().unwrap();
    assert_eq!(machine.restored(&chunks).unwrap_err(), RestoreError::ChunkMissing { uid: uid(1), sequence: 1 });
    chunks.insert(last, Bytes::from_static(&[0xff; 9]));
    assert_eq!(machine.restored(&chunks).unwrap_err(), RestoreError::ChunkDamaged { uid: uid(1), sequence: 1 });
}

#[test]
fn what_a_publication_command_prints_is_its_kind() {
    let printed = format!("{:?} {:?}", append(1, "w", 1, 0, &[("se-cret", "se-cret")]), commit(1, "w", 1, 0, &[]));
    assert_eq!(printed, "Command { kind: \"append_chunk\", .. } Command { kind: \"commit_publication\", .. }");
}

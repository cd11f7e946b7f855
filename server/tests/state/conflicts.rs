//! A key that several workers publish: refused, or decided by the order of commits.

use std::collections::BTreeMap;

use silhouette_server::{
    encoding::Recipe,
    state::{EncodingOutcome, OnConflict, Rejection, Reply, RoundSpec, UserKey},
};

use crate::machine::{Machine, round_id, spec, uid, worker};

const PUBLISHED: Result<Reply, Rejection> = Ok(Reply::Published { already: false });
const OVERLAPPING: [OnConflict; 2] = [OnConflict::First, OnConflict::Last];

/// A cluster with an open round of this rule that waits for so many workers.
fn open(on_conflict: OnConflict, workers: u32) -> Machine {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { on_conflict, ..spec(workers) }).unwrap();
    machine
}

/// What the members encode.
fn encoded_pairs(machine: &Machine) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let recipe = Recipe::of(machine.round(uid(1)).unwrap()).unwrap();
    let chunks = recipe.chunks().iter().map(|key| Ok((*key, machine.chunks()[key].clone())));
    let pairs = recipe.gather(chunks).unwrap();
    let map: BTreeMap<_, _> = pairs.as_slice().iter().map(|(key, value)| (text(key), text(value))).collect();
    assert_eq!(map.len(), pairs.as_slice().len(), "each key comes once");
    map
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_first_or_last_commit_decides_and_not_the_first_or_last_chunk() {
    for (rule, expected) in OVERLAPPING.into_iter().zip(["early", "late"]) {
        let mut machine = open(rule, 2);
        // Worker z sends its chunk first and commits first, worker a commits last: neither names nor chunks decide.
        machine.append(1, "a", 1, 0, &[("shared", "late"), ("a", "1")]).unwrap();
        machine.append(1, "z", 1, 0, &[("z", "2"), ("shared", "early")]).unwrap();
        assert_eq!(machine.commit(1, "z", 1, 1, &[("z", "2"), ("shared", "early")]), PUBLISHED);
        assert_eq!(machine.commit(1, "a", 1, 1, &[("shared", "late"), ("a", "1")]), PUBLISHED);
        machine.seal(1, 0).unwrap();
        let expected = pairs(&[("a", "1"), ("shared", expected), ("z", "2")]);
        assert_eq!(encoded_pairs(&machine), expected);
        machine.restart();
        assert_eq!(encoded_pairs(&machine), expected, "after a restart");
        machine.pass_on();
        assert_eq!(encoded_pairs(&machine), expected, "at a member that starts from a snapshot");
    }
}

#[test]
fn what_is_staged_and_never_committed_decides_nothing() {
    for rule in OVERLAPPING {
        let mut machine = open(rule, 3);
        machine.append(1, "a", 1, 0, &[("k", "staged")]).unwrap();
        machine.publish(1, "b", 1, &[("k", "published")]).unwrap();
        machine.append(1, "c", 1, 0, &[("k", "staged later")]).unwrap();
        machine.seal(1, 0).unwrap();
        assert_eq!(encoded_pairs(&machine), pairs(&[("k", "published")]));
    }
}

#[test]
fn a_key_twice_in_one_publication_is_an_error_under_every_rule() {
    for rule in OVERLAPPING {
        let mut machine = open(rule, 2);
        machine.publish(1, "a", 1, &[("k", "1")]).unwrap();
        let twice = machine.unchanged(|machine| machine.append(1, "b", 1, 0, &[("k", "2"), ("k", "2")]));
        assert_eq!(twice, Err(Rejection::DuplicateKey { key: UserKey::new(b"k") }));
    }
}

#[test]
fn a_round_that_rejects_names_the_key_and_who_has_it() {
    let mut machine = open(OnConflict::Reject, 2);
    machine.publish(1, "a", 1, &[("k", "1")]).unwrap();
    let refused = machine.publish(1, "b", 1, &[("k", "1")]);
    assert_eq!(refused, Err(Rejection::KeyConflict { key: UserKey::new(b"k"), worker: worker("a") }));
}

#[test]
fn an_empty_publication_conflicts_with_nothing_whatever_its_worker_had_staged() {
    let mut machine = open(OnConflict::Reject, 2);
    machine.publish(1, "a", 1, &[("k", "1")]).unwrap();
    machine.append(1, "b", 1, 0, &[("k", "2")]).unwrap();
    assert_eq!(machine.commit(1, "b", 2, 0, &[]), PUBLISHED);
    let mut machine = open(OnConflict::First, 2);
    machine.publish(1, "a", 1, &[("k", "1")]).unwrap();
    machine.append(1, "b", 1, 0, &[("k", "2"), ("l", "2")]).unwrap();
    assert_eq!(machine.commit(1, "b", 2, 0, &[]), PUBLISHED);
    assert_eq!(machine.round(uid(1)).unwrap().pairs(), 1, "nor does it have any of its keys");
}

#[test]
fn a_key_counts_once_towards_the_rounds_pairs() {
    for rule in OVERLAPPING {
        let mut machine = Machine::cluster();
        machine.start(1, RoundSpec { on_conflict: rule, max_pairs: Some(3), ..spec(4) }).unwrap();
        machine.publish(1, "a", 1, &[("x", ""), ("y", "")]).unwrap();
        machine.publish(1, "b", 1, &[("y", ""), ("z", "")]).unwrap();
        machine.publish(1, "c", 1, &[("x", ""), ("y", ""), ("z", "")]).unwrap();
        assert_eq!(machine.round(uid(1)).unwrap().pairs(), 3);
        machine.restart();
        assert_eq!(machine.round(uid(1)).unwrap().pairs(), 3);
        let full = Err(Rejection::TooManyPairs { id: round_id(1), limit: 3 });
        let more = [("x", ""), ("y", ""), ("z", ""), ("w", "")];
        machine.unchanged(|machine| assert_eq!(machine.append(1, "d", 1, 0, &more), full, "more than can ever fit"));
        machine.append(1, "d", 1, 0, &[("x", ""), ("w", "")]).unwrap();
        assert_eq!(machine.commit(1, "d", 1, 1, &[("x", ""), ("w", "")]), full, "one key too many");
        assert_eq!(machine.publish(1, "d", 2, &[("x", ""), ("z", "")]), PUBLISHED);
    }
}

#[test]
fn the_capacity_follows_from_what_is_encoded_and_stays_when_sealed_again() {
    let names: Vec<String> = (0..1_025).map(|n| format!("k{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    for rule in OVERLAPPING {
        let mut machine = open(rule, 3);
        machine.publish(1, "a", 1, &many[..1_000]).unwrap();
        machine.publish(1, "b", 1, &many[..1_000]).unwrap();
        let capacity = |machine: &Machine| machine.round(uid(1)).unwrap().parameters().unwrap().capacity;
        let mut smaller = open(rule, 3);
        smaller.publish(1, "a", 1, &many[..1_000]).unwrap();
        smaller.publish(1, "b", 1, &many[..1_000]).unwrap();
        smaller.seal(1, 0).unwrap();
        assert_eq!(capacity(&smaller), 1_024, "a thousand keys, published twice");

        machine.publish(1, "c", 1, &many[500..]).unwrap();
        machine.seal(1, 0).unwrap();
        assert_eq!(capacity(&machine), 1_117);
        assert_eq!(encoded_pairs(&machine).len(), 1_025);
        for member in [1, 2] {
            machine.report(1, 0, member, EncodingOutcome::Failed);
        }
        machine.restart();
        machine.seal(1, 1).unwrap();
        assert_eq!((capacity(&machine), encoded_pairs(&machine).len()), (1_117, 1_025));
    }
}

#[test]
fn each_publication_may_have_all_the_pairs_where_they_may_overlap() {
    let reserved = |on_conflict, workers| {
        let mut machine = Machine::cluster();
        machine.start(1, RoundSpec { on_conflict, max_pairs: Some(1_000), ..spec(workers) }).unwrap();
        machine.reserved_bytes()
    };
    assert_eq!(reserved(OnConflict::Reject, 16), reserved(OnConflict::Reject, 1));
    assert!(reserved(OnConflict::Last, 16) > reserved(OnConflict::Last, 1), "and memory is reserved for them");

    let names: Vec<String> = (0..1_000).map(|n| format!("{n:032}")).collect();
    let value = "v".repeat(64);
    let all: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { on_conflict: OnConflict::First, max_pairs: Some(1_000), ..spec(8) }).unwrap();
    for n in 0..8 {
        assert_eq!(machine.publish(1, &format!("w{n}"), 1, &all), PUBLISHED);
    }
}

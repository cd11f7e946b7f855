//! Each limit, reached and crossed by one.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;
use silhouette_okvs::ValueLayout;
use silhouette_proto::v1::{Pair, PublishChunk};
use silhouette_server::state::{Command, Expected, Limits, Rejection, Reply, RoundSpec};

use crate::machine::{Machine, append, limits, round_id, spec, uid, worker};

/// The fields of which a spec is refused.
fn refused_fields(limits: &Limits, spec: RoundSpec) -> Vec<&'static str> {
    match Machine::cluster_with(limits.clone()).start(1, spec) {
        Ok(_) => Vec::new(),
        Err(Rejection::InvalidRequest { violations }) => violations.iter().map(|violation| violation.field).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

/// A cluster of these limits with an open round.
fn open(limits: Limits, spec: RoundSpec) -> Machine {
    let mut machine = Machine::cluster_with(limits);
    machine.start(1, spec).unwrap();
    machine
}

#[test]
fn a_spec_may_ask_for_as_much_as_the_limits_allow_and_for_no_more() {
    let limits = Limits { max_workers: 3, ..limits() };
    let named = |count| Expected::Names((0..count).map(|n| worker(&format!("w{n}"))).collect::<BTreeSet<_>>());
    let at = |extra: u32| {
        let values = [
            ValueLayout::Variable { max_bytes: limits.max_value_bytes + extra },
            ValueLayout::Fixed { bytes: limits.max_value_bytes + extra },
        ];
        let of_values = values.map(|values| RoundSpec { values, ..spec(1) });
        let [variable, fixed] = of_values;
        [
            RoundSpec { max_pairs: Some(limits.max_pairs + u64::from(extra)), ..spec(1) },
            variable,
            fixed,
            spec(limits.max_workers + extra),
            RoundSpec { expected: named(limits.max_workers + extra), ..spec(1) },
        ]
    };
    for allowed in at(0) {
        assert_eq!(refused_fields(&limits, allowed), [""; 0]);
    }
    let refused = at(1).map(|spec| refused_fields(&limits, spec));
    let fields = ["max_pairs", "max_value_bytes", "fixed_value_bytes", "worker_count", "workers"];
    assert_eq!(refused, fields.map(|field| vec![field]));
}

#[test]
fn a_key_may_be_as_long_as_the_limit() {
    let limit = limits().max_key_bytes as usize;
    let mut machine = open(limits(), spec(1));
    let (sequence, pair, bytes) = (0, 0, limit as u64 + 1);
    let longer = machine.append(1, "w", 1, 0, &[(&"k".repeat(limit + 1), "")]);
    assert_eq!(longer, Err(Rejection::KeyTooLong { sequence, pair, bytes, limit: limit as u64 }));
    assert!(machine.append(1, "w", 1, 0, &[(&"k".repeat(limit), "")]).is_ok());
}

#[test]
fn a_value_may_be_as_long_as_the_spec_says() {
    let (sequence, pair, bytes, limit) = (0, 0, 101, 100);
    let values = [ValueLayout::Variable { max_bytes: 100 }, ValueLayout::Fixed { bytes: 100 }];
    let refusals = [
        Rejection::ValueTooLong { sequence, pair, bytes, limit },
        Rejection::ValueLength { sequence, pair, bytes, limit },
    ];
    for (values, refusal) in values.into_iter().zip(refusals) {
        let mut machine = open(limits(), RoundSpec { values, ..spec(1) });
        assert_eq!(machine.append(1, "w", 1, 0, &[("k", &"v".repeat(101))]), Err(refusal));
        assert!(machine.append(1, "w", 1, 0, &[("k", &"v".repeat(100))]).is_ok());
    }
}

#[test]
fn a_chunk_may_have_as_many_bytes_as_the_limit() {
    let Command::AppendChunk { pairs, .. } = append(1, "w", 1, 0, &[("key", "value")]) else { panic!() };
    let bytes = pairs.len() as u64;
    for (limit, allowed) in [(bytes, true), (bytes - 1, false)] {
        let mut machine = open(Limits { max_chunk_bytes: limit as u32, ..limits() }, spec(1));
        let refused = Err(Rejection::ChunkTooLarge { sequence: 0, bytes, limit });
        let expected = if allowed { Ok(Reply::Chunk { next_sequence: 1 }) } else { refused };
        assert_eq!(machine.append(1, "w", 1, 0, &[("key", "value")]), expected);
    }
}

#[test]
fn a_round_may_have_as_many_pairs_as_its_maximum() {
    let mut machine = open(Limits { max_pairs: 3, ..limits() }, spec(2));
    assert!(machine.publish(1, "a", 1, &[("a", ""), ("b", ""), ("c", "")]).is_ok());
    let refused = Err(Rejection::TooManyPairs { id: round_id(1), limit: 3 });
    assert_eq!(machine.append(1, "b", 1, 0, &[("d", "")]), refused);
}

#[test]
fn a_round_may_hold_as_many_bytes_as_the_limit() {
    let value = "v".repeat(100);
    let spec = RoundSpec { values: ValueLayout::Fixed { bytes: 100 }, ..spec(2) };
    let encoded = PublishChunk {
        sequence: 0,
        pairs: vec![Pair { key: Bytes::from_static(b"a"), value: value.clone().into_bytes().into() }],
    };
    // The pair and the chunk themselves are charged, too.
    let bytes = 2 * (encoded.encoded_len() as u64 + 64 + 256);
    for (limit, allowed) in [(bytes, true), (bytes - 1, false)] {
        let mut machine = open(Limits { max_bytes_per_round: limit, ..limits() }, spec.clone());
        assert!(machine.publish(1, "a", 1, &[("a", &value)]).is_ok());
        let refused = Err(Rejection::RoundTooLarge { id: round_id(1), bytes, limit });
        let expected = if allowed { Ok(Reply::Chunk { next_sequence: 1 }) } else { refused };
        assert_eq!(machine.append(1, "b", 1, 0, &[("b", &value)]), expected);
    }
}

#[test]
fn no_more_workers_may_begin_than_the_limit() {
    let mut machine = open(Limits { max_workers: 3, ..limits() }, spec(2));
    for name in ["a", "b", "c"] {
        assert!(machine.append(1, name, 1, 0, &[(name, "")]).is_ok());
    }
    let refused = Err(Rejection::WorkerNotExpected { worker: worker("d"), id: round_id(1) });
    assert_eq!(machine.append(1, "d", 1, 0, &[("d", "")]), refused);
}

#[test]
fn there_may_be_as_many_rounds_as_the_limits_and_each_limit_has_its_error() {
    let mut machine = Machine::cluster_with(Limits { max_open_rounds: 2, max_rounds: 3, ..limits() });
    machine.make_ready(1, spec(1));
    machine.start(2, spec(1)).unwrap();
    machine.start(3, spec(1)).unwrap();
    assert_eq!(machine.start(4, spec(1)), Err(Rejection::TooManyRounds { limit: 3 }));
    machine.apply(Command::DeleteRound { uid: uid(1) }).unwrap();
    assert_eq!(machine.start(4, spec(1)), Err(Rejection::TooManyOpenRounds { limit: 2 }));
    machine.apply(Command::DeleteRound { uid: uid(2) }).unwrap();
    assert!(machine.start(4, spec(1)).is_ok());
}

//! Commands of a small round.

use bytes::Bytes;
use prost::Message as _;
use silhouette_proto::{
    content_digest, pair_digest,
    v1::{Pair, PublishChunk},
};

use crate::{
    ids::{Digest, InstanceId, MemberId, RoundUid, UploadId},
    state::{Command, Expected, Limits, MemberRecord, MemberState, RoundSpec},
};

pub(crate) fn record(id: u64) -> MemberRecord {
    MemberRecord {
        id: MemberId(id),
        instance: InstanceId([id as u8; 16]),
        name: format!("node-{id}"),
        client_address: format!("127.0.0.1:{id}1"),
        peer_address: format!("127.0.0.1:{id}2"),
        http_address: format!("127.0.0.1:{id}3"),
        encoding_version: 1,
        memory_budget_bytes: 8 << 30,
        replaces: None,
        state: MemberState::Joining,
    }
}

pub(crate) fn uid(round: u8) -> RoundUid {
    RoundUid([round; 16])
}

pub(crate) fn start(round: u8) -> Command {
    let spec = RoundSpec::new(Expected::Count(2), &Limits::default());
    Command::StartRound { uid: uid(round), id: format!("round-{round}").parse().unwrap(), spec }
}

/// As [`start`], with a deadline that passes at once.
pub(super) fn start_late(round: u8) -> Command {
    match start(round) {
        Command::StartRound { uid, id, spec } => {
            Command::StartRound { uid, id, spec: RoundSpec { deadline_ms: Some(0), ..spec } }
        }
        other => other,
    }
}

/// The first chunk of an upload: one pair whose value has `bytes` bytes.
pub(crate) fn append(round: u8, worker: &str, bytes: usize) -> Command {
    chunk(round, worker, 0, vec![Pair { key: key(worker), value: vec![b'v'; bytes].into() }])
}

/// A chunk of an upload: that of this number, with about this many bytes of pairs.
pub(super) fn append_much(round: u8, worker: &str, sequence: u64, bytes: usize) -> Command {
    const VALUE_BYTES: usize = 50;
    let pair = |number| Pair {
        key: format!("{worker} {sequence} {number}").into_bytes().into(),
        value: vec![b'v'; VALUE_BYTES].into(),
    };
    chunk(round, worker, sequence, (0..bytes / VALUE_BYTES).map(pair).collect())
}

fn chunk(round: u8, worker: &str, sequence: u64, pairs: Vec<Pair>) -> Command {
    Command::AppendChunk {
        uid: uid(round),
        worker: worker.parse().unwrap(),
        upload: UploadId([1; 16]),
        sequence,
        pairs: PublishChunk { sequence, pairs }.encode_to_vec().into(),
    }
}

/// Publishes what [`append`] staged.
pub(crate) fn commit(round: u8, worker: &str, bytes: usize) -> Command {
    let mut digests = [pair_digest(&key(worker), &vec![b'v'; bytes])];
    Command::CommitPublication {
        uid: uid(round),
        worker: worker.parse().unwrap(),
        upload: UploadId([1; 16]),
        chunks: 1,
        pairs: 1,
        digest: Digest(content_digest(&mut digests)),
    }
}

fn key(worker: &str) -> Bytes {
    format!("key of {worker}").into_bytes().into()
}
